import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, Selection
from latent_rationale.common.objectives.penalties import expected_selected, expected_transitions
from latent_rationale.common.structures import Rationale

FAMILIES = pytest.mark.parametrize("family", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
LENGTHS = [[6], [1], [2, 5, 1, 6], [4, 4]]


def draw(family: type[Selection], mask: Tensor) -> tuple[Rationale, Tensor]:
    """A rationale with random parameters, and the raw numbers they come from."""
    raw = torch.randn(*mask.shape, family.parameter_count, dtype=torch.float64, requires_grad=True)
    dist = family.from_raw(raw)
    return Rationale(torch.where(mask, dist.sample(), 0.0), mask, dist), raw


def patterns(p0: list[float]) -> Iterator[tuple[tuple[int, ...], float]]:
    """All patterns of zero (0) and non-zero (1) choices, with their probabilities."""
    for pattern in itertools.product((0, 1), repeat=len(p0)):
        probability = 1.0
        for chosen, zero in zip(pattern, p0, strict=True):
            probability *= 1 - zero if chosen else zero
        yield pattern, probability


def by_enumeration(rationale: Rationale, count) -> float:
    """The mean over the batch of the expectation of ``count(pattern)`` divided by the number of positions."""
    means = []
    for zero, mask in zip(rationale.dist.p0, rationale.mask, strict=True):
        p0 = zero[mask].tolist()
        means.append(sum(probability * count(pattern) for pattern, probability in patterns(p0)) / len(p0))
    return sum(means) / len(means)


def changes(pattern: tuple[int, ...]) -> int:
    return sum(left != right for left, right in itertools.pairwise(pattern))


@FAMILIES
@pytest.mark.parametrize("lengths", LENGTHS)
def test_expected_selected_is_the_mean_over_all_patterns(family, lengths, make_tokens):
    rationale, _ = draw(family, make_tokens(lengths, width=7).mask)
    assert expected_selected(rationale).item() == pytest.approx(by_enumeration(rationale, sum), rel=1e-9)


@FAMILIES
@pytest.mark.parametrize("lengths", LENGTHS)
def test_expected_transitions_is_the_mean_over_all_patterns(family, lengths, make_tokens):
    rationale, _ = draw(family, make_tokens(lengths, width=7).mask)
    assert expected_transitions(rationale).item() == pytest.approx(by_enumeration(rationale, changes), rel=1e-9)


@FAMILIES
def test_expected_selected_over_the_cells_of_a_matrix(family):
    """Three premises and hypotheses of different lengths; a cell is real where both its words are."""
    rows, columns = (torch.arange(3) < torch.tensor(n).unsqueeze(1) for n in ([2, 3, 1], [3, 1, 2]))
    rationale, _ = draw(family, rows.unsqueeze(2) & columns.unsqueeze(1))
    assert rationale.z.shape == (3, 3, 3)
    assert expected_selected(rationale).item() == pytest.approx(by_enumeration(rationale, sum), rel=1e-9)


@FAMILIES
@pytest.mark.parametrize("penalty", [expected_selected, expected_transitions])
def test_padding_adds_nothing(family, penalty, make_tokens):
    """Whatever the distribution says there, and no gradient reaches it; every real word gets one."""
    mask = make_tokens([2, 5, 3], width=7).mask
    rationale, raw = draw(family, mask)
    other = torch.where(mask.unsqueeze(-1), raw, torch.randn_like(raw) * 3)
    value = penalty(rationale)
    torch.testing.assert_close(penalty(Rationale(rationale.z, mask, family.from_raw(other))), value)
    (gradient,) = torch.autograd.grad(value, raw)
    assert torch.equal(gradient.any(-1), mask)


def test_hand_numbers():
    p0 = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.5, 0.5], [0.0, 0.0, 1.0, 1.0]])
    mask = torch.tensor([[True, True, True, True], [True, True, False, False], [True, False, False, False]])
    rationale = Rationale(torch.zeros(3, 4), mask, Bernoulli(torch.logit(1 - p0), validate_args=False))
    assert expected_selected(rationale).item() == pytest.approx((2 / 4 + 1 / 2 + 1 / 1) / 3)
    assert expected_transitions(rationale).item() == pytest.approx((3 / 4 + 1 / 2 + 0 / 1) / 3)


@pytest.mark.parametrize("penalty", [expected_selected, expected_transitions])
def test_depends_on_the_distribution_and_not_on_the_sample(penalty, make_tokens):
    rationale, _ = draw(Bernoulli, make_tokens([3, 4]).mask)
    flipped = torch.where(rationale.mask, 1 - rationale.z, 0.0)
    assert torch.equal(penalty(Rationale(flipped, rationale.mask, rationale.dist)), penalty(rationale))
