"""Output of a training run: logged metrics, tensorboard events and final results."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from torch import Tensor

from latent_rationale.common.training.event_file import EventFile
from latent_rationale.common.utils.files import read_lines
from latent_rationale.common.utils.writing import write_atomically, write_json

METRICS, RESULTS = "metrics.jsonl", "results.json"


class Run:
    """Writer for the metrics of a run: ``metrics.jsonl``, tensorboard events and ``results.json``.

    Args:
        folder: existing results folder.
        start: iteration from which the run is resumed; points that an interrupted run logged after it are removed.
    """

    def __init__(self, folder: Path, start: int = 0):
        self.folder = folder
        self._metrics = folder / METRICS
        # A resumed run logs the iterations after the last saved state again.
        _drop_after(self._metrics, start)
        self._events = EventFile(folder, start)

    def log(self, split: str, iteration: int, values: Mapping[str, float]) -> None:
        """Append metrics of a split: one line in ``metrics.jsonl`` and one tensorboard scalar per metric."""
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"split": split, "iteration": iteration, **values}) + "\n")
        for name, value in values.items():
            self._events.scalar(f"{split}/{name}", value, iteration)

    def histogram(self, name: str, values: Tensor, iteration: int) -> None:
        """Add a histogram of values to tensorboard."""
        self._events.histogram(name, values, iteration)

    def text(self, name: str, text: str, iteration: int) -> None:
        """Add text in Markdown format to tensorboard."""
        self._events.text(name, text, iteration)

    def finish(
        self, best_iteration: int, facts: Mapping[str, float], results: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Write the final metrics to ``results.json``.

        Args:
            best_iteration: iteration at which the best model was found, or 0 if there is none.
            facts: further numbers about the run as a whole.
            results: metrics of each split.
        """
        flat = {f"{split}_{name}": value for split, measures in results.items() for name, value in measures.items()}
        write_json(self.folder / RESULTS, {"best_iter": best_iteration, **facts, **flat})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._events.close()


def headline(measures: Mapping[str, float], names: Sequence[str]) -> str:
    """Return the named metrics on one line, for the console.

    Args:
        measures: all metrics.
        names: metrics to show, in this order; names that are not in ``measures`` are skipped.
    """
    return "  ".join(f"{name} {measures[name]:.4f}" for name in names if name in measures)


def _drop_after(path: Path, iteration: int) -> None:
    """Remove the lines of a metrics file that were logged after an iteration."""
    if not path.exists():
        return
    kept = [line for _, line in read_lines(path) if _iteration_of(line) <= iteration]
    write_atomically(path, "".join(line + "\n" for line in kept))


def _iteration_of(line: str) -> float:
    """Return the iteration of a line of a metrics file; infinity for a line that is no record, as a kill may leave."""
    try:
        return float(json.loads(line)["iteration"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return float("inf")
