"""Agreement of attention with highlighted words, on numbers that can be checked by hand."""

import pytest
import torch

from latent_rationale.snli.agreement import WordScores, compare, content, linked, random_scores
from latent_rationale.snli.prediction import PairPrediction
from latent_rationale.snli.reader import Highlight, SNLIPair

ENTAILMENT, CONTRADICTION, NEUTRAL = range(3)


def pair(label: int, premise: set[int], hypothesis: set[int], *more: Highlight) -> SNLIPair:
    words = ("a", "big", "dog", "barks"), ("dogs", "bark")
    return SNLIPair(*words, label, (Highlight(frozenset(premise), frozenset(hypothesis)), *more))


def test_a_word_gets_what_the_words_of_the_other_sentence_give_it():
    """The first row and column belong to the start tokens."""
    p2h = ((0.9, 0.9, 0.9), (0.9, 0.1, 0.2), (0.9, 0.4, 0.0), (0.9, 0.3, 0.6))
    h2p = ((0.9, 0.9, 0.9, 0.9), (0.9, 0.5, 0.1, 0.2), (0.9, 0.0, 0.3, 0.4))
    words = ("<s>", "a", "b", "c"), ("<s>", "d", "e")
    soft = PairPrediction((1.0, 0.0, 0.0), 0, "entailment", *words, p2h, h2p)
    assert linked(soft, max) == WordScores((0.5, 0.3, 0.4), (0.4, 0.6))
    assert linked(soft, sum).premise == pytest.approx((0.5, 0.4, 0.6))
    assert linked(soft, sum).hypothesis == pytest.approx((0.8, 0.8))
    shared = PairPrediction((1.0, 0.0, 0.0), 0, "entailment", *words, p2h)
    assert linked(shared, max) == WordScores((0.2, 0.4, 0.6), (0.4, 0.6))


def test_content_words():
    found = content(SNLIPair(("The", "man", "is", "n't", "tall", "."), ("Two", "dogs", "``"), 0))
    assert found == WordScores((0, 1, 0, 0, 1, 0), (1, 1, 0))


def test_random_scores_depend_on_the_generator():
    first, second, other = (random_scores(pair(0, {1}, {1}), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert len(first.premise) == 4


def test_as_many_words_are_selected_as_people_highlight():
    """Half of the premise's words, half of the hypothesis's."""
    pairs = [pair(ENTAILMENT, {1, 2}, {0})]
    right, wrong = WordScores((0.1, 0.8, 0.9, 0.2), (0.9, 0.3)), WordScores((0.9, 0.8, 0.1, 0.2), (0.3, 0.9))
    assert compare(pairs, [right]) == {"precision": 1, "recall": 1, "f1": 1, "iou": 1, "auprc": 1}
    found = compare(pairs, [wrong])
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["recall"] == pytest.approx(1 / 3)
    assert found["f1"] == pytest.approx(1 / 3)
    assert found["iou"] == pytest.approx(1 / 5)
    assert found["auprc"] == pytest.approx(((1 / 2 + 2 / 4) / 2 + 1 / 2) / 2)


def test_a_side_that_nobody_highlighted_is_passed_over():
    scores = [WordScores((0.1, 0.8, 0.9, 0.2), (0.9, 0.3))]
    assert compare([pair(NEUTRAL, set(), {0})], scores) == {"precision": 1, "recall": 1, "f1": 1, "iou": 1, "auprc": 1}


def test_each_annotator_counts_for_herself():
    scores = [WordScores((0.1, 0.8, 0.9, 0.2), (0.9, 0.3))]
    other = Highlight(frozenset({0, 3}), frozenset({0}))
    found = compare([pair(ENTAILMENT, {1, 2}, {0}, other)], scores)
    assert found["precision"] == pytest.approx(4 / 6)


def test_words_that_tie_are_all_in():
    found = compare([pair(ENTAILMENT, {1}, set())], [WordScores((0.5, 0.5, 0.5, 0.1), (0.0, 0.0))])
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["recall"] == 1
    assert found["auprc"] == pytest.approx(1 / 3)


def test_words_without_a_link_are_not_selected():
    found = compare([pair(ENTAILMENT, {1, 2}, set())], [WordScores((0.0, 0.9, 0.0, 0.0), (0.0, 0.0))])
    assert found["precision"] == 1
    assert found["recall"] == pytest.approx(1 / 2)


def test_relations_apart():
    pairs = [pair(ENTAILMENT, {1, 2}, {0}), pair(CONTRADICTION, {0, 3}, {1})]
    scores = [WordScores((0.1, 0.8, 0.9, 0.2), (0.9, 0.3))] * 2
    assert compare(pairs, scores, "entailment")["f1"] == 1
    assert compare(pairs, scores, "contradiction")["f1"] == 0
    assert compare(pairs, scores)["f1"] == pytest.approx(1 / 2)
    assert compare(pairs, scores, "neutral") == {}
