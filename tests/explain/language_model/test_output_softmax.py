"""Properties of all output softmaxes: normalised probabilities, and samples that follow them."""

import pytest
import torch

from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES, AdaptiveSoftmax, softmax_icdf

STATES, WORDS, RESERVED = 5, 40, 2
KINDS = pytest.mark.parametrize("name", OUTPUT_SOFTMAXES)


@pytest.fixture
def make(monkeypatch, randomise):
    monkeypatch.setattr(AdaptiveSoftmax, "CUTOFFS", (10, 25))
    return lambda name: randomise(OUTPUT_SOFTMAXES[name](STATES, WORDS, RESERVED))


@KINDS
def test_probabilities_add_up_to_one(name, make):
    states = torch.randn(3, STATES, dtype=torch.float64)
    every = torch.arange(WORDS).repeat(3)
    log_probs = make(name).log_prob(states.repeat_interleave(WORDS, dim=0), every)
    torch.testing.assert_close(log_probs.view(3, WORDS).exp().sum(1), torch.ones(3, dtype=torch.float64))


@KINDS
def test_words_are_drawn_by_their_probabilities(name, make):
    """Frequencies within five standard deviations for 38 words; false-alarm rate 1 in 50,000."""
    choice, count = make(name), 100_000
    state = torch.randn(1, STATES, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    drawn = choice.icdf(state.expand(count, -1), torch.rand(count, generator=torch.Generator().manual_seed(3)).double())
    probabilities = choice.log_prob(state.expand(WORDS, -1), torch.arange(WORDS)).exp().detach()
    probabilities[:RESERVED] = 0
    probabilities /= probabilities.sum()
    frequencies = torch.bincount(drawn, minlength=WORDS) / count
    deviations = (probabilities * (1 - probabilities) / count).sqrt()
    assert not frequencies[:RESERVED].any()
    assert ((frequencies - probabilities).abs() <= 5 * deviations).all()


@KINDS
@pytest.mark.parametrize("noise", [0.0, 1 - 1e-12, 1.0])
def test_no_noise_leads_beyond_the_vocabulary(name, noise, make):
    drawn = make(name).icdf(torch.randn(50, STATES, dtype=torch.float64), torch.full((50,), noise).double())
    assert ((drawn >= RESERVED) & (drawn < WORDS)).all()


@KINDS
def test_all_of_it_learns(name, make):
    choice = make(name)
    choice.log_prob(torch.randn(WORDS, STATES, dtype=torch.float64), torch.arange(WORDS)).sum().backward()
    assert all(parameter.grad.any() for parameter in choice.parameters())


def test_a_vocabulary_of_a_handful_has_an_adaptive_softmax_too():
    choice = AdaptiveSoftmax(STATES, 5, RESERVED)
    assert choice.log_prob(torch.randn(5, STATES), torch.arange(5)).shape == (5,)


@pytest.mark.parametrize("words", [1, 7, 64, 65, 1000])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_draw_falls_where_the_cumulative_probability_says(words, dtype):
    """Noise = probability of all words before the sampled one + relative position times its own probability."""
    logits, noise = 3 * torch.randn(300, words + 2, dtype=dtype)[:, 2:], torch.rand(300, dtype=dtype)
    found, rest = softmax_icdf(logits, noise)
    probabilities = logits.double().softmax(1)
    own = probabilities.gather(1, found.unsqueeze(1)).squeeze(1)
    before = probabilities.cumsum(1).gather(1, found.unsqueeze(1)).squeeze(1) - own
    torch.testing.assert_close(before + rest * own, noise.double(), atol=torch.finfo(dtype).eps * 100, rtol=0)
    assert ((rest >= 0) & (rest <= 1)).all()


def test_a_word_without_a_share_is_never_drawn():
    logits = torch.tensor([[-1000.0, 0.0, -1000.0, -1000.0], [1000.0, 999.0, -1000.0, -1000.0]])
    for noise in (0.0, 0.9999, 1.0):
        found, rest = softmax_icdf(logits, torch.full((2,), noise))
        assert found.tolist() == [1, int(noise > 0)]
        assert ((rest >= 0) & (rest <= 1)).all()
