"""Statistical tests here allow 4.9 standard errors: a correct sampler fails each one once in a million seeds."""

import math

import pytest
import torch

from latent_rationale.common.nn.dropout import Dropout

SIZE = 1 << 20
ERRORS = 4.9
RATES = (0.1, 0.2, 0.5, 0.9)


def standard_error(p: float, size: int) -> float:
    return math.sqrt(p * (1 - p) / size)


@pytest.mark.parametrize("p", RATES)
@pytest.mark.parametrize("lane", range(4))
def test_rate(p, lane):
    """In each of the four places that share a random number."""
    dropped = Dropout(p)(torch.ones(SIZE))[lane::4] == 0
    assert abs(dropped.double().mean().item() - p) < ERRORS * standard_error(p, SIZE // 4) + 2**-16


@pytest.mark.parametrize("p", RATES)
def test_expectation(p):
    mean = Dropout(p)(torch.ones(SIZE, dtype=torch.float64)).mean().item()
    assert abs(mean - 1) < ERRORS * standard_error(p, SIZE) / (1 - p)


@pytest.mark.parametrize("p", RATES)
def test_kept_elements_are_scaled_alike(p):
    inputs = torch.randn(1000, dtype=torch.float64)
    outputs = Dropout(p)(inputs)
    kept = outputs != 0
    ratio = outputs[kept] / inputs[kept]
    torch.testing.assert_close(ratio, torch.full_like(ratio, 1 / (1 - p)), rtol=2**-15 / (1 - p), atol=0)


@pytest.mark.parametrize("distance", [1, 2, 3, 4])
def test_neighbours_are_independent(distance):
    kept = (Dropout(0.5)(torch.ones(SIZE)) > 0).double() * 2 - 1
    correlation = (kept[distance:] * kept[:-distance]).mean().item()
    assert abs(correlation) < ERRORS / math.sqrt(SIZE - distance)


def test_identity_in_evaluation():
    inputs = torch.randn(7, 3)
    assert torch.equal(Dropout(0.5).eval()(inputs), inputs)


def test_identity_at_rate_zero():
    inputs = torch.randn(7, 3)
    assert torch.equal(Dropout(0.0)(inputs), inputs)


@pytest.mark.parametrize("p", [1.0, 0.999999])
def test_nothing_is_left_near_rate_one(p):
    """Such a rate keeps one element in a million, or none: sixty of them are all zero in all but one seed of 16,000."""
    outputs = Dropout(p)(torch.ones(60))
    assert torch.equal(outputs, torch.zeros(60))


def test_neither_evaluation_nor_rate_zero_takes_random_numbers():
    before = torch.get_rng_state()
    Dropout(0.5).eval()(torch.ones(9))
    Dropout(0.0)(torch.ones(9))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (5, 7), (2, 3, 5)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_any_shape_and_number_format(shape, dtype):
    outputs = Dropout(0.5)(torch.ones(shape, dtype=dtype))
    assert outputs.shape == shape
    assert outputs.dtype == dtype
    assert ((outputs == 0) | (outputs == 2)).all()


def test_inputs_need_not_be_contiguous_and_are_left_alone():
    inputs = torch.randn(6, 4).t()
    before = inputs.clone()
    outputs = Dropout(0.5)(inputs)
    assert ((outputs == 0) | (outputs == 2 * inputs)).all()
    assert torch.equal(inputs, before)


def test_gradient_is_the_mask_of_the_forward_pass():
    inputs = torch.randn(101, dtype=torch.float64, requires_grad=True)
    outputs = Dropout(0.3)(inputs)
    outputs.sum().backward()
    torch.testing.assert_close(inputs.grad * inputs, outputs)
    assert (outputs == 0).any()
    assert (outputs != 0).any()


def test_masks_follow_the_seed_and_differ_between_calls():
    dropout, ones = Dropout(0.5), torch.ones(100)
    torch.manual_seed(5)
    first, second = dropout(ones), dropout(ones)
    torch.manual_seed(5)
    assert torch.equal(dropout(ones), first)
    assert not torch.equal(first, second)
