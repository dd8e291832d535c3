"""Selected words against those that people marked, and how texts are repeated."""

from itertools import pairwise

import pytest
import torch

from latent_rationale.common.distributions import Bernoulli
from latent_rationale.common.structures import Batch, Rationale, Tokens
from latent_rationale.common.training.metrics import agreement, average_precision, mean_runs


def bits(*rows):
    return torch.tensor([[bit == "1" for bit in row] for row in rows])


def values(selected, gold):
    return {name: tally.value() for name, tally in agreement(bits(*selected), bits(*gold)).items()}


def runs(*rows):
    z = torch.tensor(rows)
    return mean_runs(Rationale(z, torch.ones_like(z, dtype=torch.bool), Bernoulli(z, validate_args=False)))


def test_one_text():
    """Three words selected, four marked, two of them the same."""
    assert values(["1110000"], ["0110011"]) == pytest.approx(
        {"precision": 2 / 3, "macro_precision": 2 / 3, "recall": 2 / 4, "f1": 4 / 7, "iou": 2 / 5}
    )


def test_words_are_counted_over_all_texts_but_for_the_macro_average():
    """Hits 1 of 1 and 1 of 4; marked 2 and 3."""
    assert values(["10000", "11110"], ["11000", "10001"]) == pytest.approx(
        {"precision": 2 / 5, "macro_precision": (1 + 1 / 4) / 2, "recall": 2 / 4, "f1": 4 / 9, "iou": 2 / 7}
    )


def test_f1_is_the_harmonic_mean_and_iou_follows_from_it():
    found = values(["110100", "011000"], ["100111", "001100"])
    precision, recall, f1 = found["precision"], found["recall"], found["f1"]
    assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert found["iou"] == pytest.approx(f1 / (2 - f1))


def test_perfect_agreement_and_none():
    assert set(values(["0110", "1000"], ["0110", "1000"]).values()) == {1.0}
    assert set(values(["0110", "1000"], ["1001", "0111"]).values()) == {0.0}


def test_texts_in_which_nothing_was_marked_are_passed_over():
    alone = values(["1100"], ["0110"])
    assert alone == pytest.approx({"precision": 0.5, "macro_precision": 0.5, "recall": 0.5, "f1": 0.5, "iou": 1 / 3})
    assert values(["1111", "1100", "0000"], ["0000", "0110", "0000"]) == alone


def test_texts_that_select_nothing_lower_recall_but_no_precision():
    assert values(["0000", "1100"], ["0110", "0110"]) == pytest.approx(
        {"precision": 1 / 2, "macro_precision": 1 / 2, "recall": 1 / 4, "f1": 2 / 6, "iou": 1 / 5}
    )


@pytest.mark.parametrize(("selected", "gold"), [("000", "000"), ("111", "000"), ("000", "111")])
def test_where_nothing_can_be_said_it_is_zero(selected, gold):
    assert set(values([selected], [gold]).values()) == {0.0}


def test_batches_add_up_to_a_data_set():
    """With a batch in which nothing was marked, and one in which nothing was selected."""
    selected = ["11000", "00000", "10111", "01100", "00000"]
    gold = ["01100", "00000", "00111", "00000", "11000"]
    whole = values(selected, gold)
    assert whole == pytest.approx(
        {"precision": 4 / 6, "macro_precision": (1 / 2 + 3 / 4) / 2, "recall": 4 / 7, "f1": 8 / 13, "iou": 4 / 9}
    )
    for cuts in ([0, 1, 2, 3, 4, 5], [0, 2, 5], [0, 4, 5]):
        parts = [agreement(bits(*selected[start:end]), bits(*gold[start:end])) for start, end in pairwise(cuts)]
        total = parts[0]
        for part in parts[1:]:
            total = {name: total[name] + part[name] for name in total}
        assert {name: tally.value() for name, tally in total.items()} == pytest.approx(whole)


