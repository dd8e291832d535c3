"""Trees of phrases, enumeration of phrases, and checks of their positions."""

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.spans import SpanTree, all_spans, check_spans


def test_phrases_become_a_tree():
    tree = SpanTree.of([(0, 1), (1, 4), (0, 5), (2, 4), (1, 4)])
    assert tree == SpanTree((0, 5), (SpanTree((0, 1)), SpanTree((1, 4), (SpanTree((2, 4)),))))
    assert tree.spans == [(0, 5), (0, 1), (1, 4), (2, 4)]


def test_a_tree_of_any_number_of_levels():
    """More levels than Python permits calls within calls."""
    spans = [(0, end) for end in range(5000, 0, -1)]
    tree, same = SpanTree.of(spans), SpanTree.of(reversed(spans))
    assert tree.spans == spans
    assert tree.heights == {(0, end): end - 1 for end in range(1, 5001)}
    assert tree == same
    assert hash(tree) == hash(same)
    assert tree != SpanTree.of(spans[:-1])
    assert tree != spans
    assert repr(tree).startswith("SpanTree.of([(0, 5000), (0, 4999), ")


def test_heights_of_phrases():
    tree = SpanTree.of([(0, 6), (0, 3), (0, 1), (1, 3), (1, 2), (4, 6)])
    assert tree.heights == {(0, 6): 3, (0, 3): 2, (0, 1): 0, (1, 3): 1, (1, 2): 0, (4, 6): 1}


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(0, 4), (0, 3), (2, 4)], "disjoint smaller phrases within it in order"),
        ([(0, 2), (2, 4)], "expected a phrase that contains both"),
        ([(1, 1)], "expected at least one word"),
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
