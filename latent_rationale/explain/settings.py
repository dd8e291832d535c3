"""Settings of explanations: how contexts are sampled, and which phrases are scored."""

from collections.abc import Collection
from dataclasses import dataclass

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.agglomeration import ScoreSpans, agglomerate
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, all_spans, shorter_first

LONGEST = 3
"""Length of the longest phrases, where neither the data nor the user names any."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Options of sampled contexts.

    Attributes:
        nb_range: N, the number of words on either side of a phrase that are sampled anew.
        sample_n: K, the number of samples.
        share_samples: phrases with the same edge share their samples.
        seed: seed of all randomness, together with the number of a sentence.
    """

    nb_range: int = 10
    sample_n: int = 20
    share_samples: bool = False
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Phrasing:
    """Choice of the phrases that are scored.

    Attributes:
        longest: score all phrases of up to so many words; by default the phrases that the data knows, else all of up to
            ``LONGEST`` words.
        percentile: instead grow a tree of phrases by their scores, of the words and gains at or above this percentile.

    Raises:
        InputError: for numbers out of range.
    """

    longest: int | None = None
    percentile: float | None = None

    def __post_init__(self) -> None:
        if self.longest is not None and self.longest < 1:
            raise InputError(f"longest: expected 1 or more, got {self.longest}")
        if self.percentile is not None and not 0 <= self.percentile <= 100:
            raise InputError(f"percentile: expected a number in [0, 100], got {self.percentile}")

    def tree(self, score: ScoreSpans, length: int, known: Collection[Span]) -> SpanTree | None:
        """Return the tree of the phrases: grown by their scores, or of the data; else None.

        Args:
            score: from phrases to scores.
            length: number of words of the sentence.
            known: phrases that the data knows.
        """
        if self.percentile is not None:
            return agglomerate(score, length, self.percentile)
        return SpanTree.of({*known, (0, length)}) if known and self.longest is None else None

    def spans(self, length: int, tree: SpanTree | None) -> list[Span]:
        """Return the phrases of a tree, or without one all phrases of a sentence up to a length, shorter ones first."""
        return all_spans(length, self.longest or LONGEST) if tree is None else shorter_first(tree.spans)
