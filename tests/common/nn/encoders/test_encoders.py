"""What every encoder promises. A new one needs a line in ``TRAITS`` and is then tested."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.nn.encoders import ENCODERS, Encoder
from latent_rationale.common.nn.padding import reversed_positions, take
from latent_rationale.common.structures import Tokens

SIZE, HIDDEN = 5, 4
LENGTHS = (4, 1, 6, 3)


class Traits(NamedTuple):
    """What differs between encoders.

    Attributes:
        output_size: the size of a state and of a summary.
        skips: summarises the selected words as if there were no others: never, when asked to, or always.
        zero_if_empty: an empty rationale gives zeros even if nothing is skipped.
        directional: is made of ``forwards`` and ``backwards``.
    """

    output_size: int
    skips: str
    zero_if_empty: bool
    directional: bool


TRAITS = {
    "lstm": Traits(2 * HIDDEN, skips="asked", zero_if_empty=False, directional=True),
    "rcnn": Traits(2 * HIDDEN, skips="always", zero_if_empty=True, directional=True),
    "cnn": Traits(2 * HIDDEN, skips="asked", zero_if_empty=True, directional=False),
    "bow": Traits(SIZE, skips="never", zero_if_empty=True, directional=False),
}
MODES = [(name, skip) for name in TRAITS for skip in (False, True)]
SKIPPING = [
    (name, skip) for name, skip in MODES if TRAITS[name].skips == "always" or (TRAITS[name].skips == "asked" and skip)
]
READING_ALL = [mode for mode in MODES if mode not in SKIPPING]
DIRECTIONAL = [name for name in TRAITS if TRAITS[name].directional]

every_mode = pytest.mark.parametrize(("name", "skip"), MODES)
every_encoder = pytest.mark.parametrize("name", TRAITS)


@pytest.fixture
def build(randomise) -> Callable[..., Encoder]:
    return lambda name, skip=False: randomise(ENCODERS[name](SIZE, HIDDEN, skip))


def embed(tokens: Tokens) -> Tensor:
    """Random vectors, at padding too."""
    return torch.randn(*tokens.mask.shape, SIZE, dtype=torch.float64, requires_grad=True)


def at_words(states: Tensor, tokens: Tokens) -> Tensor:
    return torch.where(tokens.mask.unsqueeze(-1), states, 0.0)


def test_every_encoder_has_traits():
    assert TRAITS.keys() == ENCODERS.keys()


@every_mode
def test_shapes(name, skip, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build(name, skip), embed(tokens)
    assert encoder.output_size == TRAITS[name].output_size
    assert encoder.states(inputs, tokens).shape == (4, 6, encoder.output_size)
    assert encoder.summary(inputs, tokens).shape == (4, encoder.output_size)


@every_mode
def test_number_format_is_that_of_the_weights(name, skip, make_tokens):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = ENCODERS[name](SIZE, HIDDEN, skip), embed(tokens).float()
    assert encoder.states(inputs, tokens).dtype == torch.float32
    assert encoder.summary(inputs, tokens, tokens.mask.float()).dtype == torch.float32


@every_mode
def test_padding_changes_nothing(name, skip, build, make_tokens, make_z, gradients):
    """Neither more of it nor garbage in it, and no gradient reaches it."""
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens).requires_grad_()
    garbage = torch.randn(4, 9, SIZE, dtype=torch.float64) * 1000
    wide = Tokens(torch.randint(99, (4, 9)), functional.pad(tokens.mask, (0, 3)), tokens.lengths)
    padded = torch.where(wide.mask.unsqueeze(-1), functional.pad(inputs, (0, 0, 0, 3)), garbage)
    padded_z = functional.pad(z, (0, 3)) * wide.mask
    parameters = list(encoder.parameters())

    for small, large in (
        (encoder.summary(inputs, tokens), encoder.summary(padded, wide)),
        (encoder.summary(inputs, tokens, z), encoder.summary(padded, wide, padded_z)),
        (at_words(encoder.states(inputs, tokens), tokens), at_words(encoder.states(padded, wide), wide)[:, :6]),
    ):
        torch.testing.assert_close(large, small)
        found, expected = (gradients(values, [inputs, z, *parameters]) for values in (large, small))
        torch.testing.assert_close(found, expected)
        at_padding = expected[0][~tokens.mask]
        assert torch.equal(at_padding, torch.zeros_like(at_padding))


@every_mode
def test_order_of_a_batch_changes_nothing(name, skip, build, make_tokens, make_z):
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens)
    order = torch.tensor([2, 0, 3, 1])
    shuffled = Tokens(tokens.ids[order], tokens.mask[order], tokens.lengths[order])
    torch.testing.assert_close(
        encoder.summary(inputs[order], shuffled, z[order]), encoder.summary(inputs, tokens, z)[order]
    )
    torch.testing.assert_close(
        at_words(encoder.states(inputs[order], shuffled), shuffled),
        at_words(encoder.states(inputs, tokens), tokens)[order],
    )


@every_mode
def test_a_batch_reads_what_its_single_sentences_read(name, skip, build, make_tokens, make_z):
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens)
    together, states = encoder.summary(inputs, tokens, z), encoder.states(inputs, tokens)
    for row, length in enumerate(LENGTHS):
        alone = Tokens(*(x[row : row + 1, :length] for x in (tokens.ids, tokens.mask)), tokens.lengths[row : row + 1])
        here = inputs[row : row + 1, :length]
        torch.testing.assert_close(encoder.summary(here, alone, z[row : row + 1, :length]), together[row : row + 1])
        torch.testing.assert_close(encoder.states(here, alone), states[row : row + 1, :length])


@every_mode
def test_selecting_everything_is_reading_everything(name, skip, build, make_tokens, gradients):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build(name, skip), embed(tokens)
    tensors = [inputs, *encoder.parameters()]
    selected, full = encoder.summary(inputs, tokens, tokens.mask.double()), encoder.summary(inputs, tokens)
    torch.testing.assert_close(selected, full)
    torch.testing.assert_close(gradients(selected, tensors), gradients(full, tensors))


@every_mode
def test_words_that_are_not_selected_do_not_matter(name, skip, build, make_tokens, make_z, gradients):
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens)
    others = torch.where((z > 0).unsqueeze(-1), inputs, inputs + 100)
    summary = encoder.summary(inputs, tokens, z)
    torch.testing.assert_close(encoder.summary(others, tokens, z), summary, rtol=0, atol=0)
    (gradient,) = gradients(summary, [inputs])
    assert not gradient[z == 0].any()


@every_mode
def test_selected_words_matter(name, skip, build, make_tokens, gradients):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build(name, skip), embed(tokens)
    z = (tokens.mask * 0.5).double().requires_grad_()
    by_word, by_choice = gradients(encoder.summary(inputs, tokens, z), [inputs, z])
    if name == "cnn":  # of which only the largest responses are felt
        assert by_word.any()
        assert by_choice.any()
    else:
        assert by_word[tokens.mask].any(-1).all()
        assert by_choice[tokens.mask].all()


@pytest.mark.parametrize(("name", "skip"), READING_ALL)
def test_without_skipping_a_word_is_read_as_z_times_its_embedding(name, skip, build, make_tokens, make_z, gradients):
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens).requires_grad_()
    tensors = [inputs, z, *encoder.parameters()]
    found = encoder.summary(inputs, tokens, z)
    expected = encoder.summary(inputs * z.unsqueeze(-1), tokens)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


@pytest.mark.parametrize(("name", "skip"), SKIPPING)
def test_skipping_is_dropping_the_words(name, skip, build, make_tokens, gradients):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build(name, skip), embed(tokens)
    z = torch.tensor(
        [[0, 0.3, 0, 1, 0, 0], [0.6, 0, 0, 0, 0, 0], [1, 0.2, 0, 0, 0.7, 0], [1, 1, 0.5, 0, 0, 0]], dtype=torch.float64
    ).requires_grad_()
    tensors = [inputs, z, *encoder.parameters()]
    alone = []
    for row, choices in enumerate(z):
        kept = choices > 0
        words = inputs[row, kept] * choices[kept].unsqueeze(-1)
        alone.append(encoder.summary(words.unsqueeze(0), make_tokens([len(words)])))
    found, expected = encoder.summary(inputs, tokens, z), torch.cat(alone)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, tensors), gradients(expected, tensors))


@every_mode
@pytest.mark.parametrize("empty", [(1,), (2, 3), (0, 1, 2, 3)])
def test_empty_rationale(name, skip, empty, build, make_tokens, make_z, gradients):
    """Gives zeros where the encoder says so, finite numbers and gradients everywhere, and leaves other rows alone."""
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name, skip), embed(tokens), make_z(tokens).clamp(min=0.1) * tokens.mask
    partly = z.clone()
    partly[list(empty)] = 0
    partly.requires_grad_()
    summary = encoder.summary(inputs, tokens, partly)
    others = [row for row in range(4) if row not in empty]
    torch.testing.assert_close(summary[others], encoder.summary(inputs, tokens, z)[others])
    assert all(grad.isfinite().all() for grad in gradients(summary, [inputs, partly, *encoder.parameters()]))
    if TRAITS[name].zero_if_empty or (name, skip) in SKIPPING:
        assert not summary[list(empty)].any()


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_backwards_is_forwards_on_the_reversed_sentence(name, build, make_tokens, make_z):
    tokens = make_tokens(LENGTHS)
    encoder, inputs, z = build(name), embed(tokens), make_z(tokens)
    swapped = copy.deepcopy(encoder)
    swapped.forwards, swapped.backwards = swapped.backwards, swapped.forwards
    mirrored = reversed_positions(tokens.lengths, 6)
    forwards, backwards = encoder.summary(inputs, tokens, z).chunk(2, dim=-1)
    found = swapped.summary(take(inputs, mirrored), tokens, take(z, mirrored))
    torch.testing.assert_close(found, torch.cat([backwards, forwards], dim=-1))
    forwards, backwards = take(encoder.states(inputs, tokens), mirrored).chunk(2, dim=-1)
    found = swapped.states(take(inputs, mirrored), tokens)
    torch.testing.assert_close(at_words(found, tokens), at_words(torch.cat([backwards, forwards], dim=-1), tokens))


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_each_direction_sees_its_own_side(name, build, make_tokens, gradients):
    """A word's first half depends on the words up to it, its second on those from it on."""
    tokens = make_tokens([5])
    encoder, inputs = build(name), embed(tokens)
    forwards, backwards = encoder.states(inputs, tokens)[:, 2].chunk(2, dim=-1)
    assert gradients(forwards, [inputs])[0].any(-1).tolist() == [[True, True, True, False, False]]
    assert gradients(backwards, [inputs])[0].any(-1).tolist() == [[False, False, True, True, True]]


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_summary_is_the_last_state_of_each_direction(name, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build(name), embed(tokens)
    states, summary = encoder.states(inputs, tokens), encoder.summary(inputs, tokens)
    for row, length in enumerate(LENGTHS):
        expected = torch.cat([states[row, length - 1, :HIDDEN], states[row, 0, HIDDEN:]])
        torch.testing.assert_close(summary[row], expected)


def test_bow_divides_by_the_length_of_the_sentence(make_tokens):
    tokens = make_tokens([3, 2])
    inputs = torch.tensor([[[3.0], [6.0], [12.0]], [[5.0], [7.0], [99.0]]])
    encoder = ENCODERS["bow"](1, HIDDEN, True)
    assert encoder.summary(inputs, tokens).tolist() == [[7.0], [6.0]]
    z = torch.tensor([[0.0, 0.5, 1.0], [0.0, 1.0, 0.0]])
    assert encoder.summary(inputs, tokens, z).tolist() == [[5.0], [3.5]]
    assert torch.equal(encoder.states(inputs, tokens), inputs)


def cnn_window(encoder: Encoder, words: Tensor, place: int) -> Tensor:
    """The filters' responses around a word of ``words [T, D]``; beyond the sentence there are zeros."""
    responses = []
    for convolution in encoder.convolutions:
        width = convolution.weight.shape[-1]
        seen = range(place - width // 2, place + width // 2 + 1)
        inside = [(k, i) for k, i in enumerate(seen) if 0 <= i < len(words)]
        responses.append(sum(convolution.weight[:, :, k] @ words[i] for k, i in inside))
    return torch.cat(responses).clamp(min=0)


@pytest.mark.parametrize("skip", [False, True])
def test_cnn_is_the_largest_response_of_its_windows(skip, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    encoder, inputs = build("cnn", skip), embed(tokens)
    assert [convolution.weight.shape[-1] for convolution in encoder.convolutions] == [3, 5]
    states, summary = encoder.states(inputs, tokens), encoder.summary(inputs, tokens)
    for row, length in enumerate(LENGTHS):  # among them a sentence of one word
        expected = torch.stack([cnn_window(encoder, inputs[row, :length], place) for place in range(length)])
        torch.testing.assert_close(states[row, :length], expected)
        torch.testing.assert_close(summary[row], expected.amax(0))


@pytest.mark.parametrize("name", [name for name, traits in TRAITS.items() if traits.directional])
def test_what_is_not_finite_is_not_hidden(name, make_tokens):
    """The training loop watches for it."""
    tokens = make_tokens((3, 2))
    inputs = torch.randn(2, 3, SIZE)
    inputs[0, 1] = torch.nan
    states = ENCODERS[name](SIZE, HIDDEN, False).states(inputs, tokens)
    assert states[0, 1:, :HIDDEN].isnan().all()
    assert states[0, :2, HIDDEN:].isnan().all()
    assert states[1, :2].isfinite().all()
