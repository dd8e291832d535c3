"""What stands around a phrase."""

import pytest
import torch

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers.contexts import EmptyContext, JoinedContext, SampledContext, SentenceContext
from latent_rationale.explain.language_model.sampler import BidirectionalSampler

PADDING = 1


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


IDS = torch.arange(2, 12)
SPANS = [(0, 1), (3, 5), (9, 10), (0, 10)]


def test_the_sentence_and_nothing():
    joined = JoinedContext(SentenceContext(PADDING), EmptyContext(PADDING))(IDS, SPANS, seeded())
    assert joined.shape == (4, 2, 10)
    for (start, end), (sentence, empty) in zip(SPANS, joined, strict=True):
        assert torch.equal(sentence, IDS)
        assert torch.equal(empty[start:end], IDS[start:end])
        assert (torch.cat([empty[:start], empty[end:]]) == PADDING).all()


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("nb_range", [0, 2, 30])
def test_only_words_near_a_phrase_are_drawn(language, share, nb_range):
    drawn = SampledContext(language, nb_range, sample_n=30, share=share)(IDS, SPANS, seeded())
    assert drawn.shape == (4, 30, 10)
    for (start, end), rows in zip(SPANS, drawn, strict=True):
        for place in range(10):
            same = (rows[:, place] == IDS[place]).all()
            near = (start - nb_range <= place < start) or (end <= place < end + nb_range)
            assert bool(same) != near
        assert (rows >= 2).all()


@pytest.mark.parametrize(("nb_range", "sample_n"), [(-1, 5), (2, 0)])
def test_there_are_samples_and_a_range(language, nb_range, sample_n):
    with pytest.raises(InputError, match="expected nb_range >= 0 and sample_n >= 1"):
        SampledContext(language, nb_range, sample_n)


def test_a_language_model_and_a_classifier_meet_word_for_word(make_model, vocabulary, language):
    """As where a user brings them together by hand."""
    found = BidirectionalSampler.between(make_model(), vocabulary, vocabulary)
    assert torch.equal(*(SampledContext(sampler)(IDS, SPANS, seeded()) for sampler in (found, language)))


def test_samples_follow_the_generator_and_nothing_else(language):
    context = SampledContext(language, 3, 5)
    first = context(IDS, SPANS, seeded())
    torch.manual_seed(9)
    state = torch.get_rng_state()
    assert torch.equal(context(IDS, SPANS, seeded()), first)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(context(IDS, SPANS, seeded(2)), first)


def right_of(language, ids, share):
    context = SampledContext(language, nb_range=2, sample_n=3000, share=share)
    return context(ids, [(4, 6)], seeded(5))[0, :, 6:8]


@pytest.mark.parametrize(
    ("place", "unshared", "shared"),
    [(1, True, True), (3, False, True), (4, True, True), (5, True, True), (6, False, False), (9, False, False)],
    ids=["beyond", "left neighbour", "first word", "last word", "right neighbour", "behind"],
)
def test_what_the_model_reads_before_it_draws_to_the_right(language, place, unshared, shared):
    changed = IDS.clone()
    changed[place] = 20
    for share, matters in ((False, unshared), (True, shared)):
        assert torch.equal(right_of(language, IDS, share), right_of(language, changed, share)) != matters


def test_left_is_right_in_a_mirror(language):
    """The same sampler in both directions draws the same for a sentence and its mirror image."""
    both = type(language)(language.forwards, language.forwards, PADDING)
    there = SampledContext(both, 3, 500)(IDS, [(0, 2)], seeded(3))
    back = SampledContext(both, 3, 500)(IDS.flip(0), [(8, 10)], seeded(3))
    assert torch.equal(there, back.flip(-1))


def test_shared_samples_are_shared_by_phrases_with_the_same_edge(language):
    drawn = SampledContext(language, 4, 10, share=True)(IDS, [(2, 5), (4, 5), (4, 6)], seeded())
    assert torch.equal(drawn[0, :, 5:], drawn[1, :, 5:])
    assert torch.equal(drawn[1, :, :4], drawn[2, :, :4])
