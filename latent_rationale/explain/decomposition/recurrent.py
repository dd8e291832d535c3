"""Recurrent classifiers of the full text as explainers meet them. A new encoder is one line in ``RECURRENT_CELLS``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.cells import Cell, LSTMCell
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import LSTM, RCNN, Encoder
from latent_rationale.common.nn.padding import reversed_positions, take
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.nn.text_model import TextModel
from latent_rationale.common.ops.split import split_states
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import SplitActivation


def _lstm_cells(encoder: LSTM) -> tuple[LSTMCell, LSTMCell]:
    return LSTMCell.of(encoder.forwards), LSTMCell.of(encoder.backwards)


RECURRENT_CELLS: dict[type[Encoder], Callable[[Any], tuple[Cell, Cell]]] = {
    LSTM: _lstm_cells,
    RCNN: lambda encoder: (encoder.forwards, encoder.backwards),
}
"""The cells of a recurrent encoder, forwards and backwards."""


@dataclass(frozen=True, eq=False)
class RecurrentClassifier:
    """What is inside a classifier that reads a sentence from both sides.

    Attributes:
        embedding: ids to vectors.
        forwards: reads it from the left.
        backwards: from the right.
        output: from both last states to scores.
    """

    embedding: nn.Embedding
    forwards: Cell
    backwards: Cell
    output: nn.Linear

    @classmethod
    def fits(cls, model: TextModel) -> bool:
        """Whether a model is one."""
        classifier = _full_text_classifier(model)
        return classifier is not None and type(classifier.encoder) in RECURRENT_CELLS

    @classmethod
    def of(cls, model: TextModel) -> "RecurrentClassifier":
        """With the weights of a trained model as they are now.

        Raises:
            InputError: if it is no classifier of the full text, or its encoder is not recurrent.
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
        """Scores ``[B, C]`` of sentences, of which many begin or end alike."""
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
        """``Decompose``."""
        words, places = torch.unique(contexts, return_inverse=True)
        embedded = self.embedding(words)
        both = (
            read(self.forwards, self.forwards.project(embedded), places, inside, kind),
            read(self.backwards, self.backwards.project(embedded), places.flip(2), inside.flip(1), kind),
        )
        scores: SplitActivation = self.output(kind.cat(*both))
        return scores


def _full_text_classifier(model: TextModel) -> Classifier | None:
    """Where there is one, and nothing selects what it reads."""
    return model.classifier if isinstance(model, RationaleModel) and model.selector is None else None


@torch.no_grad()
def read(
    cell: Cell, projected: Tensor, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]
) -> SplitActivation:
    """What a cell shows, ``[S, K, H]``, once it has read contexts of phrases from the left, split, without gradients.

    Before a phrase begins nothing is relevant to it, and there is nothing to split.

    Args:
        cell: reads.
        projected: what ``cell.project`` makes of N words, ``[N, gates * H]``.
        contexts: which of them stand where, ``[S, K, T]``, the sentence itself first.
        inside: where each phrase is, ``[S, T]``.
        kind: how activations are split.
    """
    begins, order = inside.long().argmax(1).sort()
    contexts, inside = contexts[order].contiguous(), inside[order].contiguous()
    lengths = begins.repeat_interleave(contexts.shape[1])
    wholes = run_prefixes(cell, projected, contexts.flatten(0, 1), lengths)
    views = [whole.view(*contexts.shape[:2], -1) for whole in wholes]
    compiled = None
    if kind is SplitActivation:
        weights = cell.recurrent_weight, cell.bias
        compiled = split_states(cell.name, projected, contexts, begins, inside, *weights, tuple(views))
    if compiled is not None:
        shown = kind(*compiled)
    else:
        state = [kind(whole, torch.zeros_like(whole[:, :1])) for whole in views]
        shown = _read_on(cell, projected, contexts, inside, begins, state)
    return shown.each(lambda x: x[order.argsort()])


def _read_on(
    cell: Cell, projected: Tensor, contexts: Tensor, inside: Tensor, begins: Tensor, state: list[SplitActivation]
) -> SplitActivation:
    """From where the phrases begin, in ascending order."""
    kind = type(state[0])
    for place, begun in enumerate(torch.bincount(begins, minlength=contexts.shape[2]).cumsum(0).tolist()):
        words = projected[contexts[:begun, :, place]]
        gates: Any = kind(words, words[:, :1] * inside[:begun, place, None, None])
        now: Any = tuple(part.each(lambda x: x[:begun]) for part in state)  # noqa: B023  # called at once
        after: Any = cell.step(gates, now)
        for old, new in zip(state, after, strict=True):
            old.whole[:begun], old.relevant[:begun] = new.whole, new.relevant
    return state[0]
