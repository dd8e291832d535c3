"""Trees of phrases, and how they grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.agglomeration import agglomerate
from latent_rationale.explain.hierarchy.spans import SpanTree, all_spans, check_spans


def test_phrases_become_a_tree():
    tree = SpanTree.of([(0, 1), (1, 4), (0, 5), (2, 4), (1, 4)])
    assert tree == SpanTree((0, 5), (SpanTree((0, 1)), SpanTree((1, 4), (SpanTree((2, 4)),))))
    assert tree.spans == [(0, 5), (0, 1), (1, 4), (2, 4)]


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(0, 4), (0, 3), (2, 4)], "side by side"),
        ([(0, 2), (2, 4)], "no phrase holds both"),
        ([(1, 1)], "side by side"),
    ],
)
def test_phrases_that_are_no_tree_are_refused(spans, message):
    with pytest.raises(ValueError, match=message):
        SpanTree.of(spans)


def test_all_phrases_up_to_a_length():
    assert all_spans(3, 2) == [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]
    assert all_spans(2, 5) == all_spans(2, 10**12) == [(0, 1), (1, 2), (0, 2)]


@pytest.mark.parametrize("span", [(-1, 1), (2, 2), (1, 4), (2, 1)])
def test_phrases_outside_the_sentence_are_refused(span):
    with pytest.raises(InputError, match="the number of words"):
        check_spans([span], 3)


@given(
    weights=st.lists(st.floats(-3, 3, allow_nan=False), min_size=1, max_size=12),
    percentile=st.sampled_from([0.0, 50.0, 90.0, 100.0]),
    rounds=st.integers(0, 10),
)
def test_agglomeration_ends_in_one_root_that_holds_every_word(weights, percentile, rounds):
    def score(spans):
        return [sum(weights[start:end]) + 0.1 * (end - start) * weights[start] for start, end in spans]

    tree = agglomerate(score, len(weights), percentile, rounds)
    assert tree.span == (0, len(weights))
    assert sorted(node.span for node in tree if not node.children) == [(i, i + 1) for i in range(len(weights))]


def test_phrases_grow_around_the_words_that_matter():
    """Strong words take neighbours that change their scores, and become one where they meet."""
    pairs = {(2, 4): 5.0, (3, 5): 4.0}  # "not" "very" "good": together they say something else

    def score(spans):
        words = [0.0, 0.0, 3.0, 0.0, 3.0, 0.0, 0.0]
        return [sum(words[s:e]) - sum(v for (a, b), v in pairs.items() if s <= a and b <= e) for s, e in spans]

    spans = agglomerate(score, 7, percentile=75, rounds=2).spans
    assert (2, 4) not in spans  # both took the word between them in the same round
    assert (2, 5) in spans


def test_without_rounds_the_root_adopts_all_words():
    assert agglomerate(lambda spans: [1.0] * len(spans), 3, rounds=0) == SpanTree(
        (0, 3), tuple(SpanTree((i, i + 1)) for i in range(3))
    )
