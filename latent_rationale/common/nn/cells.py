"""Recurrent cells, one step at a time: for a selector whose choices depend on earlier ones, and for the RCNN."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.nn.initialization import glorot_

State = tuple[Tensor, ...]
"""What a cell remembers, ``[B, H]`` each. The first is what it shows to others."""


class Cell(nn.Module, ABC):
    """One step of a recurrent network, split into the part that needs the past and the part that does not.

    Args:
        input_size: D.
        hidden_size: H.
        gates: how many layers of H units read the input.
        recurrent_gates: how many of them read the previous state as well.
    """

    name: ClassVar[str]
    """What its compiled operators are called after."""

    def __init__(self, input_size: int, hidden_size: int, gates: int, recurrent_gates: int):
        super().__init__()
        self.hidden_size = hidden_size
        self.input_weight = nn.Parameter(torch.empty(gates * hidden_size, input_size))
        self.recurrent_weight = nn.Parameter(torch.empty(recurrent_gates * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(gates * hidden_size))
        glorot_(self.input_weight, gates)
        glorot_(self.recurrent_weight, recurrent_gates)

    def project(self, inputs: Tensor) -> Tensor:
        """The part of every step that depends on the inputs alone, ``[*, D]`` to ``[*, gates * H]``."""
        return functional.linear(inputs, self.input_weight)

    @abstractmethod
    def start(self, projected: Tensor) -> State:
        """The state before the first word, zero, for a batch of ``projected [B, gates * H]``."""

    @abstractmethod
    def step(self, projected: Tensor, state: State) -> State:
        """The next state, from ``projected [B, gates * H]`` and the last one."""


class LSTMGates(NamedTuple):
    """Gates of an LSTM ``[B, H]`` each, in torch's order."""

    input: Tensor
    forget: Tensor
    cell: Tensor
    output: Tensor


class LSTMCell(Cell):
    """A long short-term memory (Hochreiter & Schmidhuber, 1997), without peepholes; the state is (h, c)."""

    name = "lstm"

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, gates=4, recurrent_gates=4)

    @classmethod
    def of(cls, lstm: nn.LSTM) -> "LSTMCell":
        """A cell with the weights of an LSTM of one layer and one direction, copied."""
        inputs, recurrent, input_bias, recurrent_bias = lstm.all_weights[0]
        cell = cls(lstm.input_size, lstm.hidden_size).to(inputs)
        with torch.no_grad():
            cell.input_weight.copy_(inputs)
            cell.recurrent_weight.copy_(recurrent)
            cell.bias.copy_(input_bias + recurrent_bias)
        return cell

    def start(self, projected: Tensor) -> State:
        """Zeros."""
        zeros = projected.new_zeros(len(projected), self.hidden_size)
        return zeros, zeros

    def step(self, projected: Tensor, state: State) -> State:
        """One word further."""
        hidden, memory = state
        gates = self.gates(projected, hidden)
        memory = gates.forget.sigmoid() * memory + gates.input.sigmoid() * gates.cell.tanh()
        return gates.output.sigmoid() * memory.tanh(), memory

    def gates(self, projected: Tensor, hidden: Tensor) -> LSTMGates:
        """Compute the gates before their nonlinear functions, from ``projected [B, 4H]`` and ``hidden [B, H]``."""
        gates = projected + functional.linear(hidden, self.recurrent_weight, self.bias)
        return LSTMGates(*gates.chunk(4, dim=-1))


class RCNNCell(Cell):
    """The recurrent convolution over non-consecutive bigrams of Lei et al. (paper, B.1.1); the state is (h, c1, c2)."""

    name = "rcnn"

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, gates=3, recurrent_gates=1)
        self.bias = nn.Parameter(torch.zeros(2 * hidden_size))  # of the decay and of the output

    def start(self, projected: Tensor) -> State:
        """Zeros."""
        zeros = projected.new_zeros(len(projected), self.hidden_size)
        return zeros, zeros, zeros

    def step(self, projected: Tensor, state: State) -> State:
        """One word further."""
        hidden, unigrams, bigrams = state
        decay_input, first, second = projected.chunk(3, dim=-1)
        decay_bias, output_bias = self.bias.chunk(2)
        decay = torch.sigmoid(decay_input + functional.linear(hidden, self.recurrent_weight, decay_bias))
        bigrams = torch.lerp(unigrams + second, bigrams, decay)
        unigrams = torch.lerp(first, unigrams, decay)
        return torch.tanh(bigrams + output_bias), unigrams, bigrams


MakeCell = Callable[[int, int], Cell]
"""From the input size and the hidden size to a cell."""

CELLS: dict[str, MakeCell] = {"lstm": LSTMCell, "rcnn": RCNNCell}
