"""What sentences begin with is read once, and is what each would be read as."""

import pytest
import torch

from latent_rationale.common.nn.cells import CELLS
from latent_rationale.common.nn.prefixes import run_prefixes
from latent_rationale.common.ops.library import without

ROWS = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 0, 4], [5, 2, 3, 4], [1, 2, 3, 3], [1, 2, 5, 5]])
UNITS, SIZE, WORDS = 19, 3, 6  # units that do not fill a processor's vectors
OPERATORS = [f"{name}_prefixes" for name in CELLS]


@pytest.fixture(params=CELLS)
def cell(request, randomise):
    return randomise(CELLS[request.param](SIZE, UNITS))


@pytest.fixture
def projected(cell):
    with torch.no_grad():
        return cell.project(torch.randn(WORDS, SIZE, dtype=torch.float64))


@pytest.fixture(params=[True, False], ids=["compiled", "python"])
def implementation(request):
    with without(*() if request.param else OPERATORS):
        yield


def one_by_one(cell, projected, row):
    state = cell.start(projected[:1])
    for word in row:
        state = cell.step(projected[word].unsqueeze(0), state)
    return state


def check(cell, projected, rows, lengths):
    found = run_prefixes(cell, projected, rows, torch.tensor(lengths))
    with torch.no_grad():
        alone = [one_by_one(cell, projected, row[:length]) for row, length in zip(rows, lengths, strict=True)]
    for part, same in zip(found, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(part, torch.cat(same))


@pytest.mark.parametrize("lengths", [[4] * 6, [4, 3, 3, 2, 1, 2], [0, 4, 0, 1, 4, 0], [0] * 6], ids=str)
@pytest.mark.usefixtures("implementation")
def test_each_state_is_that_of_its_sentence_alone(cell, projected, lengths):
    check(cell, projected, ROWS, lengths)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.usefixtures("threads", "implementation")
def test_many_sentences_are_read_in_blocks_and_by_several_threads(cell, dtype):
    cell, rows = cell.to(dtype), torch.randint(WORDS, (700, 5))
    with torch.no_grad():
        projected = cell.project(torch.randn(WORDS, SIZE, dtype=dtype))
    check(cell, projected, rows, torch.randint(6, (700,)).tolist())
    check(cell, projected, rows[:3], [5, 0, 2])


def test_without_operators_shared_prefixes_are_read_once(cell, projected, monkeypatch):
    read, step = [], cell.step

    def counted(words, state):
        read.append(len(words))
        return step(words, state)

    monkeypatch.setattr(cell, "step", counted)
    with without(*OPERATORS):
        run_prefixes(cell, projected, ROWS, torch.tensor([4, 4, 4, 4, 4, 2]))
    assert read == [2, 2, 3, 4]  # 1, 5; 12, 52; 123, 120, 523; and whole sentences


@pytest.mark.parametrize(
    ("rows", "lengths", "message"),
    [
        ([[6]], [1], "an index is not one of 6"),
        ([[-1]], [1], "an index is not one of 6"),
        ([[0]], [2], "an index is not one of 2"),
        ([[0]], [-1], "an index is not one of 2"),
        ([[0]], [1, 1], "one length for each sentence"),
    ],
)
def test_the_operator_refuses_what_would_read_beyond_a_tensor(cell, projected, rows, lengths, message):
    with pytest.raises(RuntimeError, match=message):
        run_prefixes(cell, projected, torch.tensor(rows), torch.tensor(lengths))


def test_the_operator_refuses_a_cell_of_another_size(cell, projected):
    with pytest.raises(RuntimeError, match="expected weights for cells of 19 units"):
        run_prefixes(cell, projected[:, :-1].contiguous(), ROWS, torch.tensor([4] * 6))
