"""A results folder: what is written there for people and for tools."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from latent_rationale.common.utils.files import read_lines, write_atomically, write_json

METRICS, RESULTS, EVENTS = "metrics.jsonl", "results.json", "events.out.tfevents.*"


class Run:
    """Writes points to ``metrics.jsonl`` and tensorboard, and at the end ``results.json``.

    Args:
        folder: the results folder, which exists.
        start: the iteration after which the run goes on; later points of an interrupted run are dropped.
    """

    def __init__(self, folder: Path, start: int = 0):
        self.folder = folder
        self._metrics = folder / METRICS
        _drop_after(self._metrics, start)
        self._board = SummaryWriter(str(folder), purge_step=start + 1 if start else None)

    def log(self, split: str, iteration: int, values: Mapping[str, float]) -> None:
        """Add a point: one line in the file, one scalar each in tensorboard."""
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"split": split, "iteration": iteration, **values}) + "\n")
        for name, value in values.items():
            self._board.add_scalar(f"{split}/{name}", value, iteration)

    def histogram(self, name: str, values: Tensor, iteration: int) -> None:
        """Add a histogram to tensorboard."""
        self._board.add_histogram(name, values, iteration)

    def text(self, name: str, text: str, iteration: int) -> None:
        """Add a text in Markdown to tensorboard."""
        self._board.add_text(name, text, iteration)

    def finish(self, best_iteration: int, results: Mapping[str, Mapping[str, float]]) -> None:
        """Write ``results.json``: the measures of each split, and after which step the best model came (0: never)."""
        flat = {f"{split}_{name}": value for split, measures in results.items() for name, value in measures.items()}
        write_json(self.folder / RESULTS, {"best_iter": best_iteration, **flat})
        self._board.flush()

    def close(self) -> None:
        """Let go of the files."""
        self._board.close()


def headline(measures: Mapping[str, float], names: Sequence[str]) -> str:
    """Those of the measures that a user sees first, on one line."""
    return "  ".join(f"{name} {measures[name]:.4f}" for name in names if name in measures)


def _drop_after(path: Path, iteration: int) -> None:
    if not path.exists():
        return
    kept = [line for _, line in read_lines(path) if _iteration_of(line) <= iteration]
    write_atomically(path, "".join(line + "\n" for line in kept))


def _iteration_of(line: str) -> float:
    """A line's iteration; a line that a kill cut short belongs after everything that counts."""
    try:
        return float(json.loads(line)["iteration"])
    except json.JSONDecodeError:
        return float("inf")
