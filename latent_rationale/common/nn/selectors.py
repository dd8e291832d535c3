"""Selectors p(z|x) of the words that the classifier may read."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.distributions import Selection, uniform_noise
from latent_rationale.common.nn.cells import MakeCell
from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.structures import Rationale, Tokens


class Gate(nn.Module):
    """Linear layers from a word's state to the distribution of its choice, one layer per parameter.

    ``from_raw`` of the distribution maps the outputs of the layers to valid parameters.

    Args:
        input_size: size of a state, D.
        family: distribution of a choice.
    """

    def __init__(self, input_size: int, family: type[Selection]):
        super().__init__()
        self.family = family
        self.layer = linear(input_size, family.parameter_count, parts=family.parameter_count)

    def forward(self, states: Tensor) -> Selection:
        """Return the distribution, with batch shape ``[*]``, for states ``[*, D]``."""
        # In the type of the weights also under autocast: in bfloat16, tails of distributions would be lost.
        return self.family.from_raw(self.layer(states).to(self.layer.weight.dtype))


class Selector(nn.Module, ABC):
    """Network that chooses words: by sampling in training mode, else by ``Selection.decide``.

    Args:
        encoder: encoder of the text.
        dropout: dropout rate of the embeddings, drawn independently of the classifier's dropout.
    """

    def __init__(self, encoder: Encoder, dropout: float):
        super().__init__()
        self.encoder = encoder
        self.dropout = Dropout(dropout)

    def forward(self, embedded: Tensor, tokens: Tokens) -> Rationale:
        """Choose a rationale over ``[B, T]``.

        Args:
            embedded: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
        """
        z, dist = self.choose(self.encoder.states(self.dropout(embedded), tokens))
        return Rationale(torch.where(tokens.mask, z, 0.0), tokens.mask, dist)

    @abstractmethod
    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """Return choices ``[B, T]`` and their distribution for states ``[B, T, O]``; padding may get any choice."""


class IndependentSelector(Selector):
    """Selector whose choices are independent of one another, given the text (paper, section 5).

    Args:
        encoder: encoder of the text.
        family: distribution of a choice.
        dropout: dropout rate of the embeddings.
    """

    def __init__(self, encoder: Encoder, family: type[Selection], dropout: float):
        super().__init__(encoder, dropout)
        self.gate = Gate(encoder.output_size, family)

    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """Choose all words at once."""
        dist = self.gate(states)
        if not self.training:
            return dist.decide(), dist
        return dist.icdf(uniform_noise(dist.batch_shape, self.gate.layer.weight)), dist


class DependentSelector(Selector):
    """Selector whose choices depend on the choices before them (paper, equation 16 and appendix B.1.2).

    The gate reads [h_t; s_(t-1)], the cell [h_t; z_t]. The products with h_t do not depend on earlier choices and are
    computed for all words at once. The parameters of all steps are stacked over time into one distribution.

    Args:
        encoder: encoder of the text.
        family: distribution of a choice.
        dropout: dropout rate of the embeddings.
        cell: function that makes the cell, which remembers the choices.
        size: number of units of the cell.
    """

    def __init__(self, encoder: Encoder, family: type[Selection], dropout: float, cell: MakeCell, size: int):
        super().__init__(encoder, dropout)
        self.gate = Gate(encoder.output_size + size, family)
        self.cell = cell(encoder.output_size + 1, size)

    def choose(self, states: Tensor) -> tuple[Tensor, Selection]:
        """Choose one word after the other, from left to right."""
        width, family = states.shape[-1], self.gate.family
        # The columns of both weights that multiply h_t, the cell's rows above the gate's: one product serves both.
        # N = gates * H rows of the cell and P rows of the gate, so that ``words`` is [B, T, N + P].
        weight = torch.cat([self.cell.input_weight[:, :width], self.gate.layer.weight[:, :width]])
        words = functional.linear(states, weight).to(weight.dtype)  # under autocast too: states add up over all words
        noise = uniform_noise(words.shape[:2], words) if self.training else None
        z, raw = self._sample(words, noise)
        return z, family.from_raw(raw)

    def _sample(self, words: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """Sample or decide the choices one after the other.

        Args:
            words: products of the cell's input weight and, after it, the gate's weight with the states,
                ``[B, T, N + P]``.
            noise: uniform noise ``[B, T]``; None to decide.

        Returns:
            Choices ``[B, T]``, and the raw parameters ``[B, T, P]`` behind them.
        """
        cell, gate, family = self.cell, self.gate.layer, self.gate.family
        read, known = torch.split(words, [len(cell.input_weight), family.parameter_count], dim=-1)
        # The gate's last columns multiply s_(t-1), the cell's last column multiplies z_t.
        from_past, from_choice = gate.weight[:, -cell.hidden_size :], cell.input_weight[:, -1]
        state = cell.start(read[:, 0])
        raws, choices = [], []
        # One backward step puts the gradients of all words together; of slices each would fill a tensor with zeros.
        by_word = zip(read.unbind(1), known.unbind(1), strict=True)
        for step, (read_now, known_now) in enumerate(by_word):
            raw = known_now + functional.linear(state[0], from_past, gate.bias)
            dist = family.from_raw(raw)
            z = dist.decide() if noise is None else dist.icdf(noise[:, step])
            # read_t + z_t * w_z completes the projection of [h_t; z_t], [B, N].
            state = cell.step(torch.addcmul(read_now, z.unsqueeze(1), from_choice), state)
            raws.append(raw)
            choices.append(z)
        return torch.stack(choices, dim=1), torch.stack(raws, dim=1)
