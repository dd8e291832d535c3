"""Inside of recurrent classifiers of the full text: scores and their decomposition, by the cells of an encoder.

Decomposition passes a ``SplitActivation`` through ``Cell.step`` in place of tensors, so that a new cell needs no rule
of its own as long as its step keeps to the operations of ``latent_rationale.common.nn.cells.Activation``. A new
recurrent encoder is one line in ``RECURRENT_CELLS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.cells import Cell, LSTMCell
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import LSTM, RCNN, Encoder
from latent_rationale.common.nn.model import TextModel
from latent_rationale.common.nn.padding import reversed_positions, take
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import SplitActivation


def _lstm_cells(encoder: LSTM) -> tuple[LSTMCell, LSTMCell]:
    return LSTMCell.of(encoder.forwards), LSTMCell.of(encoder.backwards)


RECURRENT_CELLS: dict[type[Encoder], Callable[[Any], tuple[Cell, Cell]]] = {
    LSTM: _lstm_cells,
    RCNN: lambda encoder: (encoder.forwards, encoder.backwards),
}
"""Functions from a recurrent encoder to its forward and its backward cell."""


@dataclass(frozen=True, eq=False)
class RecurrentClassifier:
    """Parts of a classifier that reads a sentence in both directions.

    Attributes:
        embedding: ids to vectors.
        forwards: cell that reads the sentence from left to right.
        backwards: cell that reads the sentence from right to left.
        output: layer from both last states to scores.
    """

    embedding: nn.Embedding
    forwards: Cell
    backwards: Cell
    output: nn.Linear

    @classmethod
    def fits(cls, model: TextModel) -> bool:
        """Tell whether ``of`` accepts a model."""
        classifier = _full_text_classifier(model)
        return classifier is not None and type(classifier.encoder) in RECURRENT_CELLS

    @classmethod
    def of(cls, model: TextModel) -> "RecurrentClassifier":
        """Take a trained model apart. The weights of an LSTM are copied.

        Raises:
            InputError: if the model is no classifier of the full text, or its encoder is not recurrent.
        """
        classifier = _full_text_classifier(model)
        if classifier is None:
            raise InputError("contextual decomposition is for classifiers of the full text, --model baseline")
        kind = type(classifier.encoder)
        if kind not in RECURRENT_CELLS:
            names = ", ".join(known.__name__ for known in RECURRENT_CELLS)
            raise InputError(f"no rule tells how a {kind.__name__} splits its activations; there are some for {names}")
        return cls(model.embedding, *RECURRENT_CELLS[kind](classifier.encoder), classifier.output)

    @torch.no_grad()
    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of sentences. What several begin or end with is read once."""
        words, places = torch.unique(tokens.ids, return_inverse=True)
        embedded = self.embedding(words)
        mirrored = take(places, reversed_positions(tokens.lengths, places.shape[1]))
        states = [
            run_prefixes(cell, cell.project(embedded), ids, tokens.lengths)[0]
            for cell, ids in ((self.forwards, places), (self.backwards, mirrored))
        ]
        scores: Tensor = self.output(torch.cat(states, dim=1))
        return scores

    @torch.no_grad()
    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Split the scores ``[S, K, C]``; see ``ExplainedModel.decompose``."""
        words, places = torch.unique(contexts, return_inverse=True)
        embedded = self.embedding(words)
        both = (
            decompose_states(self.forwards, self.forwards.project(embedded), places, inside, kind),
            decompose_states(self.backwards, self.backwards.project(embedded), places.flip(2), inside.flip(1), kind),
        )
        scores: SplitActivation = self.output(kind.cat(*both))
        return scores


def _full_text_classifier(model: TextModel) -> Classifier | None:
    """Return the classifier of a model without a selector; None for other models."""
    return model.classifier if isinstance(model, RationaleModel) and model.selector is None else None


@torch.no_grad()
def decompose_states(
    cell: Cell, projected: Tensor, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]
) -> SplitActivation:
    """Split the last hidden states ``[S, K, H]`` of a cell that reads contexts from the left, without gradients.

    Before a phrase begins, nothing is relevant to it. The words before it are read like any text, once for all contexts
    that begin with the same words.

    Args:
        cell: the cell.
        projected: N words after ``cell.project``, ``[N, gates * H]``.
        contexts: indices of these words ``[S, K, T]``, the sentence itself first.
        inside: mask of each phrase, ``[S, T]``.
        kind: how activations are split.
    """
    # In ascending order of their beginnings, the phrases that have begun are always the first rows.
    begins, order = inside.long().argmax(1).sort()
    contexts, inside = contexts[order].contiguous(), inside[order].contiguous()
    lengths = begins.repeat_interleave(contexts.shape[1])
    wholes = run_prefixes(cell, projected, contexts.flatten(0, 1), lengths)
    views = (whole.view(*contexts.shape[:2], -1) for whole in wholes)
    state = [kind(whole, torch.zeros_like(whole[:, :1])) for whole in views]
    shown = _read_on(cell, projected, contexts, inside, begins, state)
    return shown.each(lambda x: x[order.argsort()])


def _read_on(
    cell: Cell, projected: Tensor, contexts: Tensor, inside: Tensor, begins: Tensor, state: list[SplitActivation]
) -> SplitActivation:
    """Continue ``state [S, K, H]`` from the first word of each phrase; ``begins [S]`` is in ascending order."""
    kind = type(state[0])
    for place, begun in enumerate(torch.bincount(begins, minlength=contexts.shape[2]).cumsum(0).tolist()):
        words = projected[contexts[:begun, :, place]]
        gates = kind(words, words[:, :1] * inside[:begun, place, None, None])
        now = tuple(part.each(lambda x: x[:begun]) for part in state)  # noqa: B023  # called at once
        after = cell.step(gates, now)
        for old, new in zip(state, after, strict=True):
            old.whole[:begun], old.relevant[:begun] = new.whole, new.relevant
    return state[0]
