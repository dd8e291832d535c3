"""Gradients against finite differences, in float64."""

import pytest
import torch
from torch.autograd import gradcheck

ENDS = torch.tensor([[0.0], [1.0]], dtype=torch.float64)


def leaves(case, *values):
    """The parameters of a case and more tensors, all of which want a gradient."""
    return [tensor.clone().requires_grad_() for tensor in (*case.tensors(), *values)]


def test_samples_with_fixed_noise(continuous):
    def samples(*parameters):
        torch.manual_seed(4)
        return continuous.build(*parameters).rsample((8,))

    assert gradcheck(samples, leaves(continuous))


def test_samples_have_a_gradient_exactly_where_they_are_fractions(continuous):
    first, *others = continuous.tensors()
    first = first.repeat(200, 1).requires_grad_()
    torch.manual_seed(5)
    samples = continuous.build(first, *others).rsample()
    (gradient,) = torch.autograd.grad(samples.sum(), first)
    assert torch.equal(gradient != 0, (samples > 0) & (samples < 1))


def test_samples_without_reparameterisation_have_no_gradient(case):
    dist = case.build(*leaves(case))
    assert not dist.sample().requires_grad
    if not dist.has_rsample:
        with pytest.raises(NotImplementedError):
            dist.rsample()


@pytest.mark.parametrize("name", ["log_prob", "cdf"])
def test_between_the_ends(continuous, inside, name):
    inputs = leaves(continuous, inside[::4])
    assert gradcheck(lambda *inputs: getattr(continuous.build(*inputs[:-1]), name)(inputs[-1]), inputs)


@pytest.mark.parametrize("name", ["log_prob", "cdf"])
def test_at_the_ends(selection, name):
    assert gradcheck(lambda *parameters: getattr(selection.build(*parameters), name)(ENDS), leaves(selection))


def test_the_cdf_beyond_the_support_has_none(selection):
    parameters = leaves(selection)
    values = selection.build(*parameters).cdf(torch.tensor([[-1.0], [2.0]], dtype=torch.float64))
    assert all((gradient == 0).all() for gradient in torch.autograd.grad(values.sum(), parameters))


def test_mean(case):
    assert gradcheck(lambda *parameters: case.build(*parameters).mean, leaves(case))


@pytest.mark.parametrize("name", ["p0", "p1"])
def test_point_masses(selection, name):
    assert gradcheck(lambda *parameters: getattr(selection.build(*parameters), name), leaves(selection))
