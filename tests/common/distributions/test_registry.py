"""What every registered distribution owes to the table of cases and to the gate that builds it."""

import subprocess
import sys

import pytest
import torch
from torch.distributions import kl_divergence

from latent_rationale.common import distributions
from latent_rationale.common.distributions import DISTRIBUTIONS

registered = pytest.mark.parametrize("family", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_registered_distribution_has_a_case_of_its_own(cases, name):
    assert name in cases, f"no test parameters for {name}: add an entry to CASES in conftest.py"
    assert type(cases[name]()) is DISTRIBUTIONS[name]


def test_every_public_distribution_has_a_case(cases):
    public = {name for name in distributions.__all__ if isinstance(getattr(distributions, name), type)}
    assert public - {"Selection", "UnitInterval"} == {type(case()).__name__ for case in cases.values()}


@registered
def test_a_gate_of_parameter_count_numbers_gives_one_choice_each(family):
    dist = family.from_raw(torch.randn(4, 3, family.parameter_count, generator=torch.manual_seed(1)))
    assert dist.batch_shape == (4, 3)
    for shaped_as_the_batch in (dist.sample(), dist.p0, dist.p1, dist.mean, dist.decide()):
        assert shaped_as_the_batch.shape == (4, 3)


@registered
def test_every_raw_number_matters(family):
    raw = torch.full((family.parameter_count,), 0.3)
    reference = family.from_raw(raw).mean
    for changed in raw + torch.eye(family.parameter_count):
        assert family.from_raw(changed).mean != reference


@registered
def test_gradients_reach_every_raw_number(family):
    raw = torch.randn(5, family.parameter_count, generator=torch.manual_seed(2), requires_grad=True)
    dist = family.from_raw(raw)
    (gradient,) = torch.autograd.grad((dist.p0 + 2 * dist.p1).sum(), raw)
    assert torch.isfinite(gradient).all()
    assert (gradient != 0).all()


@registered
def test_choices_are_finite_whatever_a_network_says(family):
    raw = torch.cartesian_prod(*[torch.tensor([-1e4, -100.0, 0.0, 100.0, 1e4])] * family.parameter_count)
    raw = raw.reshape(-1, family.parameter_count).requires_grad_()
    dist = family.from_raw(raw)
    torch.manual_seed(3)
    for value in (dist.sample((100,)), dist.p0, dist.p1, dist.mean, dist.decide()):
        assert ((value >= 0) & (value <= 1)).all()
    (gradient,) = torch.autograd.grad((dist.p0 + dist.p1).sum(), raw)
    assert torch.isfinite(gradient).all()


@registered
def test_no_validation_where_a_network_gives_the_parameters(family):
    assert not family.from_raw(torch.zeros(2, family.parameter_count))._validate_args


@registered
def test_everything_stays_on_the_device_of_the_parameters(family):
    dist = family.from_raw(torch.zeros(4, 3, family.parameter_count, device="meta"))
    value = torch.zeros(4, 3, device="meta")
    moments = (dist.mean, dist.variance, dist.mode, dist.entropy(), kl_divergence(dist, dist))
    for number in (dist.sample(), dist.p0, dist.p1, *moments, dist.decide(), dist.cdf(value), dist.log_prob(value)):
        assert number.device.type == "meta"
        assert number.shape == (4, 3)


def test_the_distributions_can_be_imported_alone():
    """They load torch and numpy, and of this package nothing but the exception for users."""
    code = """
import sys
import numpy.typing, torch.distributions
before = set(sys.modules)
from latent_rationale.common.distributions import HardKuma
print(*(set(sys.modules) - before), HardKuma(1.0, 2.0).mean.item() > 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *modules, fine = done.stdout.split()
    allowed = ("latent_rationale.common.distributions", "latent_rationale.common.utils")
    ours = {"latent_rationale", "latent_rationale.common"}
    assert fine == "True"
    assert {name for name in modules if not name.startswith(allowed)} <= ours
