"""p(z|x): which words the classifier may read."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.cells import MakeCell
from latent_rationale.common.distributions import Selection
from latent_rationale.common.dropout import Dropout
from latent_rationale.common.encoders import Encoder
from latent_rationale.common.gates import Gate
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

    def draw(self, dist: Selection) -> Tensor:
        """A sample, with gradients where the distribution has them; at prediction time a decision."""
        if not self.training:
            return dist.decide()
        return dist.rsample() if dist.has_rsample else dist.sample()


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
        return self.draw(dist), dist


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
        width = states.shape[-1]
        gate_weight, cell_weight = self.gate.layer.weight, self.cell.input_weight
        weight = torch.cat([gate_weight[:, :width], cell_weight[:, :width]])
        parts = torch.split(functional.linear(states, weight), [len(gate_weight), len(cell_weight)], dim=-1)
        known, read = (part.unbind(1) for part in parts)
        from_past, from_choice = gate_weight[:, width:], cell_weight[:, width]
        state = self.cell.start(read[0])
        raws, choices = [], []
        for known_now, read_now in zip(known, read, strict=True):
            raw = known_now + functional.linear(state[0], from_past, self.gate.layer.bias)
            z = self.draw(self.gate.family.from_raw(raw))
            state = self.cell.step(torch.addcmul(read_now, z.unsqueeze(1), from_choice), state)
            raws.append(raw)
            choices.append(z)
        return torch.stack(choices, dim=1), self.gate.family.from_raw(torch.stack(raws, dim=1))
