"""HardConcrete and its base by hand."""

import mpmath
import pytest
import torch

from latent_rationale.common.distributions import BinaryConcrete, HardConcrete


def concrete(location, temperature):
    return BinaryConcrete(
        torch.tensor([location], dtype=torch.float64), torch.tensor([temperature], dtype=torch.float64)
    )


def hardconcrete(location):
    return HardConcrete(torch.tensor([location], dtype=torch.float64))


def test_with_temperature_one_and_location_zero_it_is_uniform(inside):
    dist = concrete(0.0, 1.0)
    torch.testing.assert_close(dist.cdf(inside), inside)
    torch.testing.assert_close(dist.log_prob(inside), torch.zeros_like(inside), rtol=0, atol=1e-12)


@pytest.mark.parametrize("location", [-1.0, 0.0, 2.0])
def test_the_location_is_the_log_odds_of_exceeding_a_half(location):
    half = torch.tensor([0.5], dtype=torch.float64)
    assert torch.logit(concrete(location, 0.3).survival(half)).item() == pytest.approx(location)


@pytest.mark.parametrize(("location", "temperature"), [(0.0, 0.5), (0.5, 2 / 3), (-3.0, 1.0), (2.0, 2.0), (1.0, 0.1)])
def test_the_mean_is_the_integral_over_the_noise(location, temperature):
    def sample_times_density(noise):
        return 1 / (1 + mpmath.exp(-(noise + location) / temperature)) / (2 + 2 * mpmath.cosh(noise))

    expected = mpmath.quad(sample_times_density, mpmath.linspace(-40, 40, 21))
    assert concrete(location, temperature).mean.item() == pytest.approx(float(expected), abs=1e-8)


def test_the_probability_of_being_active_is_that_of_the_paper():
    """Louizos et al. (2018), equation 12: sigmoid(log alpha - beta * log(-gamma / zeta)), here with 2/3 * log 11."""
    assert 1 - hardconcrete(0.0).p0.item() == pytest.approx(0.8318222, abs=1e-7)
    assert 1 - hardconcrete(-1.5985969).p0.item() == pytest.approx(0.5, abs=1e-7)


def test_without_location_both_ends_are_alike():
    dist = hardconcrete(0.0)
    assert dist.p0.item() == pytest.approx(dist.p1.item())
    assert dist.mean.item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("location", "decision"),
    [
        (-10.0, 0.0),
        (-2.0, 0.0),  # P(0) = sigmoid(2 - 1.5986) = 0.6
        (0.0, 0.5),  # P(0) = P(1) = 0.168
        (0.5, 0.5975947),  # P(0) = 0.11, P(1) = 0.25; the mean of the base by quadrature, that of H is 0.6078
        (2.0, 1.0),
        (10.0, 1.0),
    ],
)
def test_decisions_by_hand(location, decision):
    assert hardconcrete(location).decide().item() == pytest.approx(decision, abs=1e-7)


def test_the_raw_number_is_the_location():
    dist = HardConcrete.from_raw(torch.tensor([[-70.0], [0.3]]))
    assert torch.equal(dist.location, torch.tensor([-70.0, 0.3]))
    assert torch.equal(dist.p0, HardConcrete(torch.tensor([-70.0, 0.3])).p0)
