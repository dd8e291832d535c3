"""The compiled bidirectional encoder; test_rcnn asks whether it computes the RCNN of the paper."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from latent_rationale.common.nn.encoders import RCNN, Encoder
from latent_rationale.common.structures import Tokens


class Reader(nn.Module):
    """States and last states as the outputs of a module, so that they can be computed with other weights."""

    def __init__(self, encoder: Encoder, tokens: Tokens):
        super().__init__()
        self.encoder = encoder
        self.tokens = tokens

    def forward(self, inputs: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        states = torch.where(self.tokens.mask.unsqueeze(-1), self.encoder.states(inputs, self.tokens), 0.0)
        return states, self.encoder.encode(inputs, self.tokens, z)


def test_gradcheck(randomise, make_tokens):
    """The backward passes are written by hand: inputs, choices and every weight against finite differences."""
    reader = Reader(randomise(RCNN(2, 2)), make_tokens([3, 1, 2]))
    names, weights = zip(*reader.named_parameters(), strict=True)

    def read(inputs: Tensor, z: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        return functional_call(reader, dict(zip(names, values, strict=True)), (inputs, z))

    inputs = torch.randn(3, 3, 2, dtype=torch.float64, requires_grad=True)
    z = torch.rand(3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(read, (inputs, z, *weights))


@pytest.mark.parametrize("scaled", [False, True])
def test_compiled_and_not_compiled_agree(scaled, randomise, make_tokens, make_z, gradients):
    tokens = make_tokens((6, 1, 4))
    encoder = randomise(RCNN(5, 4))
    inputs = torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)
    z = make_z(tokens).requires_grad_() if scaled else None
    runs = (encoder._run, encoder._run_by_steps)
    found, expected = (torch.where(tokens.mask.unsqueeze(-1), run(inputs, tokens.lengths, z), 0.0) for run in runs)
    torch.testing.assert_close(found, expected)
    tensors = [inputs, *encoder.parameters(), *([z] if scaled else [])]
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("lengths", [(6, 1, 4), (5, 5, 2)])
def test_without_gradients_less_is_kept_and_nothing_changes(scaled, lengths, randomise, make_tokens, make_z):
    tokens = make_tokens(lengths)
    encoder = randomise(RCNN(5, 4))
    inputs = torch.randn(3, max(lengths), 5, dtype=torch.float64)
    z = make_z(tokens) if scaled else None
    expected = encoder._run(inputs, tokens.lengths, z)
    with torch.no_grad():
        assert torch.equal(encoder._run(inputs, tokens.lengths, z), expected)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 19])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_number_of_units(size, dtype, make_tokens, gradients):
    """More, fewer, or just as many as a vector register holds; against the path without compiled operators."""
    tokens = make_tokens((4, 2))
    encoder = RCNN(3, size).to(dtype)
    inputs = torch.randn(2, 4, 3, dtype=dtype)
    z = torch.rand(2, 4, dtype=dtype).requires_grad_()
    runs = (encoder._run, encoder._run_by_steps)
    found, expected = (run(inputs, tokens.lengths, z)[tokens.mask] for run in runs)
    torch.testing.assert_close(found, expected)
    tensors = [z, *encoder.parameters()]
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_share_directions_and_sentences(threads, make_tokens, gradients):
    """Forty sentences are two parts for each direction on four threads."""
    tokens = make_tokens([5, 3, 1, 4] * 10)
    encoder = RCNN(3, 9).double()
    inputs = torch.randn(40, 5, 3, dtype=torch.float64, requires_grad=True)
    tensors = [inputs, *encoder.parameters()]
    before = torch.get_num_threads()
    results = []
    try:
        for count in (1, threads):
            torch.set_num_threads(count)
            states = encoder.states(inputs, tokens)
            results.append([states, *gradients(states, tensors)])
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(results[1], results[0])


def test_states_at_padding_are_zero_and_their_gradients_are_ignored(make_tokens, gradients):
    tokens = make_tokens((4, 2))
    encoder = RCNN(3, 5)
    inputs = torch.randn(2, 4, 3, requires_grad=True)
    states = encoder.states(inputs, tokens)
    assert not states[~tokens.mask].any()
    real = tokens.mask.unsqueeze(-1).expand_as(states)
    (found,) = torch.autograd.grad(states, inputs, torch.where(real, 1.0, torch.nan), retain_graph=True)
    (expected,) = torch.autograd.grad(states, inputs, real.float())
    assert torch.equal(found, expected)
