"""What sentences begin with is read once, and is what each would be read as."""

import pytest
import torch

from latent_rationale.common.cells import CELLS
from latent_rationale.explain import beginnings
from latent_rationale.explain.beginnings import read_beginnings

ROWS = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 0, 4], [5, 2, 3, 4], [1, 2, 3, 3], [1, 2, 5, 5]])


@pytest.fixture(params=CELLS)
def cell(request, randomise):
    return randomise(CELLS[request.param](3, 4))


@pytest.fixture
def projected(cell):
    with torch.no_grad():
        return cell.project(torch.randn(6, 3, dtype=torch.float64))


def one_by_one(cell, projected, row):
    state = cell.start(projected[:1])
    for word in row:
        state = cell.step(projected[word].unsqueeze(0), state)
    return state


@pytest.mark.parametrize("lengths", [[4] * 6, [4, 3, 3, 2, 1, 2], [0, 4, 0, 1, 4, 0], [0] * 6], ids=str)
def test_each_state_is_that_of_its_sentence_alone(cell, projected, lengths):
    found = read_beginnings(cell, projected, ROWS, torch.tensor(lengths))
    with torch.no_grad():
        for number, (row, length) in enumerate(zip(ROWS, lengths, strict=True)):
            for part, same in zip(found, one_by_one(cell, projected, row[:length]), strict=True):
                torch.testing.assert_close(part[number], same[0])


def test_what_several_begin_with_is_read_once(cell, projected, monkeypatch):
    read = []

    def counted(*args):
        read.append(len(args[2]))
        return step(*args)

    step = beginnings.step
    monkeypatch.setattr(beginnings, "step", counted)
    read_beginnings(cell, projected, ROWS, torch.tensor([4, 4, 4, 4, 4, 2]))
    assert read == [2, 2, 3, 4]  # 1, 5; 12, 52; 123, 120, 523; and whole sentences
