import pytest
import torch

from latent_rationale.common.distributions import Bernoulli
from latent_rationale.common.structures import Batch, Output, Rationale
from latent_rationale.common.training.metrics import MeanMetric, accuracy, selection_shares, transitions

Z = torch.tensor([[0, 0.5, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0], [0.1, 0.9, 0, 0]])
MASK = torch.arange(4) < torch.tensor([4, 1, 3, 2]).unsqueeze(1)


def rationale(rows: list[int]) -> Rationale:
    return Rationale(Z[rows], MASK[rows], Bernoulli(Z[rows], validate_args=False))


def judge(scores: list[list[float]], targets: list[int]) -> MeanMetric:
    return accuracy(Output(torch.tensor(scores)), Batch((), torch.tensor(targets), targets))


def test_tallies_add_up():
    total = MeanMetric(torch.tensor(3.0), torch.tensor(4)) + MeanMetric(torch.tensor(1.5), torch.tensor(2))
    assert total.value() == 0.75


def test_a_plain_count_is_not_divided():
    assert (MeanMetric(torch.tensor(3), None) + MeanMetric(torch.tensor(4), None)).value() == 7


def test_a_mean_of_nothing_is_zero():
    assert MeanMetric(torch.tensor(0.0), torch.tensor(0)).value() == 0


def test_accuracy():
    assert judge([[3, 2, 1], [0, 2, 1], [0, 1, 2], [9, 1, 2]], [0, 1, 1, 2]).value() == 0.5


def test_batches_add_up_to_a_data_set():
    """However uneven they are."""
    found = judge([[1, 0], [0, 1], [1, 0]], [0, 1, 0]) + judge([[1, 0]], [1])
    assert found.value() == 0.75


def test_selection_shares_count_real_words():
    shares = {name: tally.value() for name, tally in selection_shares(rationale([0, 1, 2, 3])).items()}
    assert shares == pytest.approx({"p0": 4 / 10, "pc": 3 / 10, "p1": 3 / 10, "selected": 6 / 10})


def test_selection_shares_of_batches_add_up():
    whole = selection_shares(rationale([0, 1, 2, 3]))
    first, rest = selection_shares(rationale([0])), selection_shares(rationale([1, 2, 3]))
    assert {name: (first[name] + rest[name]).value() for name in whole} == {
        name: tally.value() for name, tally in whole.items()
    }


def test_transitions_are_between_words_of_one_text():
    """A change to the padding, from one text to the next or between two shares above zero is none."""
    z = torch.tensor([[0.0, 1.0, 0.5, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.3, 0.0, 1.0, 0.0]])
    mask = torch.arange(4) < torch.tensor([4, 2, 3, 4]).unsqueeze(1)
    found = transitions(Rationale(z, mask, Bernoulli(z, validate_args=False)))
    assert (found.total, found.count) == (2 + 0 + 0 + 3, 13)


def test_selection_shares_of_cells():
    """Of an attention matrix."""
    z = torch.tensor([[[0.0, 1.0], [0.5, 0.0]], [[1.0, 0.0], [0.0, 0.0]]])
    mask = torch.tensor([[[True, True], [True, True]], [[True, False], [False, False]]])
    shares = selection_shares(Rationale(z, mask, Bernoulli(z, validate_args=False)))
    assert {name: tally.value() for name, tally in shares.items()} == pytest.approx(
        {"p0": 2 / 5, "pc": 1 / 5, "p1": 2 / 5, "selected": 3 / 5}
    )
