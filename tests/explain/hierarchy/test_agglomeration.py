"""Agglomeration against a second, naive implementation, and the properties of its trees."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.explain.hierarchy.agglomeration import agglomerate
from latent_rationale.explain.hierarchy.spans import SpanTree


def additive(generator, length):
    """Make the scores of a linear model: a phrase has the sum of the scores of its words."""
    weights = [generator.gauss(0, 1) for _ in range(length)]
    return lambda start, end: math.fsum(weights[start:end])


def with_negations(generator, length):
    """Make the scores of a linear model in which some words negate the words after them in the phrase."""
    weights = [generator.gauss(0, 1) for _ in range(length)]
    signs = [-1 if generator.random() < 0.2 else 1 for _ in range(length)]
    return lambda start, end: math.fsum(weights[i] * math.prod(signs[start:i]) for i in range(start, end))


def unrelated(generator, length):
    """Make independent random scores, one per phrase."""
    table = {(start, end): generator.gauss(0, 1) for start in range(length) for end in range(start + 1, length + 1)}
    return lambda start, end: table[start, end]


def with_ties(generator, length):
    """Make small integer scores, so that many candidates have equal ranks."""
    table = {(start, end): generator.randint(-2, 2) for start in range(length) for end in range(start + 1, length + 1)}
    return lambda start, end: float(table[start, end])


SCORES = [additive, with_negations, unrelated, with_ties]


def runs_of(selected):
    """Return the maximal runs of selected words as sets of positions."""
    runs = [[]]
    for position, is_selected in enumerate([*selected, False]):
        if is_selected:
            runs[-1].append(position)
        elif runs[-1]:
            runs.append([])
    return [frozenset(run) for run in runs if run]


def queue_of(score, selected):
    """Return all candidates of a round with their priorities, the highest first."""
    length = len(selected)

    def score_of(group):
        assert max(group) - min(group) == len(group) - 1
        return score(min(group), max(group) + 1)

    queue = [(abs(score_of({word})), {word}) for word in range(length) if not selected[word]]
    for group in runs_of(selected):
        for word in (min(group) - 1, max(group) + 1):
            if 0 <= word < length:
                queue.append((abs(score_of(group | {word}) - score_of(group)), group | {word}))
    return sorted(queue, key=lambda candidate: -candidate[0])


def percentile_of(priorities, percentile):
    """Return a percentile of numbers in falling order, with linear interpolation."""
    rising = priorities[::-1]
    place = (len(rising) - 1) * (percentile / 100)
    below, above = rising[math.floor(place)], rising[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def naive_agglomeration(score, length, percentile, rounds):
    """Run Algorithm 1 of Singh et al. (2019) on one flag per word and return all groups of the hierarchy."""
    groups = {frozenset([word]) for word in range(length)} | {frozenset(range(length))}
    selected = [False] * length
    for _ in range(rounds):
        if all(selected):
            break
        queue = queue_of(score, selected)
        threshold = percentile_of([priority for priority, _ in queue], percentile)
        while queue and queue[0][0] >= threshold:
            _, group = queue.pop(0)
            for word in group:
                selected[word] = True
        groups |= set(runs_of(selected))
    return groups


@pytest.mark.parametrize("percentile", [50.0, 75.0, 90.0, 100.0])
@pytest.mark.parametrize("make_score", SCORES)
def test_the_tree_holds_the_groups_of_the_naive_algorithm(make_score, percentile):
    generator = random.Random(17)
    for _ in range(40):
        length, rounds = generator.randint(1, 25), generator.choice([1, 2, 4, 10])
        score = make_score(generator, length)
        tree = agglomerate(lambda spans, score=score: [score(*span) for span in spans], length, percentile, rounds)
        found = [frozenset(range(*span)) for span in tree.spans]
        assert len(found) == len(set(found))
        assert set(found) == naive_agglomeration(score, length, percentile, rounds)


@given(
    make_score=st.sampled_from(SCORES),
    seed=st.integers(0, 10**6),
    length=st.integers(1, 14),
    percentile=st.sampled_from([0.0, 50.0, 90.0, 100.0]),
    rounds=st.integers(0, 10),
)
def test_the_root_holds_all_words_and_every_word_is_one_leaf(make_score, seed, length, percentile, rounds):
    score = make_score(random.Random(seed), length)
    tree = agglomerate(lambda spans: [score(*span) for span in spans], length, percentile, rounds)
    assert tree.span == (0, length)
    assert sorted(node.span for node in tree if not node.children) == [(i, i + 1) for i in range(length)]


@given(seed=st.integers(0, 10**6), length=st.integers(1, 14))
def test_no_phrase_is_scored_twice(seed, length):
    score, scored = unrelated(random.Random(seed), length), []

    def counted(spans):
        scored.extend(spans)
        return [score(*span) for span in spans]

    agglomerate(counted, length)
    assert len(scored) == len(set(scored))


def score_with(words, pairs):
    """Make the scores of a linear model, less a value for each of some pairs of words that the phrase contains."""

    def score(spans):
        return [sum(words[s:e]) - sum(v for (a, b), v in pairs.items() if s <= a and b <= e) for s, e in spans]

    return score


def test_phrases_extend_to_neighbours_that_change_their_scores_and_merge_where_they_meet():
    score = score_with([0.0, 0.0, 3.0, 0.0, 3.0, 0.0, 0.0], {(2, 4): 5.0, (3, 5): 4.0})
    spans = agglomerate(score, 7, percentile=85, rounds=2).spans
    assert (2, 4) not in spans  # both phrases selected the word between them in the same round
    assert (2, 5) in spans


def test_a_word_starts_a_phrase_in_a_later_round():
    """One candidate is selected per round: word 0, word 5 by its own score, then the word that interacts with it."""
    score = score_with([5.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0], {(5, 7): 3.0})
    assert (5, 7) in agglomerate(score, 8, percentile=100, rounds=3).spans
    assert (5, 7) not in agglomerate(score, 8, percentile=100, rounds=2).spans


def test_words_selected_side_by_side_form_one_phrase():
    assert (1, 3) in agglomerate(score_with([0.0, 2.0, 2.0, 0.0], {}), 4, percentile=100, rounds=1).spans


def test_without_rounds_the_root_has_all_words_as_children():
    assert agglomerate(lambda spans: [1.0] * len(spans), 3, rounds=0) == SpanTree(
        (0, 3), tuple(SpanTree((i, i + 1)) for i in range(3))
    )
