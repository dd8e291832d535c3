import pytest
import torch
from torch import Tensor

from latent_rationale.common.nn.cells import RCNNCell
from latent_rationale.common.nn.encoders import RCNN

SIZE, HIDDEN = 5, 4
LENGTHS = (4, 1, 6, 3, 5)


def read_by_the_paper(cell: RCNNCell, words: list[Tensor], choices: list[Tensor]) -> list[Tensor]:
    """Appendix B.1.1 word by word; one with z = 0 leaves everything as it was. The state after each word."""
    decay_matrix, first_matrix, second_matrix = cell.input_weight.split(HIDDEN)
    decay_bias, output_bias = cell.bias.split(HIDDEN)
    hidden = unigrams = bigrams = torch.zeros(HIDDEN, dtype=torch.float64)
    states = []
    for word, z in zip(words, choices, strict=True):
        if z > 0:
            x = z * word
            decay = torch.sigmoid(decay_matrix @ x + cell.recurrent_weight @ hidden + decay_bias)
            bigrams = decay * bigrams + (1 - decay) * (unigrams + second_matrix @ x)
            unigrams = decay * unigrams + (1 - decay) * (first_matrix @ x)
            hidden = torch.tanh(bigrams + output_bias)
        states.append(hidden)
    return states


def states_by_the_paper(encoder: RCNN, words: Tensor, choices: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """The states at each of ``words [T, D]``, from the left and from the right."""
    forwards = read_by_the_paper(encoder.forwards, list(words), list(choices))
    backwards = read_by_the_paper(encoder.backwards, list(words.flip(0)), list(choices.flip(0)))
    return forwards, backwards[::-1]


def test_reading_the_selected_words_is_leaving_the_state_at_the_others(randomise, make_tokens, make_z, gradients):
    tokens = make_tokens(LENGTHS)
    encoder = randomise(RCNN(SIZE, HIDDEN))
    inputs = torch.randn(5, 6, SIZE, dtype=torch.float64, requires_grad=True)
    z = make_z(tokens)
    z[3] = 0
    z.requires_grad_()
    expected = []
    for row, length in enumerate(LENGTHS):
        forwards, backwards = states_by_the_paper(encoder, inputs[row, :length], z[row, :length])
        expected.append(torch.cat([forwards[-1], backwards[0]]))
    found, expected = encoder.summary(inputs, tokens, z), torch.stack(expected)
    torch.testing.assert_close(found, expected)
    tensors = [inputs, z, *encoder.parameters()]
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


def test_states_are_those_of_the_paper(randomise, make_tokens, gradients):
    tokens = make_tokens(LENGTHS)
    encoder = randomise(RCNN(SIZE, HIDDEN))
    inputs = torch.randn(5, 6, SIZE, dtype=torch.float64, requires_grad=True)
    found, expected = [], []
    states = encoder.states(inputs, tokens)
    for row, length in enumerate(LENGTHS):
        pairs = zip(*states_by_the_paper(encoder, inputs[row, :length], torch.ones(length)), strict=True)
        expected.append(torch.stack([torch.cat(pair) for pair in pairs]))
        found.append(states[row, :length])
    found, expected = torch.cat(found), torch.cat(expected)
    torch.testing.assert_close(found, expected)
    tensors = [inputs, *encoder.parameters()]
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


@pytest.mark.parametrize("skip", [False, True])
def test_skips_whatever_it_is_told(skip, make_tokens):
    assert RCNN(SIZE, HIDDEN, skip).skip_unselected
