"""Agglomeration: a tree of phrases built bottom-up from phrase scores (Singh, Murdoch & Yu, ICLR 2019)."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from latent_rationale.explain.hierarchy.spans import Span, SpanTree, size

ScoreSpans = Callable[[Sequence[Span]], Sequence[float]]
"""Function that maps phrases of one sentence to their scores."""


def agglomerate(score: ScoreSpans, length: int, percentile: float = 90.0, rounds: int = 10) -> SpanTree:
    """Build a tree of phrases by repeated selection of the highest-ranked candidates (Singh et al. 2019, Algorithm 1).

    Two kinds of candidates compete in every round: words that are not selected yet, ranked by ``|s(word)|``, and
    phrases extended by a neighbouring word, ranked by the change of score, ``|s(phrase + word) - s(phrase)|``. New
    phrases can therefore start in every round. All candidates whose rank is at or above the percentile of the round are
    selected, and selected phrases that overlap or touch are merged into one. Words that are not selected after the last
    round become children of the root.

    Merging and the limit of rounds follow the authors' implementation. There, however, a word beside a phrase competes
    by the change of score only, and the percentile is lowered for the last five words; Algorithm 1 does neither.

    Args:
        score: maps phrases to scores; called with new phrases only, at most once per round.
        length: the number of words in the sentence.
        percentile: the percentile of the ranks of a round that a candidate must reach, in [0, 100].
        rounds: the maximum number of rounds.

    Returns:
        The tree; its root is the sentence and its leaves are the words.
    """
    scores: dict[Span, float] = {}
    phrases: list[SpanTree] = []
    for _ in range(rounds):
        words = _loose_words((0, length), phrases)
        if not words:
            break
        extensions = {larger: node.span for node in phrases for larger in _extended(node.span, length)}
        # Phrases are scored along with their extensions: a merged phrase was no candidate itself.
        needed = [*words, *(node.span for node in phrases), *extensions]
        if new := [span for span in needed if span not in scores]:
            scores |= zip(new, score(new), strict=True)
        # Merging leaves a gap of at least one word between phrases, so each candidate has a span of its own.
        ranks = {word: abs(scores[word]) for word in words}
        ranks |= {larger: abs(scores[larger] - scores[span]) for larger, span in extensions.items()}
        threshold = np.percentile(list(ranks.values()), percentile)
        phrases = _merge(phrases, [span for span, rank in ranks.items() if rank >= threshold])
    return _parent((0, length), phrases)


def _extended(span: Span, length: int) -> list[Span]:
    """Return the phrase extended by the word to its left and by the word to its right, within the sentence."""
    start, end = span
    return [(start - 1, end)] * (start > 0) + [(start, end + 1)] * (end < length)


def _merge(phrases: Sequence[SpanTree], selected: Iterable[Span]) -> list[SpanTree]:
    """Return the phrases after selection, from left to right: one per maximal run of overlapping or touching spans."""
    runs: list[Span] = []
    for start, end in sorted({*selected, *(node.span for node in phrases)}):
        if runs and start <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(end, runs[-1][1])
        else:
            runs.append((start, end))
    return [_parent(run, phrases) for run in runs]


def _parent(span: Span, nodes: Iterable[SpanTree]) -> SpanTree:
    """Return a node for the span whose children are the given nodes inside it and the words that none of them holds."""
    inside = [node for node in nodes if span[0] <= node.span[0] and node.span[1] <= span[1]]
    if [node.span for node in inside] == [span]:
        return inside[0]  # unchanged since the last round
    if size(span) == 1:
        return SpanTree(span)
    words = map(SpanTree, _loose_words(span, inside))
    return SpanTree(span, tuple(sorted([*inside, *words], key=lambda node: node.span)))


def _loose_words(span: Span, nodes: Iterable[SpanTree]) -> list[Span]:
    """Return the words of a span, as phrases of length one, that no node holds."""
    held = {position for node in nodes for position in range(*node.span)}
    return [(position, position + 1) for position in range(*span) if position not in held]
