"""Identities that hold for every distribution, without chance."""

import numpy as np
import torch
from torch.distributions import kl_divergence

from latent_rationale.common.distributions import Selection


def integral(function):
    """The integral over (0, 1), by Gauss-Legendre quadrature in t where x = sin(t)^2, which tames both ends."""
    nodes, weights = (torch.from_numpy(x).unsqueeze(-1) for x in np.polynomial.legendre.leggauss(300))
    angles = (nodes + 1) * torch.pi / 4
    return (weights * torch.pi / 4 * torch.sin(2 * angles) * function(torch.sin(angles) ** 2)).sum(0)


def density(dist, value):
    return torch.zeros_like(dist.mean) if dist.support.is_discrete else dist.log_prob(value).exp()


def point_masses(dist):
    return (dist.p0, dist.p1) if isinstance(dist, Selection) else (torch.zeros_like(dist.mean),) * 2


def test_the_derivative_of_the_cdf_is_the_density(continuous, inside):
    dist = continuous()
    value = inside.repeat(1, *dist.batch_shape).requires_grad_()
    (slope,) = torch.autograd.grad(dist.cdf(value).sum(), value)
    torch.testing.assert_close(slope, density(dist, value.detach()), rtol=1e-9, atol=1e-12)


def test_point_masses_and_density_make_one(case):
    dist = case()
    p0, p1 = point_masses(dist)
    total = p0 + p1 + integral(lambda value: density(dist, value))
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-5)


def test_the_mean_is_the_integral_over_the_density(case):
    dist = case()
    _, p1 = point_masses(dist)
    expected = p1 + integral(lambda value: value * density(dist, value))
    torch.testing.assert_close(dist.mean, expected, rtol=0, atol=1e-5)


def test_the_cdf_jumps_by_the_point_masses(selection):
    dist = selection()
    at = [dist.cdf(torch.tensor(value, dtype=torch.float64)) for value in (-1e-12, 0.0, 1 - 1e-12, 1.0)]
    torch.testing.assert_close(at[0], torch.zeros_like(dist.p0), rtol=0, atol=0)
    torch.testing.assert_close(at[1], dist.p0, rtol=1e-12, atol=0)
    torch.testing.assert_close(at[3] - at[2], dist.p1, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(at[3], torch.ones_like(dist.p0), rtol=0, atol=0)


def test_the_inverse_cdf_finds_the_way_back(case):
    """The smallest value whose cdf is at least u: also where the cdf jumps."""
    dist = case()
    noise = torch.linspace(0.01, 0.99, 99, dtype=torch.float64).unsqueeze(-1).expand(99, *dist.batch_shape)
    value = dist.icdf(noise)
    p0, p1 = point_masses(dist)
    assert torch.equal(value == 0, noise <= p0)
    assert torch.equal(value == 1, noise > 1 - p1)
    inside = (value > 0) & (value < 1)
    torch.testing.assert_close(dist.cdf(value)[inside], noise[inside])


def test_the_cdf_of_a_base_has_no_jumps(base):
    dist = base()
    ends = dist.cdf(torch.tensor([[1e-18], [1 - 2**-53]], dtype=torch.float64))
    expected = torch.tensor([[0.0], [1.0]], dtype=torch.float64).expand_as(ends)
    torch.testing.assert_close(ends, expected, rtol=0, atol=1e-5)


def test_the_cdf_beyond_the_support(selection):
    dist = selection()
    outside = torch.tensor([[-7.0], [-0.05], [1.05], [7.0]], dtype=torch.float64)
    expected = torch.tensor([[0.0], [0.0], [1.0], [1.0]], dtype=torch.float64)
    assert torch.equal(dist.cdf(outside), expected.expand(4, *dist.batch_shape))


def test_the_cdf_never_falls(case, inside):
    values = case().cdf(inside)
    assert (values.diff(dim=0) >= 0).all()


def test_log_prob_at_the_ends_is_that_of_the_point_masses(selection):
    dist = selection()
    ends = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    torch.testing.assert_close(dist.log_prob(ends).exp(), torch.stack([dist.p0, dist.p1]), rtol=1e-12, atol=0)


def test_survival_is_what_the_cdf_leaves(base, inside):
    dist = base()
    torch.testing.assert_close(dist.survival(inside) + dist.cdf(inside), torch.ones_like(dist.cdf(inside)))


def test_the_variance_is_the_integral_over_the_density(case):
    dist = case()
    p0, p1 = point_masses(dist)
    squares = integral(lambda value: (value - dist.mean).square() * density(dist, value))
    expected = p0 * dist.mean.square() + p1 * (1 - dist.mean).square() + squares
    torch.testing.assert_close(dist.variance, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(dist.stddev, expected.sqrt(), rtol=0, atol=2e-5)


def another(case, dtype=torch.float64):
    """The distribution of the case with the order of its batch reversed, so that elements are compared with others."""
    return case.build(*[tensor.flip(0) for tensor in case.tensors(dtype)])


def integrand(p, log_ratio):
    """-p log of the density, or p log of the ratio of two densities, at masses and between."""

    def at(value):
        return density(p, value) * log_ratio(value)

    ends = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    masses = torch.stack(point_masses(p))
    total = torch.zeros_like(p.mean) if p.support.is_discrete else integral(at)
    return total + (masses * log_ratio(ends)).sum(0) if masses.any() else total


def test_the_entropy_is_the_integral_over_the_mixed_measure(case):
    dist = case()
    expected = integrand(dist, lambda value: -dist.log_prob(value))
    torch.testing.assert_close(dist.entropy(), expected, rtol=0, atol=1e-4)


def test_the_divergence_is_the_integral_over_the_mixed_measure(case):
    p, q = case(), another(case)
    expected = integrand(p, lambda value: p.log_prob(value) - q.log_prob(value))
    torch.testing.assert_close(kl_divergence(p, q), expected, rtol=1e-4, atol=1e-4)
