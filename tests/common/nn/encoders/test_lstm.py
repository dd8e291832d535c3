import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from latent_rationale.common.nn.encoders import LSTM

SIZE, HIDDEN = 5, 4
LENGTHS = (4, 1, 7, 3, 7)
TOLERANCE = {torch.float64: (1e-10, 1e-12), torch.float32: (1e-4, 1e-5)}


def as_torch(encoder: LSTM) -> nn.LSTM:
    """A bidirectional ``torch.nn.LSTM`` with the weights of an encoder."""
    weights = dict(encoder.forwards.state_dict())
    weights |= {f"{name}_reverse": value for name, value in encoder.backwards.state_dict().items()}
    other = nn.LSTM(SIZE, HIDDEN, batch_first=True, bidirectional=True)
    other.to(encoder.forwards.weight_ih_l0.dtype).load_state_dict(weights)
    return other


def run_packed(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """States, zero at padding, and the last states of both directions."""
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    states, (hidden, _) = lstm(packed)
    return pad_packed_sequence(states, batch_first=True)[0], hidden.transpose(0, 1).flatten(1)


def by_name(encoder: LSTM) -> dict[str, nn.Parameter]:
    """An encoder's weights under the names of ``as_torch``."""
    weights = dict(encoder.forwards.named_parameters())
    return weights | {f"{name}_reverse": value for name, value in encoder.backwards.named_parameters()}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_equals_a_packed_lstm_of_torch(dtype, randomise, make_tokens, make_z, gradients):
    """Values and the gradients of inputs, choices and all weights, for states and for summaries."""
    rtol, atol = TOLERANCE[dtype]
    tokens = make_tokens(LENGTHS)
    encoder = randomise(LSTM(SIZE, HIDDEN)).to(dtype)
    other = as_torch(encoder)
    inputs = torch.randn(5, 7, SIZE, dtype=dtype, requires_grad=True)
    z = make_z(tokens).to(dtype).requires_grad_()
    ours = [inputs, z, *by_name(encoder).values()]
    theirs = [inputs, z, *(dict(other.named_parameters())[name] for name in by_name(encoder))]

    expected_states, expected_full = run_packed(other, inputs, tokens.lengths)
    _, expected_selected = run_packed(other, inputs * z.unsqueeze(-1), tokens.lengths)
    states = torch.where(tokens.mask.unsqueeze(-1), encoder.states(inputs, tokens), 0.0)
    for found, expected in (
        (states, expected_states),
        (encoder.summary(inputs, tokens), expected_full),
        (encoder.summary(inputs, tokens, z), expected_selected),
    ):
        torch.testing.assert_close(found, expected, rtol=rtol, atol=atol)
        torch.testing.assert_close(gradients(found, ours), gradients(expected, theirs), rtol=rtol, atol=atol)


@pytest.mark.parametrize("skip", [False, True])
def test_fixed_embeddings_get_no_gradient_while_weights_and_choices_do(skip, randomise, make_tokens):
    tokens = make_tokens(LENGTHS)
    encoder = randomise(LSTM(SIZE, HIDDEN, skip))
    inputs = torch.randn(5, 7, SIZE, dtype=torch.float64)
    z = (tokens.mask * 0.5).double().requires_grad_()
    encoder.summary(inputs, tokens, z).sum().backward()
    assert inputs.grad is None
    assert z.grad[tokens.mask].all()
    assert all(parameter.grad.any() for parameter in encoder.parameters())


def test_choices_get_their_gradient_even_if_nothing_else_does(randomise, make_tokens, gradients):
    tokens = make_tokens(LENGTHS)
    encoder = randomise(LSTM(SIZE, HIDDEN)).requires_grad_(False)
    inputs = torch.randn(5, 7, SIZE, dtype=torch.float64)
    z = (tokens.mask * 0.5).double().requires_grad_()
    (found,) = gradients(encoder.summary(inputs, tokens, z), [z])
    (expected,) = gradients(run_packed(as_torch(encoder), inputs * z.unsqueeze(-1), tokens.lengths)[1], [z])
    torch.testing.assert_close(found, expected)


def test_without_skipping_a_word_left_out_still_shows_its_place(randomise, make_tokens):
    """Dropping it is another reading, which only ``skip_unselected`` asks for."""
    tokens = make_tokens([4])
    z = torch.tensor([[1.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
    inputs = torch.randn(1, 4, SIZE, dtype=torch.float64)
    encoder = randomise(LSTM(SIZE, HIDDEN))
    dropped = encoder.summary(inputs[:, [0, 3]], make_tokens([2]))
    assert (encoder.summary(inputs, tokens, z) - dropped).abs().max() > 0.01


def test_states_of_many_steps_stay_finite(make_tokens):
    tokens = make_tokens([400])
    encoder = LSTM(SIZE, HIDDEN)
    inputs = (torch.randn(1, 400, SIZE) * 100).requires_grad_()
    encoder.states(inputs, tokens).sum().backward()
    assert inputs.grad.isfinite().all()
