"""The compiled sampling of a dependent selector, against the same step by step, given the same noise."""

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import DISTRIBUTIONS, HardConcrete, HardKuma, uniform_noise
from latent_rationale.common.nn.cells import LSTMCell, RCNNCell
from latent_rationale.common.nn.encoders import BagOfWords
from latent_rationale.common.nn.selectors import DependentSelector
from latent_rationale.common.ops.library import is_compiled

CELLS = pytest.mark.parametrize("cell", [LSTMCell, RCNNCell])
DRAWN = {family.draw_name: family for family in DISTRIBUTIONS.values() if family.draw_name is not None}
FAMILIES = pytest.mark.parametrize("family", DRAWN.values(), ids=DRAWN)


@pytest.fixture(autouse=True)
def _compiled():
    assert is_compiled()


def make_selector(family, cell, units: int = 3, states: int = 5) -> DependentSelector:
    return DependentSelector(BagOfWords(states, 1), family, 0.0, cell, units)


def words_for(selector: DependentSelector, batch: int, steps: int, dtype: torch.dtype = torch.float64) -> Tensor:
    size = len(selector.cell.input_weight) + selector.gate.family.parameter_count
    return torch.randn(batch, steps, size, dtype=dtype, requires_grad=True)


def compare(selector: DependentSelector, words: Tensor, noise: Tensor, gradients, **tolerance: float) -> None:
    parameters = [selector.gate.layer.weight, selector.gate.layer.bias, *selector.cell.parameters()]
    for found, expected in zip(selector._compiled(words, noise), selector._by_steps(words, noise), strict=True):
        torch.testing.assert_close(found, expected, **tolerance)
        assert found.requires_grad == expected.requires_grad
        if expected.requires_grad:
            tensors = [words, *parameters]
            torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors), **tolerance)


def test_the_distributions_of_this_package_have_compiled_draws():
    """Another one may do without, and takes the way of ``_by_steps``."""
    assert {"bernoulli", "hardkuma", "hardconcrete"} <= DRAWN.keys()


@FAMILIES
@CELLS
def test_compiled_and_by_steps_agree(family, cell, randomise, gradients):
    selector = randomise(make_selector(family, cell))
    words = words_for(selector, 5, 7)
    compare(selector, words, uniform_noise((5, 7), words), gradients)


@CELLS
@pytest.mark.parametrize("units", [1, 8, 15, 16, 30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_number_of_units(cell, units, dtype, randomise, gradients):
    """More, fewer, or just as many as a vector register holds."""
    selector = randomise(make_selector(HardKuma, cell, units)).to(dtype)
    words = words_for(selector, 3, 4, dtype)
    compare(selector, words, uniform_noise((3, 4), words), gradients, rtol=2e-4, atol=2e-4)


@CELLS
@pytest.mark.parametrize("family", [HardKuma, HardConcrete])
def test_gradcheck(family, cell, randomise):
    """Against finite differences, where no choice lies near an end."""
    selector = randomise(make_selector(family, cell, 2))
    cell_size, count = len(selector.cell.input_weight), family.parameter_count
    words = torch.cat([torch.randn(3, 3, cell_size), torch.ones(3, 3, count)], dim=-1).double().requires_grad_()
    noise = torch.linspace(0.3, 0.7, 9, dtype=torch.float64).view(3, 3)
    z, _ = selector._compiled(words, noise)
    assert ((z > 0.01) & (z < 0.99)).any()
    assert torch.autograd.gradcheck(lambda given: selector._compiled(given, noise), words)


@FAMILIES
@CELLS
def test_threads_share_texts(family, cell, randomise, gradients):
    selector = randomise(make_selector(family, cell))
    words = words_for(selector, 70, 4)
    noise = uniform_noise((70, 4), words)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        compare(selector, words, noise, gradients)
    finally:
        torch.set_num_threads(before)


@FAMILIES
def test_extremes_of_the_gate_stay_finite(family, gradients):
    """As for the distributions themselves, in float32."""
    selector = make_selector(family, RCNNCell)
    raw = torch.tensor([-1e4, -90.0, -14.0, 0.0, 14.0, 90.0, 1e4])
    gates = torch.cartesian_prod(*[raw] * family.parameter_count).view(-1, family.parameter_count)
    words = torch.cat([torch.zeros(len(gates), len(selector.cell.input_weight)), gates], dim=-1)
    words = words.unsqueeze(1).expand(-1, 3, -1).contiguous().requires_grad_()
    noise = torch.tensor([2**-23, 0.5, 1 - 2**-23]).expand(len(gates), 3).contiguous()
    z, given = selector._compiled(words, noise)
    assert ((z >= 0) & (z <= 1)).all()
    assert all(grad.isfinite().all() for grad in gradients(given, [words]))
    if family.has_rsample:
        assert all(grad.isfinite().all() for grad in gradients(z, [words]))
    compare(selector, words, noise, gradients, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": torch.rand(2, 3)}, "noise for each word"),
        ({"noise": torch.rand(2, 4, dtype=torch.float64)}, "of one type"),
        ({"words": torch.rand(2, 4, 10)}, "weights for cells of 3 units and draws from 2 numbers"),
    ],
)
def test_what_would_read_beyond_a_tensor_is_refused(change, message):
    selector = make_selector(HardKuma, RCNNCell)
    given = {"words": torch.rand(2, 4, 11), "noise": torch.rand(2, 4)} | change
    with pytest.raises(RuntimeError, match=message):
        selector._compiled(given["words"], given["noise"])
