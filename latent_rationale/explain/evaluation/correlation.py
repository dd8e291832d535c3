"""How well two series of numbers about words or phrases agree, with intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.float64]
"""Scores and what they are compared with, of one sentence: ``[N, 2]``."""


@dataclass(frozen=True)
class Interval:
    """A number with the interval in which it lies, by the bootstrap, in 95 % of samples like this.

    Attributes:
        value: of the sample.
        low: 2.5 % of resamples are below.
        high: 2.5 % are above.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}, {self.high:.3f})"

    def to_json(self) -> dict[str, float | None]:
        """What JSON can hold; None for what is no number."""
        return {name: None if np.isnan(number) else number for name, number in asdict(self).items()}

    @classmethod
    def from_json(cls, row: dict[str, float | None]) -> "Interval":
        """What ``to_json`` gave.

        Raises:
            AttributeError, TypeError, ValueError: for anything else.
        """
        return cls(**{name: float("nan") if number is None else float(number) for name, number in row.items()})

    @classmethod
    def of(cls, value: float, resampled: NDArray[np.float64]) -> "Interval":
        """From the number and what it was in resamples; those in which it was not defined are left out."""
        low, high = np.nanquantile(resampled, [0.025, 0.975]) if not np.isnan(resampled).all() else (np.nan, np.nan)
        return cls(value, float(low), float(high))


def correlation(sentences: Sequence[Pairs], resamples: int, seed: int) -> Interval:
    """Pearson's correlation over all sentences; whole sentences are resampled, since their phrases are not independent.

    Not a number where one of both series is constant.
    """
    sums = np.stack([_sums(pairs) for pairs in sentences])
    return Interval.of(float(_correlation(sums.sum(0))), _correlation(_resampled(sums, resamples, seed)))


def mean(values: Sequence[float], resamples: int, seed: int) -> Interval:
    """The mean of a number per sentence."""
    numbers = np.asarray(values, dtype=np.float64)
    return Interval.of(float(numbers.mean()), _resampled(numbers, resamples, seed) / len(numbers))


def extremes(sentences: Sequence[Pairs], share: float = 0.1) -> list[Pairs]:
    """Of all scores together the highest and lowest share alone (Tsang, Rambhatla & Liu, 2020, section 5)."""
    scores = np.concatenate([pairs[:, 0] for pairs in sentences])
    low, high = np.quantile(scores, [share, 1 - share]) if len(scores) else (0, 0)
    return [pairs[(pairs[:, 0] <= low) | (pairs[:, 0] >= high)] for pairs in sentences]


def _resampled(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Sums of what N sentences have, ``[N, *]``, over resamples of N sentences with replacement, ``[R, *]``."""
    generator, count = np.random.default_rng(seed), len(values)
    # How often each sentence stands in each resample is a table [R, N]; a part of it at a time fits into memory.
    parts = [min(1000, resamples - done) for done in range(0, resamples, 1000)]
    return np.concatenate([generator.multinomial(count, np.full(count, 1 / count), part) @ values for part in parts])


def _sums(pairs: Pairs) -> NDArray[np.float64]:
    """What a correlation is made of: the number of pairs, and sums of x, y, x squared, y squared and x y."""
    x, y = pairs[:, 0], pairs[:, 1]
    return np.array([len(pairs), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])


def _correlation(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of sums ``[*, 6]``."""
    count, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((count * xx - x * x).clip(min=0) * (count * yy - y * y).clip(min=0))
        return np.where(spread > 0, (count * xy - x * y) / spread, np.nan)
