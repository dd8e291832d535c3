"""Explanations of models of which the right ones are known."""

import pytest
import torch

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.explainers.contexts import Context, SampledContext, SentenceContext
from latent_rationale.explain.explainers.explained_model import ExplainedModel, margin
from latent_rationale.explain.explainers.soc import SOC

IDS = torch.tensor([4, 9, 2, 2, 15, 7])
SPANS = [(0, 1), (5, 6), (1, 4), (0, 6)]
EVERY = pytest.mark.parametrize("name", EXPLAINERS)


class BagOfWords(ExplainedModel):
    """A linear model of a bag of words, with one score; its embedding is the weight of a word.

    Tests replace one of its answers by a function.
    """

    def __init__(self, score, weights, padding_id, max_batch=10, score_embedded=None):
        super().__init__(padding_id, weights.device, max_batch)
        self.score, self.weights = score, weights
        self.score_embedded = score_embedded or (lambda embedded, tokens: (embedded.squeeze(-1) * tokens.mask).sum(1))

    def scores(self, tokens):
        return self.score(tokens).unsqueeze(-1)

    def embed(self, ids):
        return self.weights[ids].unsqueeze(-1)

    def scores_embedded(self, embedded, tokens):
        return self.score_embedded(embedded, tokens).unsqueeze(1)

    def decompose(self, contexts, inside, kind):
        return kind.of(self.embed(contexts), inside).each(lambda x: x.sum(2))

    def recurrent(self):
        return None


@pytest.fixture
def make_bag(linear, vocabulary):
    score, weights = linear

    def make(score=score, **others):
        return BagOfWords(score, weights, vocabulary.padding_id, **others)

    return make


@pytest.fixture
def make_explainer(make_bag, language):
    context = SampledContext(language, nb_range=2, sample_n=4)
    return lambda name, **changes: EXPLAINERS[name](make_bag(**changes), 0, context)


@EVERY
def test_on_a_bag_of_words_scores_are_the_exact_weights(name, make_explainer, linear):
    _, weights = linear
    expected = torch.stack([weights[IDS[start:end]].sum() for start, end in SPANS])
    torch.testing.assert_close(make_explainer(name)(IDS, SPANS), expected)


@EVERY
@pytest.mark.parametrize("memory", [1, 6 * 11])
def test_memory_for_few_contexts_is_enough(name, make_explainer, linear, monkeypatch, memory):
    """For one phrase at a time at least, as for any number."""
    monkeypatch.setattr(Context, "MEMORY", memory)
    test_on_a_bag_of_words_scores_are_the_exact_weights(name, make_explainer, linear)


def test_contexts_are_made_for_some_phrases_at_a_time(make_bag, vocabulary, monkeypatch):
    class Watched(SentenceContext):
        def __call__(self, ids, spans, generator):
            seen.append(len(spans))
            return super().__call__(ids, spans, generator)

    for memory, groups in ((20, [3, 1]), (6, [1, 1, 1, 1]), (1, [1, 1, 1, 1])):
        seen = []
        monkeypatch.setattr(Context, "MEMORY", memory)
        SOC(make_bag(), 0, Watched(vocabulary.padding_id))(IDS, SPANS)
        assert seen == groups


@EVERY
@pytest.mark.parametrize("length", [0, 6])
def test_no_phrases_have_no_scores(name, make_explainer, length):
    assert make_explainer(name)(IDS[:length], []).shape == (0,)


@pytest.mark.parametrize("name", ["soc", "occlusion", "arch", "direct-feed"])
def test_scores_of_another_shape_are_refused(name, make_explainer, linear):
    """Such as a score for each sentence without a dimension of classes, or of each word."""
    score, _ = linear
    with pytest.raises(
        InputError, match=r"expected scores of \d+ sentences of the shape \[\d+, C\], got \[\d+, 2, 1\]"
    ):
        make_explainer(name, score=lambda tokens: score(tokens).unsqueeze(1).repeat(1, 2))(IDS, SPANS)
    with pytest.raises(InputError, match=r"of the shape \[\d+, C\], got \[1\]"):
        make_explainer(name, score=lambda tokens: score(tokens).sum())(IDS, SPANS)


@pytest.mark.parametrize("name", ["soc", "occlusion", "arch", "direct-feed"])
def test_sentences_are_scored_some_at_a_time_without_gradients(name, make_explainer, linear):
    sizes = []

    def score(tokens):
        sizes.append(len(tokens.ids))
        return linear[0](tokens) * weight

    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    found = make_explainer(name, score=score, max_batch=3)(IDS, SPANS)
    assert not found.requires_grad
    assert len(sizes) > 1
    assert max(sizes) == 3


def test_less_than_one_sentence_at_a_time_is_refused(make_bag):
    with pytest.raises(InputError, match="max_batch: expected 1 or more, got 0"):
        make_bag(max_batch=0)


