"""Predictions for people: in the terminal, in a file, as pictures."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.predictions.prediction import MARK_STYLE, Prediction, Spans
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_lines, write_atomically

PREDICTIONS, RATIONALES, PAGE = "predictions.jsonl", "rationales.txt", "rationales.html"
"""The files of predictions in a results folder."""


@dataclass(frozen=True)
class Shown:
    """A prediction with what is known of its example.

    Attributes:
        source: the data set or file it comes from.
        prediction: what the model says.
        known: what the data says, such as ``gold``, ``gold_name`` and ``gold_spans``.
    """

    source: str
    prediction: Prediction
    known: dict[str, Any]

    @property
    def headline(self) -> str:
        """What is predicted, and what would have been right."""
        gold = self.known.get("gold_name")
        return self.prediction.said + (f", gold {gold}" if gold else "")

    @property
    def gold_spans(self) -> Spans:
        """The stretches that people marked; none where nobody was asked."""
        return self.known.get("gold_spans") or ()


Tokenize = Callable[[str], Sequence[str]]
"""From a text to its words."""


def read_texts(path: Path, names: Sequence[str], tokenize: Tokenize) -> list[tuple[Sequence[str], ...]]:
    """The texts of a file as tokens: one example a line, its texts apart by tabs. Empty lines at the end do not count.

    Args:
        path: plain or .gz.
        names: what the texts of an example are called.
        tokenize: finds the words of a text.

    Raises:
        InputError: for a missing file, or one without texts; with its line, for an empty text or one too few or many.
    """
    lines = list(read_lines(path))
    while lines and not lines[-1][1].strip():
        lines.pop()
    if not lines:
        raise InputError("holds no texts", path)
    return [_words_of(line, names, tokenize, path, number) for number, line in lines]


def _words_of(
    line: str, names: Sequence[str], tokenize: Tokenize, path: Path, number: int
) -> tuple[Sequence[str], ...]:
    texts = line.split("\t") if len(names) > 1 else [line]
    if len(texts) != len(names):
        raise InputError(f"expected {' and '.join(names)} with a tab between them", path, number)
    found = tuple(map(tokenize, texts))
    if not all(found):
        raise InputError("empty text", path, number)
    return found


def write_predictions(folder: Path, shown: Sequence[Shown], zipped: bool) -> None:
    """Write one line of JSON per prediction, its text with marks, and a page that shows the first of them.

    Args:
        folder: where to write.
        shown: the predictions.
        zipped: the JSON is large, and zipped.
    """
    rows = ({"source": s.source, **s.prediction.to_json(), **s.known} for s in shown)
    path = folder / (f"{PREDICTIONS}.gz" if zipped else PREDICTIONS)
    write_atomically(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    texts = (s.prediction.marked() for s in shown)
    write_atomically(folder / RATIONALES, "".join(text + "\n" for text in texts))
    write_atomically(folder / PAGE, page(shown))
    LOGGER.info("%d predictions are in %s", len(shown), path)


def show(shown: Sequence[Shown]) -> None:
    """Print predictions with their words: in colour on a terminal, with the marks of ``mark`` elsewhere."""
    in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for item in shown:
        shows = item.prediction.highlighted if in_colour else item.prediction.marked
        LOGGER.info("%s\n  %s", item.headline, shows(item.gold_spans))


PAGE_LENGTH = 200
"""How many predictions a page shows."""

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
article { margin: 1.5rem 0 } h2 { font-size: 1rem; margin: 0 } p { margin: .2rem 0 }
"""


def page(shown: Sequence[Shown]) -> str:
    """A page of HTML that needs nothing beside it: selected words on yellow, what people marked underlined."""
    articles = "".join(
        f"<article><h2>{escape(item.headline)}</h2><div>{item.prediction.to_html(item.gold_spans)}</div></article>\n"
        for item in shown[:PAGE_LENGTH]
    )
    underlined = ", <u>marked by people</u>" if any(item.gold_spans for item in shown) else ""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Rationales</title>'
        f'<style>{_STYLE}{MARK_STYLE}</style>\n<body class="rationale">'
        f'<h1>Rationales</h1><p><mark style="--z:1">selected by the model</mark>{underlined}; '
        f"{min(len(shown), PAGE_LENGTH)} of {len(shown)} predictions</p>\n{articles}</html>\n"
    )


def plot(shown: Sequence[Shown], folder: Path) -> None:
    """Draw each prediction, as ``<source>_<number>.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(shown, start=1):
        item.prediction.plot(folder / f"{Path(item.source).stem}_{number}.png")
    LOGGER.info("%d pictures are in %s", len(shown), folder)
