"""Each matrix has so many entries that their largest falls short of the bound by a twentieth once in 10^11 seeds."""

import math

import pytest
import torch
from torch import Tensor, nn

from latent_rationale.common.distributions import DISTRIBUTIONS, HardKuma
from latent_rationale.common.nn.cells import CELLS
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import ENCODERS
from latent_rationale.common.nn.initialization import glorot_, linear
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.nn.selectors import DependentSelector, Gate


def assert_glorot(weight: Tensor, inputs: int, outputs: int) -> None:
    """Uniform up to Glorot's bound for a layer with so many inputs and outputs."""
    bound = math.sqrt(6 / (inputs + outputs))
    assert weight.abs().max() <= bound
    assert weight.abs().max() > 0.95 * bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.2)
    assert abs(weight.mean().item()) < 5 * bound / math.sqrt(3 * weight.numel())


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_each_part_has_its_own_fan_out(parts):
    weight = nn.Parameter(torch.full((parts * 20, 30), 9.0))
    glorot_(weight, parts)
    for part in weight.detach().split(20):
        assert_glorot(part, 30, 20)
    assert weight.requires_grad


def test_parts_differ():
    weight = nn.Parameter(torch.zeros(40, 30))
    glorot_(weight, 2)
    assert not torch.equal(weight[:20], weight[20:])


def test_linear():
    layer = linear(40, 15)
    assert_glorot(layer.weight.detach(), 40, 15)
    assert not layer.bias.any()


@pytest.mark.parametrize("name", CELLS)
def test_cells_start_per_gate(name):
    cell = CELLS[name](30, 25)
    for part in cell.input_weight.detach().split(25):
        assert_glorot(part, 30, 25)
    for part in cell.recurrent_weight.detach().split(25):
        assert_glorot(part, 25, 25)
    assert not cell.bias.any()


def decay_of(cell) -> float:
    """What is left of a word's bigram after the next word, where neither is known."""
    return cell.bias[: cell.hidden_size].sigmoid().mean().item()


def test_an_rcnn_remembers_where_it_summarises_and_not_where_it_selects():
    """A decay of a half leaves a billionth of the first of 40 words, one of 0.95 a seventh."""
    model = RationaleModel(
        nn.Embedding(9, 6),
        Classifier(ENCODERS["rcnn"](6, 4, True), 1, 0.0),
        DependentSelector(ENCODERS["rcnn"](6, 4, True), HardKuma, 0.0, CELLS["rcnn"], 3),
    )
    near, far = model.selector.encoder, model.classifier.encoder
    for cell in (near.forwards, near.backwards, model.selector.cell):
        assert decay_of(cell) == 0.5
    for cell in (far.forwards, far.backwards):
        assert decay_of(cell) == pytest.approx(0.95, abs=0.01)
        assert not cell.bias[cell.hidden_size :].any()


def test_lstm_starts_per_gate():
    encoder = ENCODERS["lstm"](30, 25, False)
    assert len(list(encoder.parameters())) == 8
    for name, parameter in encoder.named_parameters():
        if "bias" in name:
            assert not parameter.any()
        else:
            for part in parameter.detach().split(25):
                assert_glorot(part, 25 if "_hh_" in name else 30, 25)


def test_cnn_starts_with_the_window_in_its_fans():
    for convolution in ENCODERS["cnn"](20, 10, False).convolutions:
        _, _, width = convolution.weight.shape
        assert_glorot(convolution.weight.detach(), 20 * width, 10 * width)


@pytest.mark.parametrize("family", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_gate_is_one_layer_per_parameter(family):
    """Of one output each. Many small gates, since the fan-out of a large one hardly shows."""
    layers = [Gate(3, family).layer for _ in range(200)]
    assert {len(layer.weight) for layer in layers} == {family.parameter_count}
    assert_glorot(torch.stack([layer.weight.detach() for layer in layers]), 3, 1)
    assert not any(layer.bias.any() for layer in layers)


def test_gate_keeps_the_leading_shape():
    dist = Gate(5, HardKuma)(torch.randn(2, 3, 5))
    assert dist.batch_shape == (2, 3)