@EVERY
def test_sentences_come_one_by_one(name, make_explainer):
    with pytest.raises(InputError, match=r"ids: expected those of one sentence, \[T\], got the shape \[1, 6\]"):
        make_explainer(name)(IDS.unsqueeze(0), SPANS)


@EVERY
def test_a_sentence_of_one_word(name, make_explainer, linear):
    _, weights = linear
    torch.testing.assert_close(make_explainer(name)(IDS[:1], [(0, 1)]), weights[IDS[:1]])


@EVERY
def test_phrases_outside_the_sentence_are_refused(name, make_explainer):
    with pytest.raises(InputError, match="the number of words"):
        make_explainer(name)(IDS, [(0, 7)])


def square(tokens):
    """A score that is not linear in the words."""
    return (tokens.ids.double() * tokens.mask).sum(1) ** 2


@EVERY
def test_a_phrase_is_scored_alike_alone_and_among_others(name, make_explainer):
    """Where nothing is sampled."""
    explainer = make_explainer(name, score=square)
    if name not in NEED_LANGUAGE_MODEL:
        together = explainer(IDS, SPANS)
        for span, expected in zip(SPANS, together, strict=True):
            torch.testing.assert_close(explainer(IDS, [span])[0], expected)


@pytest.mark.parametrize("name", NEED_LANGUAGE_MODEL)
def test_samples_need_a_language_model(name, make_bag):
    with pytest.raises(InputError, match="needs --lm, a language model"):
        EXPLAINERS[name](make_bag(), 0)


@EVERY
def test_equal_calls_give_equal_scores_whatever_is_computed_in_between(name, make_explainer):
    explainer = make_explainer(name, score=square)
    first = explainer(IDS, SPANS)
    other = make_explainer(name, score=square)
    other(IDS.flip(0), SPANS)
    torch.rand(3)
    assert torch.equal(explainer(IDS, SPANS), first)
    assert torch.equal(other(IDS, SPANS), first)


def test_sampling_depends_on_the_generator_alone(make_explainer):
    """A generator goes on from call to call, and another explainer that samples in between changes nothing."""
    explainer, other = make_explainer("soc", score=square), make_explainer("soc", score=square)
    generator = torch.Generator().manual_seed(5)
    expected = [explainer(IDS, SPANS, generator) for _ in range(2)]
    assert not torch.equal(*expected)
    generator = torch.Generator().manual_seed(5)
    found = []
    for _ in range(2):
        found.append(explainer(IDS, SPANS, generator))
        other(IDS, SPANS)
    assert all(map(torch.equal, found, expected))
    assert not torch.equal(explainer(IDS, SPANS), expected[0])  # of the default seed, 1


@EVERY
def test_the_global_generator_is_neither_read_nor_changed(name, make_explainer):
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(make_explainer(name, score=square)(IDS, SPANS))
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*found)


def test_occlusion_and_its_relatives_on_a_product(make_explainer):
    """s(x) is 1 where words 9 and 15 are both there: neither matters without the other, and both do in the sentence."""

    def both(tokens):
        return ((tokens.ids == 9).any(1) & (tokens.ids == 15).any(1)).double()

    spans = [(1, 2), (4, 5), (1, 5)]
    expected = {"occlusion": [1, 1, 1], "arch": [0, 0, 1], "arch-mean": [0.5, 0.5, 1], "direct-feed": [0, 0, 1]}
    for name, scores in expected.items():
        assert make_explainer(name, score=both)(IDS, spans).tolist() == scores


def test_integrated_gradients_add_up_to_the_difference(make_explainer, make_bag):
    """Within the error of fifty points on a cubic."""

    def cubic(embedded, tokens):
        return embedded.sum((1, 2)) ** 3

    explainer = make_explainer("integrated-gradients", score_embedded=cubic)
    expected = cubic(make_bag().embed(IDS.unsqueeze(0)), None)
    torch.testing.assert_close(explainer(IDS, [(0, 6)]), expected, rtol=1e-3, atol=0)


def test_gradient_times_input_is_that_of_the_sentence_itself(make_explainer, make_bag):
    explainer = make_explainer("gradient-x-input", score_embedded=lambda e, t: (e**2).sum((1, 2)))
    embedded = make_bag().embed(IDS)[:, 0]
    torch.testing.assert_close(explainer(IDS, [(2, 3)]), 2 * embedded[2:3] ** 2)


def test_margins():
    scores = torch.tensor([[1.0, 4.0, 3.0], [5.0, 0.0, 2.0]])
    assert margin(scores, 0).tolist() == [-3, 3]
    assert margin(scores, 1).tolist() == [1, -5]
    assert margin(scores[:, :2], 1).tolist() == [3, -5]
    assert margin(scores[:, :1], 0).tolist() == [1, 5]
