"""A tree of phrases from scores alone, where nobody has parsed the sentence (Singh, Murdoch & Yu, ICLR 2019)."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from latent_rationale.explain.hierarchy.spans import Span, SpanTree

ScoreSpans = Callable[[Sequence[Span]], Sequence[float]]
"""From phrases to their scores."""


def agglomerate(score: ScoreSpans, length: int, percentile: float = 90.0, rounds: int = 10) -> SpanTree:
    """Grow phrases from the words that matter most, word by word, until they hold the sentence or time is up.

    In each round the phrases absorb those of the neighbouring words by which their scores change most: the gain
    ``|s(p + word) - s(p)|`` is at or above the percentile of all gains in that round. Phrases that meet become one.
    What is left after the last round goes to the root.

    Args:
        score: of phrases.
        length: of the sentence, in words.
        percentile: in [0, 100], of what is taken, in the first words as in the rounds.
        rounds: at most.
    """
    words = [(place, place + 1) for place in range(length)]
    found = dict(zip(words, score(words), strict=True))
    grown = [SpanTree(word) for word in _best(words, [abs(found[word]) for word in words], percentile)]
    for _ in range(rounds):
        larger = [(node.span, span) for node in grown for span in _neighbours(node.span, length)]
        if not larger:
            break
        if new := list(dict.fromkeys(span for pair in larger for span in pair if span not in found)):
            found |= dict(zip(new, score(new), strict=True))
        taken = _best([span for _, span in larger], [abs(found[after] - found[p]) for p, after in larger], percentile)
        grown = _merged(grown, taken)
    return _adopt((0, length), grown)


def _best(spans: Sequence[Span], values: Sequence[float], percentile: float) -> list[Span]:
    """Those whose value is at or above the percentile of all."""
    least = np.percentile(values, percentile)
    return [span for span, value in zip(spans, values, strict=True) if value >= least]


def _neighbours(span: Span, length: int) -> list[Span]:
    """The phrase with the word to its left, and with the one to its right, where there is one."""
    start, end = span
    return [(start - 1, end)] * (start > 0) + [(start, end + 1)] * (end < length)


def _merged(grown: Sequence[SpanTree], taken: Iterable[Span]) -> list[SpanTree]:
    """The phrases after they took words: one for all that overlap or touch."""
    stretches: list[Span] = []
    for start, end in sorted({*taken, *(node.span for node in grown)}):
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        else:
            stretches.append((start, end))
    return [_adopt(stretch, grown) for stretch in stretches]


def _adopt(span: Span, nodes: Sequence[SpanTree]) -> SpanTree:
    """The phrase with all nodes inside it as children, and the words between them."""
    inside = [node for node in nodes if span[0] <= node.span[0] and node.span[1] <= span[1]]
    if [node.span for node in inside] == [span]:
        return inside[0]
    held = {place for node in inside for place in range(*node.span)}
    words = [SpanTree((place, place + 1)) for place in range(*span) if place not in held]
    return SpanTree(span, tuple(sorted([*inside, *words], key=lambda node: node.span)))
