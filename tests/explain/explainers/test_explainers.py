"""Explanations of models of which the right ones are known."""

from dataclasses import replace

import pytest
import torch

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers.contexts import Context, SampledContext, SentenceContext
from latent_rationale.explain.explainers.explained_model import margin
from latent_rationale.explain.explainers.methods import EXPLAINERS, NEED_LANGUAGE_MODEL, Access
from latent_rationale.explain.explainers.soc import SOC

IDS = torch.tensor([4, 9, 2, 2, 15, 7])
SPANS = [(0, 1), (5, 6), (1, 4), (0, 6)]
EVERY = pytest.mark.parametrize("name", EXPLAINERS)


@pytest.fixture
def access(linear, language, vocabulary):
    """To a linear model of a bag of words: its embedding is the weight of a word."""
    score, weights = linear

    def embedding_score(embedded, tokens):
        return (embedded.squeeze(-1) * tokens.mask).sum(1)

    sampled = SampledContext(language, nb_range=2, sample_n=4)

    def decompose(contexts, inside, kind):
        return kind.of(embed(contexts), inside).each(lambda x: x.sum(2))

    def embed(ids):
        return weights[ids].unsqueeze(-1)

    return Access(
        score,
        vocabulary.padding_id,
        embedding_score,
        embed,
        decomposable=lambda: decompose,
        recurrent=lambda: None,
        margin=lambda scores: scores[:, 0],
        max_batch=10,
        sampled=sampled,
    )


@EVERY
def test_on_a_bag_of_words_scores_are_the_exact_weights(name, access, linear):
    _, weights = linear
    expected = torch.stack([weights[IDS[start:end]].sum() for start, end in SPANS])
    torch.testing.assert_close(EXPLAINERS[name](access)(IDS, SPANS), expected)


@EVERY
@pytest.mark.parametrize("memory", [1, 6 * 11])
def test_memory_for_few_contexts_is_enough(name, access, linear, monkeypatch, memory):
    """For one phrase at a time at least, as for any number."""
    monkeypatch.setattr(Context, "MEMORY", memory)
    test_on_a_bag_of_words_scores_are_the_exact_weights(name, access, linear)


def test_contexts_are_made_for_some_phrases_at_a_time(linear, vocabulary, monkeypatch):
    class Watched(SentenceContext):
        def __call__(self, ids, spans):
            seen.append(len(spans))
            return super().__call__(ids, spans)

    for memory, groups in ((20, [3, 1]), (6, [1, 1, 1, 1]), (1, [1, 1, 1, 1])):
        seen = []
        monkeypatch.setattr(Context, "MEMORY", memory)
        SOC(linear[0], Watched(vocabulary.padding_id))(IDS, SPANS)
        assert seen == groups


@EVERY
@pytest.mark.parametrize("length", [0, 6])
def test_no_phrases_have_no_scores(name, access, length):
    assert EXPLAINERS[name](access)(IDS[:length], []).shape == (0,)


@pytest.mark.parametrize("name", ["soc", "occlusion", "arch", "direct-feed"])
def test_a_score_of_another_shape_is_refused(name, access):
    """Such as the logits of all classes, whose mean would look like a score."""
    two = replace(access, score=lambda tokens: access.score(tokens).unsqueeze(1).repeat(1, 2))
    with pytest.raises(InputError, match=r"a score of \d+ sentences, \[B, T\] to \[B\], has the shape \[\d+, 2\]"):
        EXPLAINERS[name](two)(IDS, SPANS)
    with pytest.raises(InputError, match=r"has the shape \[\]"):
        EXPLAINERS[name](replace(access, score=lambda tokens: access.score(tokens).sum()))(IDS, SPANS)


@pytest.mark.parametrize("name", ["soc", "occlusion", "arch", "direct-feed"])
def test_sentences_are_scored_some_at_a_time_without_gradients(name, access):
    sizes = []

    def score(tokens):
        sizes.append(len(tokens.ids))
        return access.score(tokens) * weight

    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    found = EXPLAINERS[name](replace(access, score=score, max_batch=3))(IDS, SPANS)
    assert not found.requires_grad
    assert len(sizes) > 1
    assert max(sizes) == 3


@EVERY
def test_sentences_come_one_by_one(name, access):
    with pytest.raises(InputError, match=r"ids: expected those of one sentence, \[T\], got the shape \[1, 6\]"):
        EXPLAINERS[name](access)(IDS.unsqueeze(0), SPANS)


@EVERY
def test_a_sentence_of_one_word(name, access, linear):
    _, weights = linear
    torch.testing.assert_close(EXPLAINERS[name](access)(IDS[:1], [(0, 1)]), weights[IDS[:1]])


@EVERY
def test_phrases_outside_the_sentence_are_refused(name, access):
    with pytest.raises(InputError, match="the number of words"):
        EXPLAINERS[name](access)(IDS, [(0, 7)])


@EVERY
def test_a_phrase_is_scored_alike_alone_and_among_others(name, access):
    """Where nothing is drawn."""
    explainer = EXPLAINERS[name](replace(access, score=lambda tokens: (tokens.ids.double() * tokens.mask).sum(1) ** 2))
    if name not in NEED_LANGUAGE_MODEL:
        together = explainer(IDS, SPANS)
        for span, expected in zip(SPANS, together, strict=True):
            torch.testing.assert_close(explainer(IDS, [span])[0], expected)


def test_occlusion_and_its_relatives_on_a_product(access):
    """s(x) is 1 where words 9 and 15 are both there: neither matters without the other, and both do in the sentence."""

    def both(tokens):
        return ((tokens.ids == 9).any(1) & (tokens.ids == 15).any(1)).double()

    spans = [(1, 2), (4, 5), (1, 5)]
    expected = {"occlusion": [1, 1, 1], "arch": [0, 0, 1], "arch-mean": [0.5, 0.5, 1], "direct-feed": [0, 0, 1]}
    for name, scores in expected.items():
        assert EXPLAINERS[name](replace(access, score=both))(IDS, spans).tolist() == scores


def test_integrated_gradients_add_up_to_the_difference(access):
    """Within the error of fifty points on a cubic."""

    def cubic(embedded, tokens):
        return embedded.sum((1, 2)) ** 3

    explainer = EXPLAINERS["integrated-gradients"](replace(access, embedding_score=cubic))
    expected = cubic(access.embed(IDS.unsqueeze(0)), None)
    torch.testing.assert_close(explainer(IDS, [(0, 6)]), expected, rtol=1e-3, atol=0)


def test_gradient_times_input_is_that_of_the_sentence_itself(access):
    explainer = EXPLAINERS["gradient-x-input"](replace(access, embedding_score=lambda e, t: (e**2).sum((1, 2))))
    embedded = access.embed(IDS)[:, 0]
    torch.testing.assert_close(explainer(IDS, [(2, 3)]), 2 * embedded[2:3] ** 2)


def test_margins():
    scores = torch.tensor([[1.0, 4.0, 3.0], [5.0, 0.0, 2.0]])
    assert margin(scores, 0).tolist() == [-3, 3]
    assert margin(scores, 1).tolist() == [1, -5]
    assert margin(scores[:, :2], 1).tolist() == [3, -5]
    assert margin(scores[:, :1], 0).tolist() == [1, 5]
