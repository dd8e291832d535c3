"""What every encoder of a sentence can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.padding import selected_first, similar_counts
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

    def init_long_memory(self) -> None:
        """Start with a long memory, so that a summary holds all of a sentence; for encoders that could forget it."""

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
        # A text of which much is selected would fill the others up with padding.
        groups = similar_counts((z > 0).sum(1))
        summaries = [self._read_selected(inputs, tokens, z, rows, dropout or nn.Identity()) for rows in groups]
        return torch.cat(summaries)[torch.cat(groups).argsort()]

    def _read_selected(
        self, inputs: Tensor, tokens: Tokens, z: Tensor, rows: Tensor, dropout: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The summaries ``[N, O]`` of some ``rows [N]`` from their selected words alone."""
        positions, lengths = selected_first(z[rows])
        chosen = rows.unsqueeze(1), positions
        kept = Tokens(tokens.ids[chosen], z[chosen] > 0, lengths)
        return self.read(dropout(inputs[chosen]), kept, z[chosen]) * (lengths > 0).unsqueeze(1)
