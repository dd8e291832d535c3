"""Contextual decomposition (CD) as first published (Murdoch, Liu & Yu, ICLR 2018): of LSTMs, without samples."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.nn.cells import LSTMCell, LSTMGates, State
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import MurdochActivation, in_both_orders
from latent_rationale.explain.explainers.contexts import Context, positions_inside
from latent_rationale.explain.explainers.explained_model import ExplainedModel, margin
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.explainers.scd import Decomposition
from latent_rationale.explain.hierarchy.spans import Span


class CD(Explainer):
    """Contextual decomposition of an LSTM: the margin of that part of the scores that is relevant to a phrase.

    Output gates are not split, but applied to both parts. No context is used.

    Args:
        model: the explained model.
        label: index of the explained class.

    Raises:
        InputError: if the model is no LSTM.
    """

    def __init__(self, model: ExplainedModel, label: int):
        super().__init__(model, label)
        classifier = model.recurrent()
        if classifier is None:
            raise InputError("CD is for LSTMs, and the model is not recurrent")
        forwards, backwards = classifier.forwards, classifier.backwards
        if not isinstance(forwards, LSTMCell) or not isinstance(backwards, LSTMCell):
            raise InputError(f"CD is for LSTMs, and the model has an {forwards.name.upper()}; SCD is for both")
        self.forwards, self.backwards = forwards, backwards
        self.classifier = classifier

    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Apply the output layer, without its bias, to the relevant parts of both last states."""
        embedded, inside = self.classifier.embedding(ids), positions_inside(spans, len(ids), ids.device)
        states = (
            relevant_state(self.forwards, embedded, inside),
            relevant_state(self.backwards, embedded.flip(0), inside.flip(1)),
        )
        relevant = functional.linear(torch.cat(states, dim=1), self.classifier.output.weight)
        return margin(relevant, self.label)


def cd(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make CD of an LSTM; of a transformer, the decomposition in the sentence alone with biases as a third part.

    Raises:
        InputError: if the model is neither, or cannot be split.
    """
    if model.recurrent() is None:
        return Decomposition(model, label, kind=MurdochActivation)
    return CD(model, label)


def relevant_state(cell: LSTMCell, embedded: Tensor, inside: Tensor) -> Tensor:
    """Compute the part of the last hidden state that is relevant to phrases.

    Args:
        cell: the LSTM, in one direction.
        embedded: words in the order in which the cell reads them, ``[T, D]``.
        inside: mask of each phrase, ``[S, T]``.

    Returns:
        Relevant parts ``[S, H]``.
    """
    whole = cell.start(embedded[:1])
    relevant = cell.start(embedded.new_zeros(len(inside), 1))
    for projected, now in zip(torch.split(cell.project(embedded), 1), inside.unsqueeze(2).unbind(1), strict=True):
        before, whole = whole, cell.step(projected, whole)
        relevant = _step(cell, projected, now, relevant, before, whole)
    return relevant[0]


def _step(cell: LSTMCell, projected: Tensor, now: Tensor, relevant: State, before: State, after: State) -> State:
    """Compute the relevant parts of hidden state and memory after one more word.

    Args:
        cell: the LSTM, in one direction.
        projected: the word's contribution to the gates, ``[1, 4H]``.
        now: mask of the phrases that hold the word, ``[S, 1]``.
        relevant: relevant parts of the state before the word, ``[S, H]`` each.
        before: the state before the word, ``[1, H]`` each.
        after: the state after the word, ``[1, H]`` each.
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
    """Apply a nonlinear function to the relevant part of a gate, and to its bias alone."""
    return in_both_orders(function, relevant, whole, bias), function(bias)
