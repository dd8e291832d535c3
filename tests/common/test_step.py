"""One step for sentences that read few words in few states, compiled and not."""

import pytest
import torch

from latent_rationale.common import step as module
from latent_rationale.common.cells import CELLS
from latent_rationale.common.step import step

UNITS, SIZE = 19, 5  # units that do not fill a processor's vectors


@pytest.fixture(params=CELLS)
def cell(request, randomise):
    return randomise(CELLS[request.param](SIZE, UNITS))


def given(cell, count=50):
    """Seven words, three states, and which of them each sentence has."""
    state = tuple(torch.randn(3, UNITS, dtype=torch.float64) for _ in cell.start(torch.empty(1, 1)))
    return torch.randn(7, SIZE, dtype=torch.float64), torch.randint(7, (count,)), state, torch.randint(3, (count,))


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_it_is_the_cells_own_step_of_each_sentence(cell, compiled, dtype, monkeypatch):
    words, read, state, before = given(cell)
    with torch.no_grad():
        expected = cell.step(cell.project(words)[read], tuple(part[before] for part in state))
        cell = cell.to(dtype)
        state = tuple(part.to(dtype) for part in state)
        if not compiled:
            monkeypatch.setattr(module, "operator_for", lambda *_: None)
        found = step(cell, cell.project(words.to(dtype)), read, state, before)
    for part, same in zip(found, expected, strict=True):
        torch.testing.assert_close(part, same.to(dtype))


def test_what_it_is_given_stays_as_it_was(cell):
    words, read, state, before = given(cell)
    copies = [part.clone() for part in state]
    first, second = (step(cell, cell.project(words), read, state, before) for _ in range(2))
    assert all(map(torch.equal, state, copies))
    assert all(map(torch.equal, first, second))


@pytest.mark.parametrize(
    ("read", "before", "message"),
    [
        ([7], [0], "an index is not one of 7"),
        ([0], [3], "an index is not one of 3"),
        ([-1], [0], "an index is not one of 7"),
        ([0, 1], [0], "one state for each sentence"),
    ],
)
def test_the_operator_refuses_what_would_read_beyond_a_tensor(cell, read, before, message):
    words, _, state, _ = given(cell)
    with pytest.raises(RuntimeError, match=message):
        step(cell, cell.project(words), torch.tensor(read), state, torch.tensor(before))