def test_padding_changes_nothing():
    assert values(["110000"], ["011000"]) == values(["110"], ["011"])


@pytest.mark.parametrize(
    ("z", "count"),
    [
        ([0.0, 0.0, 0.0], 0),
        ([1.0, 1.0, 1.0], 1),
        ([1.0, 0.0, 1.0], 2),
        ([0.0, 1.0, 0.0], 1),
        ([0.0, 0.3, 1.0, 0.6, 0.0, 0.1], 2),
        ([1.0], 1),
        ([0.0], 0),
    ],
)
def test_runs_are_stretches_of_words_with_z_above_zero(z, count):
    assert runs(z).value() == count


def test_runs_are_a_mean_over_texts():
    assert runs([1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.2]).value() == pytest.approx(4 / 3)


def test_runs_do_not_go_on_in_the_next_text():
    assert runs([0.0, 1.0], [1.0, 0.0]).value() == 1


def test_runs_of_batches_add_up():
    total = runs([1.0, 0.0, 1.0]) + runs([0.0, 0.0], [1.0, 0.0])
    assert total.value() == pytest.approx(3 / 3)


@pytest.fixture
def batch():
    first = Tokens(torch.tensor([[5, 6], [7, 0]]), torch.tensor([[True, True], [True, False]]), torch.tensor([2, 1]))
    second = Tokens(torch.tensor([[8], [9]]), torch.tensor([[True], [True]]), torch.tensor([1, 1]))
    return Batch((first, second), torch.tensor([[0.1, 0.2], [0.3, 0.4]]), ["one", "two"])


def test_a_repeated_batch_holds_all_examples_once_and_again(batch):
    repeated = batch.repeated(3)
    first, second = repeated.inputs
    assert first.ids.tolist() == [[5, 6], [7, 0]] * 3
    assert first.mask.tolist() == [[True, True], [True, False]] * 3
    assert first.lengths.tolist() == [2, 1] * 3
    assert second.ids.tolist() == [[8], [9]] * 3
    assert torch.equal(repeated.targets, torch.tensor([[0.1, 0.2], [0.3, 0.4]] * 3))
    assert repeated.examples == ["one", "two"] * 3


def test_classes_are_repeated_too(batch):
    assert Batch(batch.inputs, torch.tensor([4, 2]), batch.examples).repeated(2).targets.tolist() == [4, 2, 4, 2]


def test_repeated_once_is_the_batch_itself(batch):
    assert batch.repeated(1) is batch


def test_repeating_leaves_the_batch_alone(batch):
    batch.repeated(2)
    assert len(batch.examples) == len(batch.targets) == len(batch.inputs[0].ids) == 2


def test_average_precision_by_hand():
    """Of each marked word, the precision of the words that score at least as high; texts without marks do not count."""
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.1], [0.5, 0.5, 0.4, -torch.inf], [0.3, 0.2, 0.1, 0.0]])
    gold = torch.tensor([[1, 0, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]]).bool()
    found = average_precision(scores, gold)
    assert found.count.item() == 2
    assert found.value() == pytest.approx(((1 + 2 / 3) / 2 + (1 / 2 + 2 / 3) / 2) / 2)


def test_average_precision_is_the_area_under_the_steps():
    """The sum over thresholds of precision times the recall gained there, with ties taken together."""
    scores, gold = torch.randint(5, (3000, 9)).float(), torch.rand(3000, 9) < 0.4
    expected = []
    for row, marked in zip(scores[gold.any(1)].tolist(), gold[gold.any(1)].tolist(), strict=True):
        area = before = 0.0
        for threshold in sorted(set(row), reverse=True):
            chosen = [hit for score, hit in zip(row, marked, strict=True) if score >= threshold]
            recall = sum(chosen) / sum(marked)
            area += (recall - before) * sum(chosen) / len(chosen)
            before = recall
        expected.append(area)
    assert average_precision(scores, gold).value() == pytest.approx(sum(expected) / len(expected), rel=1e-5)
