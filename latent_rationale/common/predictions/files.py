"""Files of predictions in a folder."""

import gzip
import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from latent_rationale.common.predictions.display import PAGE_LENGTH, LabelledPrediction, page
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.writing import replacing, write_atomically

PREDICTIONS, RATIONALES, PAGE = "predictions.jsonl", "rationales.txt", "rationales.html"
"""Names of the files with predictions in a folder."""

PLOTS = "plots"
"""Name of the folder with pictures of predictions."""


def prediction_files(folder: Path) -> list[Path]:
    """Return the files with predictions, and pictures of them, that are or may be in a folder."""
    names = (PREDICTIONS, f"{PREDICTIONS}.gz", RATIONALES, PAGE)
    return [*(folder / name for name in names), *sorted((folder / PLOTS).glob("*.png"))]


def write_predictions(folder: Path, predictions: Iterable[LabelledPrediction], zipped: bool) -> None:
    """Write predictions to a folder; see :class:`PredictionWriter`."""
    with PredictionWriter(folder, zipped) as writer:
        writer.add(predictions)


class PredictionWriter:
    """Context manager that writes predictions one by one, and keeps only those of the page in memory.

    They are written as JSON lines, as text with marked rationales, and as an HTML page with the first of them. Files of
    the same names are replaced when the block has ended without an exception.

    Args:
        folder: existing folder for the files.
        zipped: whether the JSON lines are compressed.

    Attributes:
        files: the files.
    """

    def __init__(self, folder: Path, zipped: bool):
        self.files = [folder / (f"{PREDICTIONS}.gz" if zipped else PREDICTIONS), folder / RATIONALES, folder / PAGE]
        self._zipped = zipped
        self._stack = ExitStack()
        self._first: list[LabelledPrediction] = []
        self._count = 0

    def __enter__(self) -> Self:
        rows, texts, _ = self.files
        with ExitStack() as stack:
            self._rows: Any = stack.enter_context(replacing(rows))
            if self._zipped:
                # Without a name and the time of writing, the file depends on its content only.
                self._rows = stack.enter_context(gzip.GzipFile("", "wb", 9, self._rows, mtime=0))
            self._texts = stack.enter_context(replacing(texts))
            self._stack = stack.pop_all()
        return self

    def add(self, predictions: Iterable[LabelledPrediction]) -> None:
        """Write some predictions, in the order of the examples."""
        for item in predictions:
            row = {"source": item.source, **item.prediction.to_json(), **item.gold}
            self._rows.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            self._texts.write((item.prediction.marked() + "\n").encode())
            if self._count < PAGE_LENGTH:
                self._first.append(item)
            self._count += 1

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        self._stack.__exit__(kind, *raised)  # type: ignore[arg-type]
        if kind is None:
            write_atomically(self.files[2], page(self._first, self._count))
            LOGGER.info("%d predictions are in %s", self._count, self.files[0])
