"""The numerical tools that the distributions share."""

import mpmath
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latent_rationale.common.distributions.numerics import (
    inside_unit_interval,
    integrate_unit_interval,
    log1mexp,
    uniform_noise,
)

many = settings(max_examples=200, derandomize=True, database=None, deadline=None)
exponents = st.floats(-300, 2.5)


@many
@given(exponent=exponents, dtype=st.sampled_from([torch.float32, torch.float64]))
@example(exponent=-0.15920, dtype=torch.float64)  # on both sides of -0.6931, where the formula changes
@example(exponent=-0.15916, dtype=torch.float64)
@example(exponent=-0.15920, dtype=torch.float32)
@example(exponent=-0.15916, dtype=torch.float32)
def test_log1mexp_and_its_gradient_against_high_precision(exponent, dtype):
    limits = torch.finfo(dtype)
    value = torch.tensor(-(10**exponent), dtype=dtype).clamp(max=-10 * limits.tiny).requires_grad_()
    result = log1mexp(value)
    (gradient,) = torch.autograd.grad(result, value)
    with mpmath.workdps(400):
        x = mpmath.mpf(value.item())
        expected, slope = mpmath.log(1 - mpmath.exp(x)), -1 / mpmath.expm1(-x)
    assert result.item() == pytest.approx(float(expected), rel=8 * limits.eps, abs=limits.tiny)
    assert gradient.item() == pytest.approx(float(slope), rel=8 * limits.eps, abs=limits.tiny)


def test_log1mexp_is_zero_far_out_without_spoiling_its_neighbours():
    value = torch.tensor([-1e-30, -0.5, -3.0, -1e4, -torch.inf], requires_grad=True)
    result = log1mexp(value)
    (gradient,) = torch.autograd.grad(result.sum(), value)
    assert torch.isfinite(result).all()
    assert torch.isfinite(gradient).all()
    assert result[3:].tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_clamping_keeps_off_both_ends_and_leaves_the_rest_alone(dtype):
    value = torch.tensor([-1.0, 0.0, 1e-30, 0.3, 1.0, 2.0], dtype=dtype)
    clamped = inside_unit_interval(value)
    assert ((clamped > 0) & (clamped < 1)).all()
    assert torch.equal(clamped[2:4], value[2:4])
    assert (clamped - value.clamp(0, 1)).abs().max() <= 2 * torch.finfo(dtype).eps


@pytest.mark.parametrize("noise", [0.0, 0.3, 1 - 2**-24])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_noise_has_finite_logarithms(noise, dtype, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **kind: torch.full(shape, noise, **kind))
    drawn = uniform_noise(torch.Size([2, 3]), like=torch.zeros(7, dtype=dtype))
    assert drawn.shape == (2, 3)
    assert drawn.dtype == dtype
    assert torch.isfinite(torch.logit(drawn)).all()
    torch.testing.assert_close(drawn, torch.full((2, 3), noise, dtype=dtype), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: torch.ones_like(x), 1.0),
        (lambda x: x, 1 / 2),
        (lambda x: x**7, 1 / 8),
        (lambda x: x.sqrt(), 2 / 3),
        (lambda x: (1 - x) ** 0.1, 10 / 11),
        (lambda x: -x.log(), 1.0),
    ],
)
def test_quadrature_on_integrals_that_are_known(function, expected):
    integral = integrate_unit_interval(function, like=torch.zeros((), dtype=torch.float64))
    assert integral.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_quadrature_of_a_batch(dtype):
    powers = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=dtype)
    integral = integrate_unit_interval(lambda x: x**powers, like=powers)
    torch.testing.assert_close(integral, 1 / (1 + powers))
