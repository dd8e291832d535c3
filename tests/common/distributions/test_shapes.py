"""Shapes, number formats and validation, for every distribution."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_rationale.common.distributions import Selection

FORMATS = [torch.float32, torch.float64]
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
few = settings(max_examples=10, derandomize=True, database=None, deadline=None)


def numbers_of(dist):
    """Everything a distribution says about itself, each of its batch shape."""
    half = torch.full(dist.batch_shape, 0.5, dtype=dist.mean.dtype)
    value = half.round() if dist.support.is_discrete else half
    said = {"sample": dist.sample(), "mean": dist.mean, "cdf": dist.cdf(half), "log_prob": dist.log_prob(value)}
    said |= {"variance": dist.variance, "stddev": dist.stddev, "mode": dist.mode, "entropy": dist.entropy()}
    if isinstance(dist, Selection):
        said |= {"p0": dist.p0, "p1": dist.p1, "decide": dist.decide(), "log_prob at 0": dist.log_prob(0 * half)}
    return said


def test_the_batch_has_the_shape_of_the_parameters(case):
    dist = case()
    assert dist.batch_shape == case.tensors()[0].shape
    assert dist.event_shape == ()
    assert {number.shape for number in numbers_of(dist).values()} == {dist.batch_shape}


def test_parameters_are_broadcast(case):
    first, *others = case.tensors()
    assert case.build(first.reshape(-1, 1), *others).batch_shape == ((len(first),) * 2 if others else (len(first), 1))


@few
@given(shape=shapes)
def test_samples_of_any_shape(case, shape):
    dist = case()
    assert dist.sample(shape).shape == (*shape, *dist.batch_shape)
    if dist.has_rsample:
        assert dist.rsample(torch.Size(shape)).shape == (*shape, *dist.batch_shape)


@few
@given(shape=shapes)
def test_expanding_repeats_the_batch(case, shape):
    dist = case()
    expanded = dist.expand((*shape, *dist.batch_shape))
    assert type(expanded) is type(dist)
    assert expanded.batch_shape == (*shape, *dist.batch_shape)
    assert expanded.sample().shape == expanded.batch_shape
    ours, theirs = numbers_of(expanded), numbers_of(dist)
    for name in ours.keys() - {"sample"}:
        torch.testing.assert_close(ours[name], theirs[name].expand(expanded.batch_shape), rtol=1e-12, atol=0)


def test_values_are_broadcast_against_the_batch(case):
    dist = case()
    values = torch.tensor([0.0, 1.0] if dist.support.is_discrete else [0.25, 0.75], dtype=torch.float64).unsqueeze(-1)
    for function in (dist.log_prob, dist.cdf):
        together = function(values)
        assert together.shape == (2, *dist.batch_shape)
        torch.testing.assert_close(together, torch.stack([function(value) for value in values]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_number_format_is_kept(case, dtype):
    for name, number in numbers_of(case(dtype)).items():
        assert number.dtype == dtype, name


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_number_format_of_a_single_choice_is_kept(case, dtype):
    dist = case.build(*[tensor[0] for tensor in case.tensors(dtype)])
    for name, number in numbers_of(dist).items():
        assert number.shape == (), name
        assert number.dtype == dtype, name


def test_plain_numbers_are_parameters_too(case):
    first = [values[0] for values in case.parameters.values()]
    torch.testing.assert_close(case.build(*first).mean.double(), case().mean[0], rtol=1e-6, atol=0)


def test_float32_says_what_float64_says(case):
    single, double = numbers_of(case(torch.float32)), numbers_of(case(torch.float64))
    for name in single.keys() - {"sample"}:
        torch.testing.assert_close(single[name].double(), double[name], rtol=1e-5, atol=1e-7, msg=name)


def test_bad_parameters_are_refused_by_name(case):
    assert case.refused.keys() == case.parameters.keys()
    for name, values in case.refused.items():
        for value in values:
            tensors = dict(zip(case.parameters, case.tensors(), strict=True))
            tensors[name][-1] = value
            with pytest.raises(ValueError, match=f"Expected parameter {name} .* to satisfy the constraint"):
                case.build(**tensors)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_a_value_outside_the_support_is_refused(case, value):
    with pytest.raises(ValueError, match="within the support"):
        case().log_prob(torch.tensor(value, dtype=torch.float64))


def test_a_value_of_another_shape_is_refused(case):
    with pytest.raises(ValueError, match="broadcastable"):
        case().log_prob(torch.zeros(17))


def test_nothing_is_refused_without_validation(continuous):
    dist = type(continuous())
    if dist.arg_constraints:
        dist(*[-tensor for tensor in continuous.tensors()], validate_args=False).log_prob(torch.tensor(7.0))


def test_it_is_shown_with_its_parameters(case):
    dist = case.build(*[tensor[0] for tensor in case.tensors()])
    shown = repr(dist)
    assert shown.startswith(f"{type(dist).__name__}(")
    for name, values in case.parameters.items():
        assert f"{name}: {values[0]}" in shown
    assert f"{next(iter(case.parameters))}: torch.Size([{len(case.tensors()[0])}])" in repr(case())
