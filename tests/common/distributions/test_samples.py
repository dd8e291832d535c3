"""Samplers against theory.

The seed is fixed. Over all seeds, the probability that a correct sampler fails anything in this file is at most
FALSE_ALARM: each comparison gets an equal share of it (Bonferroni), and its bound holds at any sample size (Bernstein's
inequality for means, Hoeffding's for shares that are compared, Dvoretzky-Kiefer-Wolfowitz's for whole distributions).
"""

from math import log, sqrt

import pytest
import torch

SEED = 20190528
NUMBER = 100_000
FALSE_ALARM = 1e-6
COMPARISONS_PER_ELEMENT = 7  # mean, P(0), P(1), Kolmogorov-Smirnov, and three shares behind a decision


@pytest.fixture(scope="session")
def share(cases) -> float:
    """log(2 / r), where r is the false-alarm rate of one comparison."""
    comparisons = COMPARISONS_PER_ELEMENT * sum(case().batch_shape.numel() for case in cases.values())
    return log(2 * comparisons / FALSE_ALARM)


@pytest.fixture
def assert_mean(share):
    """Checks that samples in [0, 1], ``[NUMBER, *]``, could have the stated mean ``[*]``."""

    def check(samples, mean):
        mean = mean.double()
        variance = mean * (1 - mean)  # no variable in [0, 1] with this mean varies more
        third = share / (3 * NUMBER)
        bound = third + torch.sqrt(third**2 + 2 * variance * share / NUMBER)
        difference = (samples.double().mean(0) - mean).abs()
        assert (difference <= bound).all(), f"off by {difference} where {bound} is allowed"

    return check


def draw(case, dtype):
    torch.manual_seed(SEED)
    return case(dtype).sample((NUMBER,))


def test_mean(case, assert_mean):
    assert_mean(draw(case, torch.float32), case(torch.float64).mean)


def test_frequency_of_zero(selection, assert_mean):
    assert_mean(draw(selection, torch.float32) == 0, selection(torch.float64).p0)


def test_frequency_of_one(selection, assert_mean):
    assert_mean(draw(selection, torch.float32) == 1, selection(torch.float64).p1)


def test_kolmogorov_smirnov_between_the_ends(continuous, share):
    samples = draw(continuous, torch.float64).sort(0).values
    between = (samples > 0) & (samples < 1)
    theory = continuous().cdf(samples.clamp(1e-12, 1 - 1e-12))
    ranks = torch.arange(NUMBER + 1, dtype=torch.float64).unsqueeze(-1) / NUMBER
    distance = torch.maximum((ranks[1:] - theory).abs(), (ranks[:-1] - theory).abs())
    assert between.double().mean(0).min() > 0.1
    assert (distance * between).max() <= sqrt(share / (2 * NUMBER))


def test_no_outcome_is_more_frequent_than_the_decided_one(selection, share):
    samples, decided = draw(selection, torch.float64), selection().decide()
    outcomes = [lambda z: z == 0, lambda z: (z > 0) & (z < 1), lambda z: z == 1]
    shares = torch.stack([outcome(samples).double().mean(0) for outcome in outcomes])
    chosen = torch.stack([outcome(decided) for outcome in outcomes])
    assert ((shares * chosen).sum(0) >= shares.amax(0) - 2 * sqrt(share / (2 * NUMBER))).all()


def test_samples_stay_in_the_support(case):
    dist = case(torch.float32)
    assert dist.support.check(draw(case, torch.float32)).all()


def test_samples_are_independent_across_the_batch(continuous):
    torch.manual_seed(SEED)
    samples = continuous.build(*[tensor[:1] for tensor in continuous.tensors()]).expand((20,)).sample((5,))
    fractions = samples[(samples > 0) & (samples < 1)]
    assert len(fractions.unique()) == len(fractions) > 1


def test_the_same_seed_gives_the_same_samples(case):
    assert torch.equal(draw(case, torch.float32), draw(case, torch.float32))
