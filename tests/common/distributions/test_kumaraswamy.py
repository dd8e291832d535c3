"""The Kumaraswamy distribution against numbers that can be had otherwise."""

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_rationale.common.distributions import Kumaraswamy

shapes = st.floats(0.05, 20)
between = st.floats(0.01, 0.99)
many = settings(max_examples=100, derandomize=True, database=None, deadline=None)


def kuma(a, b):
    return Kumaraswamy(torch.tensor([a], dtype=torch.float64), torch.tensor([b], dtype=torch.float64))


def number(value):
    return torch.tensor([value], dtype=torch.float64)


def test_with_unit_shapes_it_is_uniform(inside):
    dist = kuma(1.0, 1.0)
    torch.testing.assert_close(dist.cdf(inside), inside)
    torch.testing.assert_close(dist.log_prob(inside), torch.zeros_like(inside), rtol=0, atol=1e-12)
    torch.testing.assert_close(dist.mean, number(0.5))


@pytest.mark.parametrize(
    ("a", "b", "value", "cdf", "pdf"),
    [
        (2.0, 3.0, 0.5, 37 / 64, 27 / 16),  # 1 - (3/4)^3 and 2 * 3 * 1/2 * (3/4)^2
        (1.0, 2.0, 0.25, 7 / 16, 3 / 2),  # 1 - (3/4)^2 and 2 * 3/4
        (0.5, 0.5, 0.25, 1 - 0.5**0.5, 0.5**0.5),  # 1 - (1/2)^(1/2) and 1/4 * 2 * (1/2)^(-1/2)
    ],
)
def test_values_by_hand(a, b, value, cdf, pdf):
    torch.testing.assert_close(kuma(a, b).cdf(number(value)), number(cdf))
    torch.testing.assert_close(kuma(a, b).log_prob(number(value)).exp(), number(pdf))
    torch.testing.assert_close(kuma(a, b).icdf(number(cdf)), number(value))


@many
@given(a=shapes, b=shapes, probability=between)
def test_the_cdf_undoes_its_inverse(a, b, probability):
    dist = kuma(a, b)
    value = dist.icdf(number(probability))
    if 1e-300 < value.item() < 1 - 1e-10:  # beyond, float64 cannot hold the value
        torch.testing.assert_close(dist.cdf(value), number(probability), rtol=1e-4, atol=0)


@many
@given(a=shapes, b=shapes, value=between)
def test_the_inverse_undoes_the_cdf(a, b, value):
    dist = kuma(a, b)
    probability = dist.cdf(number(value))
    if 1e-12 < probability.item() < 1 - 1e-3:
        torch.testing.assert_close(dist.icdf(probability), number(value), rtol=1e-6, atol=0)


@many
@given(a=shapes, b=shapes, low=between, high=between)
def test_the_inverse_cdf_rises(a, b, low, high):
    low, high = sorted([low, high])
    assert kuma(a, b).icdf(number(low)) <= kuma(a, b).icdf(number(high))


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_the_inverse_cdf_stays_inside_the_open_interval(probability):
    value = kuma(2.0, 3.0).icdf(number(probability))
    assert 0 < value < 1
    assert value.item() == pytest.approx(probability, abs=1e-15)


@pytest.mark.parametrize("a", [0.2, 0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("b", [0.2, 0.5, 1.0, 3.0, 20.0])
def test_the_closed_form_of_the_mean_is_the_integral_of_the_survival_function(a, b):
    expected = mpmath.quad(lambda x: (1 - x**a) ** b, mpmath.linspace(0, 1, 5))
    assert kuma(a, b).mean.item() == pytest.approx(float(expected), rel=1e-6)


def test_survival_keeps_its_digits_where_one_minus_the_cdf_has_none():
    dist = Kumaraswamy(torch.tensor([2.0]), torch.tensor([8.0]))
    value = torch.tensor([0.999])
    assert dist.cdf(value) == 1
    assert dist.survival(value).item() == pytest.approx((1 - 0.999**2) ** 8, rel=1e-3)
