"""Bag of words, an encoder without context."""

from torch import Tensor

from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.structures import Tokens


class BagOfWords(Encoder):
    """Encoder whose states are the embeddings and whose summary is their sum, divided by the length of the text.

    Args:
        input_size: size of a word vector, D, which is also the output size.
        hidden_size: ignored; all encoders take the same arguments.
        skip_unselected: ignored; a word with z = 0 adds nothing in any case.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(input_size, skip_unselected=False)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Return the embeddings ``[B, T, D]`` unchanged."""
        return inputs

    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Sum z times the embeddings and divide by the number of words, selected or not."""
        weights = tokens.mask.to(inputs.dtype) if z is None else z * tokens.mask
        # [B, 1, T] @ [B, T, D]: the weighted sum without the product [B, T, D] in memory.
        return (weights.unsqueeze(1) @ inputs).squeeze(1) / tokens.lengths.unsqueeze(1)
