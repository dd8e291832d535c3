"""What every encoder of a sentence can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from latent_rationale.common.sequences import selected_first, take
from latent_rationale.common.structures import Tokens


class Encoder(nn.Module, ABC):
    """Reads embedded words ``[B, T, D]``, for a selector word by word, for a classifier as a whole.

    Args:
        output_size: O, the size of a word's state and of a summary.
        skip_unselected: summarise the selected words alone, as if the others were not there, instead of reading zeros
            in their place.
    """

    def __init__(self, output_size: int, skip_unselected: bool):
        super().__init__()
        self.output_size = output_size
        self.skip_unselected = skip_unselected

    @abstractmethod
    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """One state per word, ``[B, T, O]``; what stands at padding means nothing."""

    @abstractmethod
    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """One vector ``[B, O]`` per sentence, of which each word is read as z ``[B, T]`` times its embedding.

        A sentence of length 0 may get any finite vector.
        """

    def summary(
        self, inputs: Tensor, tokens: Tokens, z: Tensor | None = None, dropout: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """One vector per sentence, ``[B, O]``.

        Args:
            inputs: ``[B, T, D]``.
            tokens: of which mask and lengths are used.
            z: ``[B, T]``; each word is read as z times its embedding. None reads the whole sentence.
            dropout: on those of the inputs that are read.
        """
        if z is None or not self.skip_unselected:
            return self.read(dropout(inputs) if dropout else inputs, tokens, z)
        positions, lengths = selected_first(z)
        kept_z = take(z, positions)
        kept = Tokens(take(tokens.ids, positions), kept_z > 0, lengths)
        kept_inputs = take(inputs, positions)
        return self.read(dropout(kept_inputs) if dropout else kept_inputs, kept, kept_z) * (lengths > 0).unsqueeze(1)
