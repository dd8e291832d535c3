"""Reading of input texts, and output of predictions: in the terminal, in files and as pictures."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.predictions.prediction import MARK_STYLE, Prediction, Spans
from latent_rationale.common.utils.console import IN_COLOUR, LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_lines


@dataclass(frozen=True)
class LabelledPrediction:
    """Prediction together with the gold label of its example.

    Attributes:
        source: name of the data set or file that the example comes from.
        prediction: prediction of the model.
        gold: annotations of the example: ``gold``, ``gold_name`` and ``gold_spans``, as far as it has them.
    """

    source: str
    prediction: Prediction
    gold: dict[str, Any]

    @property
    def headline(self) -> str:
        """Predicted class or scores, followed by the gold ones if there are any."""
        gold_name = self.gold.get("gold_name")
        return self.prediction.summary + (f", gold {gold_name}" if gold_name else "")

    @property
    def gold_spans(self) -> Spans:
        """Spans that annotators marked; empty for an example without annotations."""
        return self.gold.get("gold_spans") or ()


def read_texts(path: Path, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Read the examples of a file: one per line, with tabs between the texts of an example.

    Args:
        path: the file, plain or .gz.
        names: names of the texts of an example, such as premise and hypothesis.

    Returns:
        the texts of each example.

    Raises:
        InputError: if the file is missing or has no texts, or, with the line, if an example has an empty text or the
            wrong number of texts.
    """
    # Blank lines at the end are ignored. Within the file they are errors, since predictions are matched by line.
    lines = list(read_lines(path))
    while lines and not lines[-1][1].strip():
        lines.pop()
    if not lines:
        raise InputError("holds no texts", path)
    return [_texts_of(line, names, path, number) for number, line in lines]


def _texts_of(line: str, names: Sequence[str], path: Path, number: int) -> tuple[str, ...]:
    """Return the texts of one line."""
    # A tab within the only text of an example is white space like any other.
    texts = line.split("\t") if len(names) > 1 else [line]
    if len(texts) != len(names):
        raise InputError(f"expected {' and '.join(names)} with a tab between them", path, number)
    if not all(map(str.strip, texts)):
        raise InputError("empty text", path, number)
    return tuple(texts)


def show(predictions: Sequence[LabelledPrediction]) -> None:
    """Print predictions with their texts: coloured in a terminal, with the marks of :func:`mark` otherwise."""
    in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for item in predictions:
        LOGGER.info("%s", item.headline)
        if in_colour:
            LOGGER.info("  %s", item.prediction.highlighted(item.gold_spans), extra=IN_COLOUR)
        else:
            LOGGER.info("  %s", item.prediction.marked(item.gold_spans))


PAGE_LENGTH = 200
"""Maximum number of predictions on an HTML page."""

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
article { margin: 1.5rem 0 } h2 { font-size: 1rem; margin: 0 } p { margin: .2rem 0 }
"""


def page(predictions: Sequence[LabelledPrediction], total: int | None = None) -> str:
    """Return a self-contained HTML page: selected words on yellow, words that annotators marked underlined.

    Args:
        predictions: predictions, of which the first are on the page.
        total: number of all predictions, if ``predictions`` are only the first of them.
    """
    articles = "".join(
        f"<article><h2>{escape(item.headline)}</h2><div>{item.prediction.to_html(item.gold_spans)}</div></article>\n"
        for item in predictions[:PAGE_LENGTH]
    )
    underlined = ", <u>marked by people</u>" if any(item.gold_spans for item in predictions) else ""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Rationales</title>'
        f'<style>{_STYLE}{MARK_STYLE}</style>\n<body class="rationale">'
        f'<h1>Rationales</h1><p><mark style="--z:1">selected by the model</mark>{underlined}; '
        f"{min(len(predictions), PAGE_LENGTH)} of {total or len(predictions)} predictions</p>\n{articles}</html>\n"
    )


def plot(predictions: Sequence[LabelledPrediction], folder: Path) -> list[Path]:
    """Plot each prediction to ``<source>_<number>.png`` in a folder, which is created if necessary.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{Path(item.source).stem}_{number}.png" for number, item in enumerate(predictions, start=1)]
    for item, path in zip(predictions, files, strict=True):
        item.prediction.plot(path)
    LOGGER.info("%d pictures are in %s", len(predictions), folder)
    return files
