"""Contextual decomposition as it was first (Murdoch, Liu & Yu, ICLR 2018): of LSTMs, without samples."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.nn.cells import LSTMCell, LSTMGates, State
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.decomposition.split_activation import in_both_orders
from latent_rationale.explain.explainers.contexts import positions_inside
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span


class CD(Explainer):
    """The part of s(x) that is relevant to a phrase. Output gates are not split: they show both parts alike.

    Args:
        classifier: its inside.
        margin: of scores ``[B, C]``, ``[B]``.

    Raises:
        InputError: if it is no LSTM.
    """

    def __init__(self, classifier: RecurrentClassifier, margin: Callable[[Tensor], Tensor]):
        forwards, backwards = classifier.forwards, classifier.backwards
        if not isinstance(forwards, LSTMCell) or not isinstance(backwards, LSTMCell):
            raise InputError(f"CD is for LSTMs, and the model has an {forwards.name.upper()}; SCD is for both")
        self.forwards, self.backwards = forwards, backwards
        self.classifier = classifier
        self.margin = margin

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """The margin of the relevant parts."""
        embedded, inside = self.classifier.embedding(ids), positions_inside(spans, len(ids), ids.device)
        states = (
            relevant_state(self.forwards, embedded, inside),
            relevant_state(self.backwards, embedded.flip(0), inside.flip(1)),
        )
        return self.margin(functional.linear(torch.cat(states, dim=1), self.classifier.output.weight))


def relevant_state(cell: LSTMCell, embedded: Tensor, inside: Tensor) -> Tensor:
    """What of the state ``[S, H]`` after words ``[T, D]`` is relevant to phrases, whose words are ``inside [S, T]``."""
    whole = cell.start(embedded[:1])
    relevant = cell.start(embedded.new_zeros(len(inside), 1))
    for projected, now in zip(torch.split(cell.project(embedded), 1), inside.unsqueeze(2).unbind(1), strict=True):
        before, whole = whole, cell.step(projected, whole)
        relevant = _step(cell, projected, now, relevant, before, whole)
    return relevant[0]


def _step(cell: LSTMCell, projected: Tensor, now: Tensor, relevant: State, before: State, after: State) -> State:
    """What is relevant of hidden state and memory, one word further.

    Args:
        cell: takes the step.
        projected: the word's part in the gates, ``[1, 4H]``.
        now: whether the word is in the phrase, ``[S, 1]``.
        relevant: of the state before, ``[S, H]`` each.
        before: the whole of it, ``[1, H]`` each.
        after: the whole of the state after the word.
    """
    hidden, memory = relevant
    relevant_gates = LSTMGates(*(now * projected + functional.linear(hidden, cell.recurrent_weight)).chunk(4, dim=1))
    gates = cell.gates(projected, before[0])
    biases = LSTMGates(*cell.bias.chunk(4))
    input_part, input_bias = _bent(relevant_gates.input, gates.input, biases.input, torch.sigmoid)
    forget_part, forget_bias = _bent(relevant_gates.forget, gates.forget, biases.forget, torch.sigmoid)
    cell_part, cell_bias = _bent(relevant_gates.cell, gates.cell, biases.cell, torch.tanh)
    memory = (forget_part + forget_bias) * memory
    # The product of two biases goes to the phrase as long as it lasts.
    memory = input_part * (cell_part + cell_bias) + input_bias * (cell_part + now * cell_bias) + memory
    memory_tanh = (memory.tanh() + after[1].tanh() - (after[1] - memory).tanh()) / 2
    return gates.output.sigmoid() * memory_tanh, memory


def _bent(relevant: Tensor, whole: Tensor, bias: Tensor, function: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """What a nonlinear function makes of the relevant part, and of the bias alone."""
    return in_both_orders(function, relevant, whole, bias), function(bias)
