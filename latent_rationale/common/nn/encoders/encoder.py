"""Abstract encoder of a text."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.padding import selected_first, similar_counts
from latent_rationale.common.structures import Tokens


class Encoder(nn.Module, ABC):
    """Encoder of embedded words ``[B, T, D]``: one state per word for selectors, one vector per text for classifiers.

    Args:
        output_size: size of a state and of a summary, O.
        skip_unselected: if true, a summary is computed from the selected words as if the others were not there; else
            zeros are read in place of the others.
    """

    def __init__(self, output_size: int, skip_unselected: bool):
        super().__init__()
        self.output_size = output_size
        self.skip_unselected = skip_unselected

    @abstractmethod
    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Return one state per word, ``[B, T, O]``; the states at padding are undefined.

        Args:
            inputs: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
        """

    @abstractmethod
    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Return one vector per text, ``[B, O]``; a text of length 0 may get any finite vector.

        Args:
            inputs: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
            z: choices ``[B, T]``; each word is read as z times its embedding. None reads the full text.
        """

    def init_long_memory(self) -> None:
        """Initialize the encoder with a long memory, so that a summary covers the whole text.

        Encoders that cannot forget do nothing.
        """

    def summary(
        self, inputs: Tensor, tokens: Tokens, z: Tensor | None = None, dropout: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Return one vector per text, ``[B, O]``, from all words or, with ``skip_unselected``, the selected words only.

        Args:
            inputs: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
            z: choices ``[B, T]``; each word is read as z times its embedding. None reads the full text.
            dropout: dropout to apply to the inputs that are read.
        """
        if z is None or not self.skip_unselected:
            return self.encode(dropout(inputs) if dropout else inputs, tokens, z)
        # In a single group, a text with many selected words would pad all others to its own number. The concatenated
        # summaries are in the order of the groups; argsort inverts that permutation.
        groups = similar_counts((z > 0).sum(1))
        summaries = [self._read_selected(inputs, tokens, z, rows, dropout or nn.Identity()) for rows in groups]
        return torch.cat(summaries)[torch.cat(groups).argsort()]

    def _read_selected(
        self, inputs: Tensor, tokens: Tokens, z: Tensor, rows: Tensor, dropout: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return the summaries ``[N, O]`` of the texts ``rows [N]``, from their selected words only."""
        positions, lengths = selected_first(z[rows])
        # Indices [N, 1] and [N, M] broadcast to the M leading positions of each of the N texts.
        chosen = rows.unsqueeze(1), positions
        kept = Tokens(tokens.ids[chosen], z[chosen] > 0, lengths)
        # A text without selected words is encoded as any finite vector, and an empty rationale has to give zeros.
        return self.encode(dropout(inputs[chosen]), kept, z[chosen]) * (lengths > 0).unsqueeze(1)
