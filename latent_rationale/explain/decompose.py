"""How the models of this package split their activations. A new encoder is one line in ``CELLS``."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from latent_rationale.common.cells import Cell, LSTMCell
from latent_rationale.common.classifier import Classifier
from latent_rationale.common.encoders import LSTM, RCNN, Encoder
from latent_rationale.common.errors import InputError
from latent_rationale.common.rationale_model import RationaleModel
from latent_rationale.common.text_model import TextModel
from latent_rationale.explain.cd import LSTMClassifier
from latent_rationale.explain.parts import Parts
from latent_rationale.explain.scd import Decomposable


def _lstm_cells(encoder: LSTM) -> tuple[LSTMCell, LSTMCell]:
    return LSTMCell.of(encoder.forwards), LSTMCell.of(encoder.backwards)


CELLS: dict[type[Encoder], Callable[[Any], tuple[Cell, Cell]]] = {
    LSTM: _lstm_cells,
    RCNN: lambda encoder: (encoder.forwards, encoder.backwards),
}
"""The cells of a recurrent encoder, forwards and backwards."""


def decomposable(model: TextModel) -> Decomposable:
    """The model as ``SCD`` asks for it.

    Raises:
        InputError: if it is no classifier of the full text, or its encoder has no rule.
    """
    classifier = _full_text(model)
    kind = type(classifier.encoder)
    if kind not in CELLS:
        names = ", ".join(known.__name__ for known in CELLS)
        raise InputError(f"no rule tells how a {kind.__name__} splits its activations; there are some for {names}")
    forwards, backwards = CELLS[kind](classifier.encoder)

    def decompose(embedded: Parts) -> Parts:
        both = read(forwards, embedded), read(backwards, embedded, backwards=True)
        scores: Parts = classifier.output(Parts.cat(*both))
        return scores

    return decompose


def lstm_classifier(model: TextModel) -> LSTMClassifier:
    """The model as ``CD`` asks for it.

    Raises:
        InputError: if it is no classifier of the full text, or reads it otherwise.
    """
    classifier = _full_text(model)
    encoder = classifier.encoder
    if not isinstance(encoder, LSTM):
        raise InputError(f"--method cd is for LSTMs, and the model has a {type(encoder).__name__}; take scd")
    return LSTMClassifier(*_lstm_cells(encoder), classifier.output)


def _full_text(model: TextModel) -> Classifier:
    if not isinstance(model, RationaleModel) or model.selector is not None:
        raise InputError("contextual decomposition is for classifiers of the full text, --model baseline")
    return model.classifier


def read(cell: Cell, embedded: Parts, backwards: bool = False) -> Parts:
    """What a cell shows, ``[S, K, H]``, once it has read ``[S, K, T, D]`` from the first word to the last, or back."""
    projected: Any = cell.project(embedded)  # type: ignore[arg-type]  # a linear layer has a rule
    state: Any = tuple(_nothing(projected, part) for part in cell.start(projected.whole.new_zeros(1, 1)))
    places = range(projected.whole.shape[2])
    for place in reversed(places) if backwards else places:
        state = cell.step(projected.each(lambda x: x[:, :, place]), state)  # noqa: B023  # called at once
    shown: Parts = state[0]
    return shown


def _nothing(projected: Parts, like: Tensor) -> Parts:
    """Zeros of the size H of a state ``[1, H]``, for all phrases and contexts."""
    return projected.each(lambda x: like.expand(*x.shape[:2], -1))
