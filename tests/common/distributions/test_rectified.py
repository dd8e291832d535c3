"""Stretching and rectifying, over any base."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_rationale.common.distributions import BinaryConcrete, HardConcrete, HardKuma, Kumaraswamy, Rectified

ONE = torch.ones(1, dtype=torch.float64)
few = settings(max_examples=50, derandomize=True, database=None, deadline=None)


def uniform(low, high):
    """A base that is uniform on (0, 1), so that all else is lengths of intervals."""
    return Rectified(Kumaraswamy(ONE, ONE), low, high)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.1), (0.1, 1.1), (-0.1, 1.0), (-0.1, 0.9), (1.1, -0.1), (float("nan"), 1.1)]
)
def test_ends_that_do_not_stretch_beyond_the_unit_interval_are_refused(low, high):
    for build in (uniform, partial(HardKuma, 1.0, 1.0), partial(HardConcrete, 0.0, 1.0)):
        with pytest.raises(ValueError, match=f"low={low} and high={high}"):
            build(low, high)


@few
@given(below=st.floats(0.01, 3), above=st.floats(0.01, 3))
def test_with_a_uniform_base_everything_is_a_length(below, above):
    dist, length = uniform(-below, 1 + above), below + 1 + above
    assert dist.p0.item() == pytest.approx(below / length)
    assert dist.p1.item() == pytest.approx(above / length)
    assert dist.cdf(0.25 * ONE).item() == pytest.approx((below + 0.25) / length)
    assert dist.log_prob(0.25 * ONE).exp().item() == pytest.approx(1 / length)
    assert dist.mean.item() == pytest.approx((0.5 + above) / length)


@few
@given(below=st.floats(0.01, 3), above=st.floats(0.01, 3))
def test_samples_are_those_of_the_base_stretched_and_cut_off(below, above):
    base = BinaryConcrete(torch.zeros(50), torch.ones(50))
    torch.manual_seed(7)
    fractions = base.sample()
    torch.manual_seed(7)
    samples = Rectified(base, -below, 1 + above).sample()
    for fraction, sample in zip(fractions.tolist(), samples.tolist(), strict=True):
        stretched = -below + (1 + above + below) * fraction
        assert sample == pytest.approx(min(1.0, max(0.0, stretched)), abs=1e-5)


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (-0.1, 1.1, 0.5),
        (-3, 1.1, 0.0),
        (-0.1, 4, 1.0),
        (-1.1, 1.2, 0.0),  # pieces of 1.1, 1 and 0.2
        (-0.2, 2.1, 1.0),
        (-0.9, 1.8, 0.5),  # in between is the longest piece, though shorter than the two others together
        (-2, 2.5, 0.0),
        (-1.5, 3, 1.0),
    ],
)
def test_decisions_with_a_uniform_base(low, high, decision):
    """The longest of the three pieces into which 0 and 1 cut the stretched interval."""
    assert uniform(low, high).decide().item() == pytest.approx(decision)


@pytest.mark.parametrize("build", [HardKuma, lambda a, b, *ends: Rectified(Kumaraswamy(a, b), *ends)])
def test_expanding_keeps_the_stretch(build):
    dist = build(2 * ONE, ONE, -0.5, 2.0)
    expanded = dist.expand((3, 1))
    assert type(expanded) is type(dist)
    assert torch.equal(expanded.p0, dist.p0.expand(3, 1))
    assert torch.equal(expanded.p1, dist.p1.expand(3, 1))


def test_a_registered_family_is_the_rectified_base(inside):
    named = [HardKuma(2 * ONE, 3 * ONE, -0.2, 1.3), HardConcrete(0.5 * ONE, 2 * ONE, -0.2, 1.3)]
    bases = [Kumaraswamy(2 * ONE, 3 * ONE), BinaryConcrete(0.5 * ONE, 2 * ONE)]
    for dist, base in zip(named, bases, strict=True):
        assert torch.equal(dist.cdf(inside), Rectified(base, -0.2, 1.3).cdf(inside))
        assert torch.equal(dist.log_prob(inside), Rectified(base, -0.2, 1.3).log_prob(inside))
