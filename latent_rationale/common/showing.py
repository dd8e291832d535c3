"""Predictions for people: in the terminal, in a file, as pictures."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latent_rationale.common.errors import InputError
from latent_rationale.common.files import read_lines, write_atomically
from latent_rationale.common.prediction import Prediction, highlight, mark
from latent_rationale.common.run import LOGGER
from latent_rationale.common.tokenizing import tokenize


@dataclass(frozen=True)
class Shown:
    """A prediction with what is known of its example.

    Attributes:
        source: the data set or file it comes from.
        prediction: what the model says.
        known: what the data says, such as ``gold`` and ``gold_name``.
    """

    source: str
    prediction: Prediction
    known: dict[str, Any]


def read_texts(path: Path, tokenized: bool) -> list[list[str]]:
    """The texts of a file, one a line, as tokens. Empty lines at the end do not count.

    Raises:
        InputError: for a missing file, an empty text (with its line), or a file without texts.
    """
    lines = list(read_lines(path))
    while lines and not lines[-1][1].strip():
        lines.pop()
    if not lines:
        raise InputError("holds no texts", path)
    texts = [line.split() if tokenized else tokenize(line) for _, line in lines]
    for (number, _), tokens in zip(lines, texts, strict=True):
        if not tokens:
            raise InputError("empty text", path, number)
    return texts


def write_predictions(path: Path, shown: Sequence[Shown]) -> None:
    """One line of JSON per prediction."""
    rows = ({"source": s.source, **s.prediction.to_json(), **s.known} for s in shown)
    write_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def show(shown: Sequence[Shown]) -> None:
    """Print predictions with their words: in colour on a terminal, with the marks of ``mark`` elsewhere."""
    in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for item in shown:
        prediction = item.prediction
        text = (highlight if in_colour else mark)(prediction.tokens, prediction.z)
        gold = item.known.get("gold_name")
        LOGGER.info("%s\n  %s", prediction.said + (f", gold {gold}" if gold else ""), text)


def plot(shown: Sequence[Shown], folder: Path) -> None:
    """Draw a heat strip for each prediction, as ``<source>_<number>.png``."""
    # Imported here, because matplotlib takes a second to import and few predictions are drawn.
    from latent_rationale.common.plots import plot_strip

    folder.mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(shown, start=1):
        plot_strip(item.prediction, folder / f"{Path(item.source).stem}_{number}.png")
    LOGGER.info("%d heat strips are in %s", len(shown), folder)
