import copy
import math

import pytest
import torch

from latent_rationale.common.objectives.lagrange import LagrangeMultiplier

VALUES = (0.9, 0.1, 0.3)
AVERAGES = (0.3, 0.05, 0.025)  # of 0.6, -0.2 and 0, starting at 0, one half of each step's
MULTIPLIERS = (0.5 * math.exp(0.03), 0.5 * math.exp(0.035), 0.5 * math.exp(0.0375))


def make(target: float = 0.3, initial: float = 0.5, **changes: float) -> LagrangeMultiplier:
    usual = {"learning_rate": 0.1, "smoothing": 0.5, "minimum": 1e-12, "maximum": 5.0}
    return LagrangeMultiplier(target, initial, **(usual | changes))


def test_follows_the_recurrence():
    penalty = make()
    for value, average, multiplier in zip(VALUES, AVERAGES, MULTIPLIERS, strict=True):
        found = penalty(torch.tensor(value))
        assert penalty.average.item() == pytest.approx(average, rel=1e-5)
        assert penalty.multiplier.item() == pytest.approx(multiplier, rel=1e-5)
        assert found.item() == pytest.approx(multiplier * average, rel=1e-5)


def test_smoothing_weighs_the_past():
    penalty = make(smoothing=0.9)
    penalty(torch.tensor(1.3))
    assert penalty.average.item() == pytest.approx(0.1)


def test_gradient_is_the_multiplier_times_that_of_the_value():
    penalty = make()
    weight = torch.tensor(0.2, requires_grad=True)
    for _ in range(3):
        (gradient,) = torch.autograd.grad(penalty(weight**2), weight)
        assert gradient.item() == pytest.approx(penalty.multiplier.item() * 2 * 0.2, rel=1e-6)


def test_a_later_step_does_not_change_an_earlier_penalty():
    penalty = make()
    weight = torch.tensor(0.8, requires_grad=True)
    first = penalty(weight)
    multiplier = penalty.multiplier.item()
    penalty(weight)
    (gradient,) = torch.autograd.grad(first, weight)
    assert gradient.item() == pytest.approx(multiplier, rel=1e-6)


def test_pulls_harder_above_the_target_and_softer_below():
    high, low, there = make(), make(), make()
    high(torch.tensor(0.5))
    low(torch.tensor(0.1))
    there(torch.tensor(0.3))
    assert low.multiplier < 0.5 < high.multiplier
    assert there.multiplier.item() == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize(("value", "limit"), [(100.0, 0.75), (-100.0, 0.25)])
def test_stays_within_its_limits(value, limit):
    penalty = make(minimum=0.25, maximum=0.75)
    for _ in range(3):
        penalty(torch.tensor(value))
        assert penalty.multiplier.item() == limit


def test_leaves_a_limit_when_the_violation_turns():
    penalty = make(minimum=0.25, maximum=0.75, smoothing=0.0)
    penalty(torch.tensor(100.0))
    penalty(torch.tensor(0.0))
    assert 0.25 < penalty.multiplier < 0.75


def test_evaluation_moves_nothing():
    penalty = make()
    penalty(torch.tensor(0.9))
    before = copy.deepcopy(penalty.state_dict())
    penalty.eval()
    first, second = penalty(torch.tensor(0.75)), penalty(torch.tensor(0.75))
    assert first.item() == pytest.approx(MULTIPLIERS[0] * (0.75 - 0.3))  # of the evaluated value, not of the average
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[name]) for name, value in penalty.state_dict().items())


def test_a_restored_multiplier_goes_on_as_the_first_would_have():
    penalty, other = make(), make(initial=3.0)
    penalty(torch.tensor(0.9))
    other.load_state_dict(penalty.state_dict())
    for value in VALUES:
        assert torch.equal(other(torch.tensor(value)), penalty(torch.tensor(value)))
        assert torch.equal(other.multiplier, penalty.multiplier)


def test_is_nothing_for_the_optimiser():
    assert list(make().parameters()) == []
    assert not make()(torch.tensor(0.9)).requires_grad
