import pytest
import torch
from torch import Tensor, nn

from latent_rationale.common.nn.cells import CELLS, LSTMCell, RCNNCell

SIZE, HIDDEN, BATCH, STEPS = 3, 4, 2, 5


def run(cell, inputs: Tensor) -> Tensor:
    """What a cell shows, ``[T, B, H]``, while it reads ``inputs [T, B, D]``."""
    state = cell.start(cell.project(inputs[0]))
    shown = []
    for step in inputs:
        state = cell.step(cell.project(step), state)
        shown.append(state[0])
    return torch.stack(shown)


def as_torch(cell: LSTMCell) -> nn.LSTMCell:
    """The same cell in torch, which has two biases."""
    other = nn.LSTMCell(SIZE, HIDDEN).double()
    other.load_state_dict(
        {
            "weight_ih": cell.input_weight,
            "weight_hh": cell.recurrent_weight,
            "bias_ih": cell.bias,
            "bias_hh": torch.zeros(4 * HIDDEN),
        }
    )
    return other


def test_lstm_cell_is_that_of_torch(randomise, gradients):
    cell = randomise(LSTMCell(SIZE, HIDDEN))
    other = as_torch(cell)
    inputs = torch.randn(STEPS, BATCH, SIZE, dtype=torch.float64, requires_grad=True)
    state, expected = None, []
    for step in inputs:
        state = other(step, state)
        expected.append(state[0])
    expected = torch.stack(expected)
    found = run(cell, inputs)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, [inputs]), gradients(expected, [inputs]))


def rcnn_by_the_paper(cell: RCNNCell, inputs: Tensor) -> Tensor:
    """Appendix B.1.1, line by line."""
    decay_matrix, first_matrix, second_matrix = cell.input_weight.split(HIDDEN)
    decay_bias, output_bias = cell.bias.split(HIDDEN)
    hidden = unigrams = bigrams = torch.zeros(inputs.shape[1], HIDDEN, dtype=inputs.dtype)
    shown = []
    for x in inputs:
        decay = torch.sigmoid(x @ decay_matrix.T + hidden @ cell.recurrent_weight.T + decay_bias)
        before = unigrams
        unigrams = decay * unigrams + (1 - decay) * (x @ first_matrix.T)
        bigrams = decay * bigrams + (1 - decay) * (before + x @ second_matrix.T)
        hidden = torch.tanh(bigrams + output_bias)
        shown.append(hidden)
    return torch.stack(shown)


def test_rcnn_cell_is_that_of_the_paper(randomise, gradients):
    cell = randomise(RCNNCell(SIZE, HIDDEN))
    inputs = torch.randn(STEPS, BATCH, SIZE, dtype=torch.float64, requires_grad=True)
    found, expected = run(cell, inputs), rcnn_by_the_paper(cell, inputs)
    torch.testing.assert_close(found, expected)
    tensors = [inputs, *cell.parameters()]
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


@pytest.mark.parametrize("name", CELLS)
def test_state_starts_at_zero_and_shows_its_first_part(name, randomise):
    cell = randomise(CELLS[name](SIZE, HIDDEN))
    projected = cell.project(torch.randn(BATCH, SIZE, dtype=torch.float64))
    start = cell.start(projected)
    after = cell.step(projected, start)
    assert all(not part.any() for part in start)
    assert [part.shape for part in after] == [(BATCH, HIDDEN)] * len(start)
    assert all(part.dtype == torch.float64 for part in (*start, *after))


@pytest.mark.parametrize("name", CELLS)
def test_every_part_of_the_state_matters(name, randomise):
    cell = randomise(CELLS[name](SIZE, HIDDEN))
    projected = cell.project(torch.randn(BATCH, SIZE, dtype=torch.float64))
    state = [torch.randn(BATCH, HIDDEN, dtype=torch.float64, requires_grad=True) for _ in cell.start(projected)]
    shown = cell.step(projected, cell.step(projected, tuple(state)))[0]
    assert all(grad.any() for grad in torch.autograd.grad(shown.sum(), state))


@pytest.mark.parametrize("name", CELLS)
def test_rows_of_a_batch_do_not_meet(name, randomise):
    cell = randomise(CELLS[name](SIZE, HIDDEN))
    inputs = torch.randn(STEPS, BATCH, SIZE, dtype=torch.float64)
    alone = torch.cat([run(cell, inputs[:, row : row + 1]) for row in range(BATCH)], dim=1)
    torch.testing.assert_close(run(cell, inputs), alone)
