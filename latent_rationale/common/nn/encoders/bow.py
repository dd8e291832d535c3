"""A bag of words: no context at all."""

from torch import Tensor

from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.structures import Tokens


class BagOfWords(Encoder):
    """A word's state is its embedding; a sentence's summary is their sum, divided by the sentence's length.

    Args:
        input_size: D, which is also the output size.
        hidden_size: has no meaning here, and the next neither; all encoders are built alike.
        skip_unselected: a word times zero adds nothing in any case.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(input_size, skip_unselected=False)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """The embeddings themselves."""
        return inputs

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """The sum of z times the embeddings, divided by the number of words, selected or not."""
        weights = tokens.mask.to(inputs.dtype) if z is None else z * tokens.mask
        return (weights.unsqueeze(1) @ inputs).squeeze(1) / tokens.lengths.unsqueeze(1)
