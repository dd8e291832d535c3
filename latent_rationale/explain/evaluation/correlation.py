"""Correlations and means over sentences, with bootstrap confidence intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.float64]
"""Scores of the N words or phrases of one sentence and their reference values, ``[N, 2]``."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % bootstrap confidence interval (percentile method).

    Attributes:
        value: the estimate from the sample.
        low: the 2.5 % quantile of the estimates from resamples.
        high: the 97.5 % quantile of the estimates from resamples.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}, {self.high:.3f})"

    def to_json(self) -> dict[str, float | None]:
        """Return a dictionary that JSON can represent; NaN becomes None."""
        return {name: None if np.isnan(number) else number for name, number in asdict(self).items()}

    @classmethod
    def from_json(cls, row: dict[str, float | None]) -> "Interval":
        """Parse the dictionary that ``to_json`` returns.

        Raises:
            KeyError, TypeError, ValueError: for anything else.
        """
        names = [field.name for field in fields(cls)]
        if row.keys() != set(names):
            raise ValueError(f"expected the keys {', '.join(names)}")
        return cls(*(_estimate(row[name]) for name in names))

    @classmethod
    def of(cls, value: float, resampled: NDArray[np.float64]) -> "Interval":
        """Build an interval from the estimate and the estimates from resamples ``[R]``, where NaN is ignored."""
        low, high = np.nanquantile(resampled, [0.025, 0.975]) if not np.isnan(resampled).all() else (np.nan, np.nan)
        return cls(value, float(low), float(high))


def _estimate(number: float | None) -> float:
    """Convert a JSON value to a correlation or a difference of probabilities; None becomes NaN.

    Raises:
        TypeError, ValueError: if the value is no number in [-1, 1].
    """
    if number is None:
        return float("nan")
    if isinstance(number, bool) or not -1 - 1e-9 <= number <= 1 + 1e-9:  # false for NaN; sums round
        raise ValueError(f"{number}: expected a number in [-1, 1]")
    return float(number)


def correlation(sentences: Sequence[Pairs], resamples: int, seed: int) -> Interval:
    """Return Pearson's correlation of scores and reference values over all sentences.

    The bootstrap resamples whole sentences, because the phrases of a sentence are not independent.

    Args:
        sentences: the pairs of each sentence; a sentence may have none.
        resamples: the number of bootstrap resamples.
        seed: the seed of the resamples.

    Returns:
        The correlation with its interval; NaN if the scores or the reference values are constant.
    """
    sums = np.stack([_sums(pairs) for pairs in sentences])
    return Interval.of(float(_correlation(sums.sum(0))), _correlation(_resampled(sums, resamples, seed)))


def mean(values: Sequence[float], resamples: int, seed: int) -> Interval:
    """Return the mean of one number per sentence, with an interval from ``resamples`` bootstrap resamples."""
    numbers = np.asarray(values, dtype=np.float64)
    return Interval.of(float(numbers.mean()), _resampled(numbers, resamples, seed) / len(numbers))


def extremes(sentences: Sequence[Pairs], share: float = 0.1) -> list[Pairs]:
    """Keep the pairs with the highest and lowest scores only (Tsang, Rambhatla & Liu, 2020, section 5).

    Args:
        sentences: the pairs of each sentence.
        share: the share of all scores to keep at either end; the quantiles are taken over all sentences together.

    Returns:
        The pairs that are kept, sentence by sentence.
    """
    scores = np.concatenate([pairs[:, 0] for pairs in sentences])
    low, high = np.quantile(scores, [share, 1 - share]) if len(scores) else (0, 0)
    return [pairs[(pairs[:, 0] <= low) | (pairs[:, 0] >= high)] for pairs in sentences]


def _resampled(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Sum values over bootstrap resamples of sentences.

    Args:
        values: the values of N sentences, ``[N, *]``.
        resamples: R, the number of resamples of N sentences with replacement.
        seed: the seed of the resamples.

    Returns:
        The sums, ``[R, *]``.
    """
    generator, count = np.random.default_rng(seed), len(values)
    # A resample is a vector of counts, one per sentence, with a multinomial distribution; sums over a resample are the
    # product of counts and values. The matrix of counts [R, N] is drawn 1,000 rows at a time to bound its memory.
    chunks = [min(1000, resamples - done) for done in range(0, resamples, 1000)]
    return np.concatenate([generator.multinomial(count, np.full(count, 1 / count), rows) @ values for rows in chunks])


def _sums(pairs: Pairs) -> NDArray[np.float64]:
    """Return the sufficient statistics of a correlation ``[6]``: the number of pairs, sums of x, y, x^2, y^2 and xy.

    They add up over sentences, so that a resample needs no concatenation of pairs.
    """
    x, y = pairs[:, 0], pairs[:, 1]
    return np.array([len(pairs), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])


def _correlation(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's correlation ``[*]`` from the statistics of ``_sums`` ``[*, 6]``; NaN if x or y is constant."""
    count, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounding can make the variance of a constant slightly negative.
        spread = np.sqrt((count * xx - x * x).clip(min=0) * (count * yy - y * y).clip(min=0))
        return np.where(spread > 0, (count * xy - x * y) / spread, np.nan)
