"""Settings of explanations: how contexts are sampled, and which phrases are scored."""

from collections.abc import Collection
from dataclasses import dataclass

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.agglomeration import ScoreSpans, agglomerate
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, all_spans, shorter_first

LONGEST = 3
"""Default maximum length of phrases, in words, for data without annotated phrases."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Settings of sampled contexts.

    Attributes:
        nb_range: number N of words on either side of a phrase that are resampled.
        sample_n: number K of samples.
        share_samples: phrases with a common boundary share samples, which is faster but less exact.
        seed: seed of the samples, which is combined with the index of a sentence.
    """

    nb_range: int = 10
    sample_n: int = 20
    share_samples: bool = False
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Phrasing:
    """Choice of the phrases that are scored.

    Attributes:
        longest: maximum number of words of a phrase; all phrases up to this length are scored. By default the annotated
            phrases of the data, or if there are none, all phrases of up to ``LONGEST`` words.
        percentile: if set, a hierarchy of phrases is built by agglomeration, in which candidates must reach this
            percentile to be selected.

    Raises:
        InputError: if a number is out of range.
    """

    longest: int | None = None
    percentile: float | None = None

    def __post_init__(self) -> None:
        if self.longest is not None and self.longest < 1:
            raise InputError(f"longest: expected 1 or more, got {self.longest}")
        if self.percentile is not None and not 0 <= self.percentile <= 100:
            raise InputError(f"percentile: expected a number in [0, 100], got {self.percentile}")

    def tree(self, score: ScoreSpans, length: int, annotated: Collection[Span]) -> SpanTree | None:
        """Return the hierarchy of phrases: built by agglomeration, or annotated in the data; None without either.

        Args:
            score: function from phrases to scores.
            length: number of words of the sentence.
            annotated: phrases that are annotated in the data.
        """
        if self.percentile is not None:
            return agglomerate(score, length, self.percentile)
        return SpanTree.of({*annotated, (0, length)}) if annotated and self.longest is None else None

    def spans(self, length: int, tree: SpanTree | None) -> list[Span]:
        """Return the phrases to score, shorter ones first: those of the tree, or without one all up to a length.

        Args:
            length: number of words of the sentence.
            tree: result of ``tree``.
        """
        return all_spans(length, self.longest or LONGEST) if tree is None else shorter_first(tree.spans)
