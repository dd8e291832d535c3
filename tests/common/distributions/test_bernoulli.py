"""Bernoulli choices, by enumeration."""

from itertools import product

import pytest
import torch

from latent_rationale.common.distributions import Bernoulli

LOGITS = torch.tensor([-3.0, -0.5, 0.0, 0.7, 2.0], dtype=torch.float64)


@pytest.fixture
def every_choice():
    """All sequences of five choices, ``[32, 5]``."""
    return torch.tensor(list(product([0.0, 1.0], repeat=5)), dtype=torch.float64)


def test_probabilities_by_hand():
    dist = Bernoulli(torch.tensor([0.0, 3.0, 0.25]).log())
    torch.testing.assert_close(dist.p1, torch.tensor([0.0, 3 / 4, 1 / 5]))
    torch.testing.assert_close(dist.p0, torch.tensor([1.0, 1 / 4, 4 / 5]))


def test_the_probabilities_of_all_sequences_make_one(every_choice):
    total = Bernoulli(LOGITS).log_prob(every_choice).sum(-1).exp().sum()
    assert total.item() == pytest.approx(1)


def test_the_mean_is_the_expectation_over_all_sequences(every_choice):
    dist = Bernoulli(LOGITS)
    probabilities = dist.log_prob(every_choice).sum(-1).exp()
    torch.testing.assert_close(probabilities @ every_choice, dist.mean)
    torch.testing.assert_close(probabilities @ (every_choice == 0).double(), dist.p0)


def test_the_cdf_counts_the_sequences_below(every_choice):
    dist = Bernoulli(LOGITS)
    probabilities = dist.log_prob(every_choice).sum(-1).exp()
    for value in (-0.1, 0.0, 0.4, 1.0, 1.5):
        expected = probabilities @ (every_choice <= value).double()
        torch.testing.assert_close(dist.cdf(torch.tensor(value, dtype=torch.float64)), expected)


def test_the_score_function_gives_the_gradient_of_an_expectation(every_choice):
    """What REINFORCE rests on: the sum of p(z) f(z) d log p(z) is the gradient of the expected f."""
    logits = LOGITS.clone().requires_grad_()
    log_probs = Bernoulli(logits).log_prob(every_choice).sum(-1)
    cost = every_choice.sum(-1) ** 2
    (exact,) = torch.autograd.grad((log_probs.exp() * cost).sum(), logits, retain_graph=True)
    (score,) = torch.autograd.grad((log_probs.exp().detach() * cost * log_probs).sum(), logits)
    torch.testing.assert_close(score, exact)


def test_decisions_take_the_likelier():
    assert Bernoulli(LOGITS).decide().tolist() == [0, 0, 1, 1, 1]


def test_a_fraction_is_no_choice():
    with pytest.raises(ValueError, match="within the support"):
        Bernoulli(LOGITS).log_prob(torch.tensor(0.5))


def test_sure_choices_have_finite_log_probs_and_gradients():
    logits = torch.tensor([-200.0, 200.0], requires_grad=True)
    for choice in (0.0, 1.0):
        log_prob = Bernoulli(logits).log_prob(torch.tensor(choice))
        (gradient,) = torch.autograd.grad(log_prob.sum(), logits)
        assert log_prob.sum().item() == pytest.approx(-200)
        assert gradient.abs().sum().item() == pytest.approx(1)
