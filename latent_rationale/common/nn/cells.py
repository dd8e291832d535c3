"""Recurrent cells, one step at a time: for a selector whose choices depend on earlier ones, and for the RCNN."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.nn.initialization import glorot_


class Activation(Protocol):
    """Operations that ``Cell.step`` may use, beside ``linear`` below.

    A tensor has them, and so does the ``SplitActivation`` of ``explain.decomposition``, which contextual decomposition
    passes through a cell to split what the cell computes. Both operands of an operator may be activations; one of them
    may be a parameter or a number instead. In explanations any other operation is refused by its name.
    """

    def __neg__(self) -> Self: ...
    def __add__(self, other: Any, /) -> Self: ...
    def __radd__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Self: ...
    def __rsub__(self, other: Any, /) -> Self: ...
    def __mul__(self, other: Any, /) -> Self: ...
    def __rmul__(self, other: Any, /) -> Self: ...
    def sigmoid(self) -> Self: ...  # noqa: D102  # as in torch, like the rest
    def tanh(self) -> Self: ...  # noqa: D102
    def lerp(self, end: Any, weight: Any) -> Self: ...  # noqa: D102
    def chunk(self, chunks: int, dim: int) -> tuple[Self, ...]: ...  # noqa: D102


A = TypeVar("A", bound=Activation)


def linear(inputs: A, weight: Tensor, bias: Tensor | None = None) -> A:
    """Linear layer on an activation ``[*, D]`` with a weight ``[H, D]`` and a bias ``[H]``."""
    outputs: A = functional.linear(inputs, weight, bias)  # type: ignore[arg-type, assignment]  # by __torch_function__
    return outputs


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
    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """Compute the next state from ``projected [B, gates * H]`` and the last state.

        Training passes tensors. Contextual decomposition passes activations that are split in two, so a step keeps to
        ``linear`` and the operations of ``Activation``.
        """


class LSTMCell(Cell):
    """A long short-term memory (Hochreiter & Schmidhuber, 1997), without peepholes; the state is (h, c)."""

    name = "lstm"

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, gates=4, recurrent_gates=4)

    @classmethod
    def of(cls, lstm: nn.LSTM) -> "LSTMCell":
        """A cell with the weights of an LSTM of one layer and one direction, copied."""
        inputs, recurrent, input_bias, recurrent_bias = lstm.all_weights[0]
        with torch.device("meta"):  # without initial weights, which would move the global generator
            cell = cls(lstm.input_size, lstm.hidden_size)
        cell = cell.to_empty(device=inputs.device).to(inputs.dtype)
        with torch.no_grad():
            cell.input_weight.copy_(inputs)
            cell.recurrent_weight.copy_(recurrent)
            cell.bias.copy_(input_bias + recurrent_bias)
        return cell

    def start(self, projected: Tensor) -> State:
        """Zeros."""
        zeros = projected.new_zeros(len(projected), self.hidden_size)
        return zeros, zeros

    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """One word further."""
        hidden, memory = state
        gates = projected + linear(hidden, self.recurrent_weight, self.bias)
        write, keep, update, show = gates.chunk(4, dim=-1)  # torch's order
        memory = keep.sigmoid() * memory + write.sigmoid() * update.tanh()
        return show.sigmoid() * memory.tanh(), memory


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

    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """One word further."""
        hidden, unigrams, bigrams = state
        decay_input, first, second = projected.chunk(3, dim=-1)
        decay_bias, output_bias = self.bias.chunk(2)
        decay = (decay_input + linear(hidden, self.recurrent_weight, decay_bias)).sigmoid()
        bigrams = (unigrams + second).lerp(bigrams, decay)
        unigrams = first.lerp(unigrams, decay)
        return (bigrams + output_bias).tanh(), unigrams, bigrams


MakeCell = Callable[[int, int], Cell]
"""From the input size and the hidden size to a cell."""

CELLS: dict[str, MakeCell] = {"lstm": LSTMCell, "rcnn": RCNNCell}
