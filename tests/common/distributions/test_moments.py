"""Variance and mode of every distribution, by integration, on grids and by hand."""

import mpmath
import pytest
import torch

from latent_rationale.common.distributions import (
    Bernoulli,
    BinaryConcrete,
    HardConcrete,
    HardKuma,
    Kumaraswamy,
    Rectified,
)


def number(value):
    return torch.tensor([value], dtype=torch.float64)


@pytest.mark.parametrize("a", [1e-6, 1e-3, 0.5, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("b", [1e-6, 1e-3, 0.5, 1.0, 10.0, 100.0])
def test_the_variance_of_a_kumaraswamy_variable_against_high_precision(a, b):
    """Two close moments are subtracted: 1e-3 is what is left of float64's digits at a = b = 1e-6."""
    with mpmath.workdps(60):
        first, second = (mpmath.mpf(b) * mpmath.beta(1 + order / mpmath.mpf(a), b) for order in (1, 2))
        expected = float(second - first**2)
    worst = 1e-3 if a == b == 1e-6 else 1e-4
    assert Kumaraswamy(number(a), number(b)).variance.item() == pytest.approx(expected, rel=worst, abs=1e-15)


@pytest.mark.parametrize(
    ("dist", "expected"),
    [
        (Kumaraswamy(number(1.0), number(1.0)), 1 / 12),
        (Kumaraswamy(number(1.0), number(2.0)), 1 / 18),  # that of Beta(1, 2)
        (Kumaraswamy(number(2.0), number(1.0)), 1 / 18),  # that of Beta(2, 1)
        (Bernoulli(number(3.0).log()), 3 / 16),
        (BinaryConcrete(number(0.0), number(1.0)), 1 / 12),
        # Uniform on (-0.1, 1.1), cut off: E[H^2] = 1/12 + 10/12 * 1/3, less the square of a half.
        (HardKuma(number(1.0), number(1.0)), 1 / 12 + 10 / 36 - 1 / 4),
        (HardConcrete(number(0.0), 1.0), 1 / 12 + 10 / 36 - 1 / 4),
    ],
)
def test_variances_by_hand(dist, expected):
    assert dist.variance.item() == pytest.approx(expected, rel=1e-9)


# The mode


def test_no_point_of_a_grid_has_a_higher_density_than_the_mode_of_a_base(base):
    dist = base()
    grid = torch.linspace(1e-3, 1 - 1e-3, 1999, dtype=torch.float64).unsqueeze(-1)
    highest = dist.log_prob(grid).amax(0)
    at_mode = dist.log_prob(dist.mode.clamp(1e-3, 1 - 1e-3))
    assert (at_mode >= highest - 1e-9).all()


def test_the_mode_of_a_selection_is_its_most_likely_outcome(selection):
    """Of 0, 1 and in between; in between, no point of a grid has a higher density."""
    dist = selection()
    outcome = torch.stack([dist.p0, 1 - dist.p0 - dist.p1, dist.p1]).argmax(0)
    surely_zero, surely_one = (outcome == 0) & (dist.p0 != dist.p1), outcome == 2
    assert (dist.mode[surely_zero] == 0).all()
    assert (dist.mode[surely_one] == 1).all()
    if not dist.support.is_discrete:
        grid = torch.linspace(1e-9, 1 - 1e-9, 1999, dtype=torch.float64).unsqueeze(-1)
        highest = dist.log_prob(grid).amax(0)
        at_mode = dist.log_prob(dist.mode.clamp(1e-9, 1 - 1e-9))
        assert (outcome == 1).any()
        assert (at_mode >= highest - 1e-7)[outcome == 1].all()


@pytest.mark.parametrize(
    ("a", "b", "mode"),
    [
        (2.0, 2.0, (1 / 3) ** 0.5),
        (3.0, 2.0, (2 / 5) ** (1 / 3)),
        (1.0, 3.0, 0.0),  # the density 3 (1 - x)^2
        (3.0, 1.0, 1.0),  # the density 3 x^2
        (1.0, 1.0, 0.5),  # uniform
        (0.5, 3.0, 0.0),
        (3.0, 0.5, 1.0),
        (0.3, 0.5, 0.0),  # infinite at both ends, but x^-0.7 grows faster than (1 - x)^-0.5
        (0.5, 0.3, 1.0),
    ],
)
def test_modes_of_kumaraswamy_variables_by_hand(a, b, mode):
    assert Kumaraswamy(number(a), number(b)).mode.item() == pytest.approx(mode)


@pytest.mark.parametrize(
    ("location", "temperature", "mode"),
    [(0.0, 2.0, 0.5), (0.0, 0.5, 0.5), (1.0, 0.5, 1.0), (-1.0, 0.5, 0.0), (2.0, 1.0, 1.0), (0.0, 1.0, 0.5)],
)
def test_modes_of_concrete_variables_by_hand(location, temperature, mode):
    assert BinaryConcrete(number(location), number(temperature)).mode.item() == pytest.approx(mode)


@pytest.mark.parametrize(
    ("a", "b", "mode"),
    [
        (0.1, 0.5, 0.0),  # P(0) = 0.53
        (0.5, 0.1, 1.0),  # P(1) = 0.73
        (2.0, 2.0, -0.1 + 1.2 * (1 / 3) ** 0.5),  # in between, the mode of the base, stretched
        (
            0.5,
            0.5,
            1.0,
        ),  # in between, and of its ends the one of higher density: 1.03 at 1/12 of the base, 1.27 at 11/12
        (0.5, 0.6, 0.0),  # 1.19 at 1/12, 1.11 at 11/12
        (1.0, 2.0, 0.0),  # in between, where the density falls
        (2.0, 1.0, 1.0),  # in between, where it rises
    ],
)
def test_modes_of_hardkuma_by_hand(a, b, mode):
    dist = HardKuma(number(a), number(b))
    assert dist.mode.item() == pytest.approx(mode)


def test_the_mode_has_the_gradient_of_an_implicit_function():
    shapes = [number(2.5).requires_grad_(), number(3.5).requires_grad_()]
    concrete = [number(0.7).requires_grad_(), number(2.5).requires_grad_()]
    assert torch.autograd.gradcheck(lambda a, b: Kumaraswamy(a, b).mode, shapes)
    assert torch.autograd.gradcheck(lambda a, b: HardKuma(a, b).mode, shapes)
    assert torch.autograd.gradcheck(lambda location, t: BinaryConcrete(location, t).mode, concrete)
    assert torch.autograd.gradcheck(lambda location, t: Rectified(BinaryConcrete(location, t)).mode, concrete)


def test_the_variance_has_a_gradient(case):
    leaves = [tensor.clone().requires_grad_() for tensor in case.tensors()]
    assert torch.autograd.gradcheck(lambda *parameters: case.build(*parameters).variance, leaves)
