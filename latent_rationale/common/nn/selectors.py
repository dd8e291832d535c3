"""p(z|x): which words the classifier may read."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.distributions import Selection, uniform_noise
from latent_rationale.common.nn.cells import MakeCell
from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.gates import Gate
from latent_rationale.common.structures import Rationale, Tokens


class Selector(nn.Module, ABC):
    """Reads a sentence and chooses words: by chance in training, by ``Selection.decide`` otherwise.

    Args:
        encoder: reads the sentence.
        dropout: on the embeddings; a selector draws its own.
    """

    def __init__(self, encoder: Encoder, dropout: float):
        super().__init__()
        self.encoder = encoder
        self.dropout = Dropout(dropout)

    def forward(self, embedded: Tensor, tokens: Tokens) -> Rationale:
        """Embedded words ``[B, T, D]`` to a rationale over ``[B, T]``."""
        z, dist = self.choose(self.encoder.states(self.dropout(embedded), tokens))
        return Rationale(torch.where(tokens.mask, z, 0.0), tokens.mask, dist)

    @abstractmethod
    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """States ``[B, T, O]`` to choices ``[B, T]`` and the distribution they come from."""


class IndependentSelector(Selector):
    """Each word is chosen by itself, given the sentence (paper, section 5).

    Args:
        encoder: reads the sentence.
        family: the distribution of a choice.
        dropout: on the embeddings.
    """

    def __init__(self, encoder: Encoder, family: type[Selection], dropout: float):
        super().__init__(encoder, dropout)
        self.gate = Gate(encoder.output_size, family)

    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """All words at once."""
        dist = self.gate(states)
        if not self.training:
            return dist.decide(), dist
        return dist.icdf(uniform_noise(dist.batch_shape, states)), dist


class DependentSelector(Selector):
    """Each word is chosen in view of the choices before it (paper, equation 16 and appendix B.1.2).

    The gate reads [h_t; s_(t-1)], the cell [h_t; z_t]. What does not depend on the past - the products with h_t - is
    computed for all words at once; the parameters are stacked over time into one distribution.

    Args:
        encoder: reads the sentence.
        family: the distribution of a choice.
        dropout: on the embeddings.
        cell: makes what remembers the choices.
        size: its units.
    """

    def __init__(self, encoder: Encoder, family: type[Selection], dropout: float, cell: MakeCell, size: int):
        super().__init__(encoder, dropout)
        self.gate = Gate(encoder.output_size + size, family)
        self.cell = cell(encoder.output_size + 1, size)

    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """One word after the other."""
        width, family = states.shape[-1], self.gate.family
        # The cell's weights above the gate's here and below: one product serves both.
        weight = torch.cat([self.cell.input_weight[:, :width], self.gate.layer.weight[:, :width]])
        words = functional.linear(states, weight)
        noise = uniform_noise(words.shape[:2], words) if self.training else None
        z, raw = self._sample(words, noise)
        return z, family.from_raw(raw)

    def _sample(self, words: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """Ancestral sampling, or decisions one after the other.

        Args:
            words: products of the cell's input weight and, after it, the gate's weight with the states,
                ``[B, T, N + P]``.
            noise: uniform, ``[B, T]``; None to decide.

        Returns:
            Choices ``[B, T]``, and the real numbers ``[B, T, P]`` behind them, for ``from_raw``.
        """
        cell, gate, family = self.cell, self.gate.layer, self.gate.family
        read, known = torch.split(words, [len(cell.input_weight), family.parameter_count], dim=-1)
        from_past, from_choice = gate.weight[:, -cell.hidden_size :], cell.input_weight[:, -1]
        state = cell.start(read[:, 0])
        raws, choices = [], []
        # One backward step puts the gradients of all words together; of slices each would fill a tensor with zeros.
        by_word = zip(read.unbind(1), known.unbind(1), strict=True)
        for step, (read_now, known_now) in enumerate(by_word):
            raw = known_now + functional.linear(state[0], from_past, gate.bias)
            dist = family.from_raw(raw)
            z = dist.decide() if noise is None else dist.icdf(noise[:, step])
            state = cell.step(torch.addcmul(read_now, z.unsqueeze(1), from_choice), state)
            raws.append(raw)
            choices.append(z)
        return torch.stack(choices, dim=1), torch.stack(raws, dim=1)
