"""Implementations timed in turns, so that a noisy machine slows all of them."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """One implementation: its step, and the batches it takes."""

    step: Callable[[Any], object]
    batches: Iterator[Any]


def take_turns(contestants: list[Contestant], rounds: int, steps: int) -> list[float]:
    """The median seconds per step of each, batching included."""
    times: list[list[float]] = [[] for _ in contestants]
    for turn in range(rounds + 1):
        for contestant, measured in zip(contestants, times, strict=True):
            for _ in range(steps):
                start = time.perf_counter()
                contestant.step(next(contestant.batches))
                if turn > 0:  # the first turn warms up
                    measured.append(time.perf_counter() - start)
    return [statistics.median(measured) for measured in times]
