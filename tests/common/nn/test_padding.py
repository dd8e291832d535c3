import itertools

import pytest
import torch

from latent_rationale.common.nn.padding import per_word, reversed_positions, selected_first, similar_counts, take


def test_reversed_positions_mirror_within_the_length():
    found = reversed_positions(torch.tensor([3, 1, 4, 0]), 4)
    assert found.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 2, 3]]


def test_reversing_twice_changes_nothing():
    values = torch.randn(5, 6, 2)
    positions = reversed_positions(torch.tensor([6, 1, 3, 0, 5]), 6)
    torch.testing.assert_close(take(take(values, positions), positions), values, rtol=0, atol=0)


def test_take_picks_per_row_and_may_repeat():
    values = torch.tensor([[10, 11, 12], [20, 21, 22]])
    positions = torch.tensor([[2, 0], [1, 1]])
    assert take(values, positions).tolist() == [[12, 10], [21, 21]]
    assert take(values.unsqueeze(-1) + torch.tensor([0, 100]), positions).tolist() == [
        [[12, 112], [10, 110]],
        [[21, 121], [21, 121]],
    ]


def test_take_sends_gradients_back_to_where_it_took():
    values = torch.zeros(2, 3, requires_grad=True)
    take(values, torch.tensor([[2, 0], [1, 1]])).sum().backward()
    assert values.grad.tolist() == [[1, 0, 1], [0, 2, 0]]


@pytest.mark.parametrize("length", range(1, 6))
def test_selected_first_lists_the_selected_words_of_every_pattern(length):
    patterns = list(itertools.product([0.0, 0.3, 1.0], repeat=length))
    positions, counts = selected_first(torch.tensor(patterns))
    expected = [[i for i, value in enumerate(pattern) if value > 0] for pattern in patterns]
    assert counts.tolist() == [len(places) for places in expected]
    assert [row[:count] for row, count in zip(positions.tolist(), counts.tolist(), strict=True)] == expected


def test_selected_first_is_as_narrow_as_the_longest_rationale():
    z = torch.tensor([[0, 0.5, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])
    positions, counts = selected_first(z)
    assert positions.shape == (3, 2)
    assert counts.tolist() == [2, 0, 1]


def test_selected_first_keeps_one_place_where_nothing_is_selected():
    positions, counts = selected_first(torch.zeros(2, 3))
    assert positions.shape == (2, 1)
    assert counts.tolist() == [0, 0]


@pytest.mark.parametrize("counts", [[0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 100], [7, 7, 7], [0], [33, 1, 0, 2, 40, 64, 65]])
def test_similar_counts_are_within_a_factor_of_two(counts):
    groups = [group.tolist() for group in similar_counts(torch.tensor(counts))]
    assert sorted(row for group in groups for row in group) == list(range(len(counts)))
    for group in groups:
        found = [counts[row] for row in group]
        assert max(found) <= 2 or max(found) < 2 * min(found)
    assert len(groups) <= max(max(counts), 2).bit_length()


@pytest.mark.parametrize("masks", [[[[1, 1, 0], [1, 0, 0]], [[1, 0], [1, 1]]], [[[1, 1], [1, 1]]], [[[0, 0]]]])
def test_a_network_sees_each_word_by_itself_and_no_padding(masks):
    masks = [torch.tensor(mask).bool() for mask in masks]
    values = [torch.randn(*mask.shape, 4, requires_grad=True) for mask in masks]
    seen = []
    network = torch.nn.Linear(4, 3)
    found = per_word(lambda words: seen.append(len(words)) or network(words), values, masks)
    expected = [network(value) * mask.unsqueeze(-1) for value, mask in zip(values, masks, strict=True)]
    torch.testing.assert_close(found, expected)
    assert seen == [sum(int(mask.sum()) for mask in masks)]
    for ours, theirs, value in zip(found, expected, values, strict=True):
        gradients = [torch.autograd.grad(x.square().sum(), value, retain_graph=True)[0] for x in (ours, theirs)]
        torch.testing.assert_close(*gradients)
