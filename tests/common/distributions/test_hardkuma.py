"""HardKuma by hand, and the way from a network to its parameters."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_rationale.common.distributions import HardKuma

positive = st.floats(-6, 2).map(lambda exponent: 10**exponent)
many = settings(max_examples=100, derandomize=True, database=None, deadline=None)


def hardkuma(a, b):
    return HardKuma(torch.tensor([a], dtype=torch.float64), torch.tensor([b], dtype=torch.float64))


@pytest.mark.parametrize(
    ("a", "b", "p0", "p1"),
    [
        (1.0, 1.0, 1 / 12, 1 / 12),
        (1.0, 2.0, 1 - (11 / 12) ** 2, (1 / 12) ** 2),
        (2.0, 1.0, (1 / 12) ** 2, 1 - (11 / 12) ** 2),
        (0.5, 0.5, 1 - (1 - (1 / 12) ** 0.5) ** 0.5, (1 - (11 / 12) ** 0.5) ** 0.5),  # figure 2: 0.157 and 0.206
    ],
)
def test_point_masses_by_hand(a, b, p0, p1):
    assert hardkuma(a, b).p0.item() == pytest.approx(p0, abs=1e-7)
    assert hardkuma(a, b).p1.item() == pytest.approx(p1, abs=1e-7)


@pytest.mark.parametrize(
    ("a", "b", "decision"),
    [
        (0.1, 0.5, 0.0),  # P(0) = 0.53
        (0.5, 0.1, 1.0),  # P(1) = 0.73
        (0.01, 0.01, 1.0),  # P(0) = 0.04, P(1) = 0.93
        (1.0, 1.0, 1 / 2),  # P(in between) = 10/12; b * B(1 + 1/a, b) = 1/2
        (1.0, 2.0, 1 / 3),  # 2 * B(2, 2) = 2/6; stretched, it would be 0.3
        (2.0, 1.0, 2 / 3),  # B(3/2, 1) = 2/3; stretched, it would be 0.7
        (0.5, 1.0, 1 / 3),  # P(0) = 0.29, P(1) = 0.04; B(3, 1) = 1/3
        (0.25, 1.0, 0.0),  # P(0) = 0.537
    ],
)
def test_decisions_by_hand(a, b, decision):
    """Section 5: the likeliest of 0, 1 and in between; there the mean of the underlying Kumaraswamy variable."""
    assert hardkuma(a, b).decide().item() == pytest.approx(decision)


@many
@given(a=positive, b=positive)
def test_probabilities_are_probabilities(a, b):
    dist = hardkuma(a, b)
    p0, p1, mean = dist.p0.item(), dist.p1.item(), dist.mean.item()
    assert min(p0, p1, 1 - p0 - p1) >= -1e-12
    assert p1 - 1e-12 <= mean <= 1 - p0 + 1e-12


@many
@given(a=positive, b=positive, value=st.floats(0.001, 0.999))
def test_the_cdf_lies_between_the_point_masses(a, b, value):
    dist = hardkuma(a, b)
    cdf = dist.cdf(torch.tensor([value], dtype=torch.float64)).item()
    assert dist.p0.item() - 1e-12 <= cdf <= 1 - dist.p1.item() + 1e-12


@many
@given(a=positive, b=positive, factor=st.floats(1.01, 10))
def test_larger_a_moves_the_mass_up_and_larger_b_moves_it_down(a, b, factor):
    middle, up, down = hardkuma(a, b), hardkuma(a * factor, b), hardkuma(a, b * factor)
    assert up.p0 <= middle.p0 <= down.p0
    assert up.p1 >= middle.p1 >= down.p1
    assert up.mean >= middle.mean - 1e-12
    assert middle.mean >= down.mean - 1e-12


def test_raw_numbers_become_a_and_b_by_softplus():
    dist = HardKuma.from_raw(torch.tensor([0.0, 3.0], dtype=torch.float64))
    assert dist.a.item() == pytest.approx(0.6931471805599453)
    assert dist.b.item() == pytest.approx(3.048587351573742)


def test_raw_numbers_are_clamped():
    dist = HardKuma.from_raw(torch.tensor([[-1e4, 1e4], [1e4, -1e4], [-20.0, 101.0]]))
    assert torch.equal(dist.a, torch.tensor([1e-6, 100.0, 1e-6]))
    assert torch.equal(dist.b, torch.tensor([100.0, 1e-6, 100.0]))


def test_gradients_of_samples_flow_to_raw_numbers():
    raw = torch.zeros(100, 2, requires_grad=True)
    torch.manual_seed(8)
    samples = HardKuma.from_raw(raw).rsample()
    (gradient,) = torch.autograd.grad(samples.sum(), raw)
    fractions = (samples > 0) & (samples < 1)
    assert 10 < fractions.sum() < 90
    assert torch.equal(gradient != 0, fractions.unsqueeze(-1).expand(100, 2))
