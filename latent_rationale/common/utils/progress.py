"""Progress of long loops: a bar in a terminal, otherwise periodic lines in the log."""

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm

from latent_rationale.common.utils.console import LOGGER, escaped, has_console

T = TypeVar("T")

FIRST, EVERY = 2.0, 30.0
"""Seconds before the first line of a log, and between lines. Loops that end before the first line log nothing."""


class Progress:
    """Progress display of a loop: a bar if stderr is a terminal, otherwise lines of the logger.

    Args:
        unit: singular noun for the items, such as ``step``.
        total: number of items, if known.
        done: number of items that were done before, for example by a run that is resumed.
        what: activity, such as ``reading train.txt``, of a loop that is only a part of the work of a command. Its bar
            appears after ``FIRST`` seconds and is removed at the end.
        first: seconds before the first line of a log.
    """

    def __init__(self, unit: str, total: int | None = None, done: int = 0, what: str = "", first: float = FIRST):
        self._unit, self._total, self._what = unit, total, what
        self._done = self._begun_at = done
        self._shown: dict[str, str] = {}
        self._start = monotonic()
        self._next = self._start + first
        self._bar = self._make_bar() if has_console() and sys.stderr.isatty() else None

    def _make_bar(self) -> "tqdm[object]":
        # No thread that refreshes bars: it would wait forever for a lock that Ctrl-C has left acquired.
        tqdm.monitor_interval = 0
        return tqdm(
            desc=escaped(self._what) or None,
            total=self._total,
            initial=self._done,
            unit=self._unit,
            delay=FIRST if self._what else 0,
            leave=not self._what,
            dynamic_ncols=True,
            mininterval=0.5,
            miniters=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self) -> None:
        """Count one more item as done."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif (now := monotonic()) >= self._next:
            self._next = now + EVERY
            LOGGER.info("%s", self._line(now - self._start))

    def show(self, numbers: dict[str, str]) -> None:
        """Show numbers, such as a loss, beside the progress from now on."""
        self._shown = numbers
        if self._bar is not None:
            self._bar.set_postfix(numbers, refresh=False)

    def _line(self, seconds: float) -> str:
        """Return the line of a log, such as ``step 300 of 8,550, loss 1.21, 12.3 steps/s, 11 min left``."""
        count = f"{self._done:,}" if self._total is None else f"{self._done:,} of {self._total:,}"
        if self._what:
            return f"{self._what}: {count} {self._unit}s"
        rate = (self._done - self._begun_at) / seconds
        numbers = [f"{name} {number}" for name, number in self._shown.items()]
        left = [] if self._total is None else [f"{_duration((self._total - self._done) / rate)} left"]
        return ", ".join([f"{self._unit} {count}", *numbers, f"{rate:,.1f} {self._unit}s/s", *left])


def track(items: Iterable[T], unit: str, total: int | None = None, what: str = "", first: float = FIRST) -> Iterator[T]:
    """Yield items while showing the progress; see ``Progress`` for the other arguments."""
    with Progress(unit, total, 0, what, first) as progress:
        for item in items:
            yield item
            progress.advance()


def _duration(seconds: float) -> str:
    """Format a time span in a suitable unit: ``40 s``, ``11 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
