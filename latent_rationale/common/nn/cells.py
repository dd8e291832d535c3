"""Recurrent cells, computed one step at a time: the memory of a dependent selector, and the RCNN."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.nn.initialization import glorot_


class Activation(Protocol):
    """Operations that ``Cell.step`` may use, in addition to ``linear`` below.

    Tensors have them, and so does the ``SplitActivation`` of ``explain.decomposition``, which contextual decomposition
    passes through a cell to split what the cell computes. Both operands of an operator may be activations; one of them
    may be a parameter or a number instead. Explanations refuse any other operation by its name.
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
    """Apply a linear layer to an activation.

    Args:
        inputs: activation ``[*, D]``.
        weight: weight ``[H, D]``.
        bias: bias ``[H]``, or None.

    Returns:
        An activation ``[*, H]`` of the same type.
    """
    outputs: A = functional.linear(inputs, weight, bias)  # type: ignore[arg-type, assignment]  # by __torch_function__
    return outputs


State = tuple[Tensor, ...]
"""Type of the state of a cell: tensors ``[B, H]``, the hidden state first."""


class Cell(nn.Module, ABC):
    """One step of a recurrent network, split into the part that depends on the last state and the part that does not.

    Args:
        input_size: size of an input, D.
        hidden_size: size of the hidden state, H.
        gates: number of layers of H units that read the input.
        recurrent_gates: number of these layers that read the last hidden state as well.
    """

    name: ClassVar[str]
    """Prefix of the names of the cell's compiled operators."""

    def __init__(self, input_size: int, hidden_size: int, gates: int, recurrent_gates: int):
        super().__init__()
        self.hidden_size = hidden_size
        # All layers that read the input are stacked along the rows, so that one product computes them for all words.
        self.input_weight = nn.Parameter(torch.empty(gates * hidden_size, input_size))
        self.recurrent_weight = nn.Parameter(torch.empty(recurrent_gates * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(gates * hidden_size))
        glorot_(self.input_weight, gates)
        glorot_(self.recurrent_weight, recurrent_gates)

    def project(self, inputs: Tensor) -> Tensor:
        """Compute the part of each step that depends on the input alone, ``[*, D]`` to ``[*, gates * H]``."""
        # In the type of the weights also under autocast, because states add up over all words.
        return functional.linear(inputs, self.input_weight).to(self.input_weight.dtype)

    @abstractmethod
    def start(self, projected: Tensor) -> State:
        """Return the state before the first word, all zeros, for a batch of ``projected [B, gates * H]``."""

    @abstractmethod
    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """Compute the next state from the projected input and the last state.

        Training passes tensors. Contextual decomposition passes activations that are split in two; therefore a step
        uses only ``linear`` and the operations of ``Activation``.

        Args:
            projected: output of ``project`` for one word of each sentence, ``[B, gates * H]``.
            state: the last state, ``[B, H]`` each.
        """


class LSTMGates(NamedTuple, Generic[A]):
    """Gates of an LSTM, ``[B, H]`` each, in the order of ``torch.nn.LSTM``."""

    input: A
    forget: A
    cell: A
    output: A


class LSTMCell(Cell):
    """Long short-term memory without peepholes (Hochreiter & Schmidhuber, 1997); the state is (h, c)."""

    name = "lstm"

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, gates=4, recurrent_gates=4)

    @classmethod
    def of(cls, lstm: nn.LSTM) -> "LSTMCell":
        """Return a cell with a copy of the weights of an LSTM of one layer and one direction."""
        inputs, recurrent, input_bias, recurrent_bias = lstm.all_weights[0]
        # Created on the meta device, where no initial weights are drawn, so that the global generator does not move.
        with torch.device("meta"):
            cell = cls(lstm.input_size, lstm.hidden_size)
        cell = cell.to_empty(device=inputs.device).to(inputs.dtype)
        with torch.no_grad():
            cell.input_weight.copy_(inputs)
            cell.recurrent_weight.copy_(recurrent)
            cell.bias.copy_(input_bias + recurrent_bias)
        return cell

    def start(self, projected: Tensor) -> State:
        """Return h and c before the first word, zeros ``[B, H]``."""
        zeros = projected.new_zeros(len(projected), self.hidden_size)
        return zeros, zeros

    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """Compute h and c after one more word."""
        hidden, memory = state
        gates = self.gates(projected, hidden)
        memory = gates.forget.sigmoid() * memory + gates.input.sigmoid() * gates.cell.tanh()
        return gates.output.sigmoid() * memory.tanh(), memory

    def gates(self, projected: A, hidden: A) -> LSTMGates[A]:
        """Compute the gates before their nonlinear functions, from ``projected [B, 4H]`` and ``hidden [B, H]``."""
        gates = projected + linear(hidden, self.recurrent_weight, self.bias)  # [B, 4H]
        return LSTMGates(*gates.chunk(4, dim=-1))


class RCNNCell(Cell):
    """Recurrent convolution over non-consecutive bigrams of Lei et al. (paper, B.1.1); the state is (h, c1, c2)."""

    name = "rcnn"

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size, gates=3, recurrent_gates=1)
        self.bias = nn.Parameter(torch.zeros(2 * hidden_size))  # bias of the decay, then bias of the output

    def start(self, projected: Tensor) -> State:
        """Return h, c1 and c2 before the first word, zeros ``[B, H]``."""
        zeros = projected.new_zeros(len(projected), self.hidden_size)
        return zeros, zeros, zeros

    def step(self, projected: A, state: tuple[A, ...]) -> tuple[A, ...]:
        """Compute h, c1 and c2 after one more word."""
        hidden, unigrams, bigrams = state
        decay_input, first, second = projected.chunk(3, dim=-1)
        decay_bias, output_bias = self.bias.chunk(2)
        # The decay is the only part that reads the last hidden state.
        decay = (decay_input + linear(hidden, self.recurrent_weight, decay_bias)).sigmoid()
        # a.lerp(b, decay) = (1 - decay) * a + decay * b. Bigrams come first: they need the unigrams before this word.
        bigrams = (unigrams + second).lerp(bigrams, decay)
        unigrams = first.lerp(unigrams, decay)
        return (bigrams + output_bias).tanh(), unigrams, bigrams


MakeCell = Callable[[int, int], Cell]
"""Type of functions from input size and hidden size to a cell."""

CELLS: dict[str, MakeCell] = {"lstm": LSTMCell, "rcnn": RCNNCell}
