"""Operations on split activations: the rules that there are, and errors for all others."""

import operator

import pytest
import torch
from torch.nn import functional

from latent_rationale.common.nn.cells import RCNNCell, linear
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import decompose_states
from latent_rationale.explain.decomposition.split_activation import MurdochActivation, SplitActivation

CONSTANT = torch.tensor([2.0, -3.0, 0.5, 1.0], dtype=torch.float64)


def random_parts(kind=SplitActivation):
    return kind(torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 1, 4, dtype=torch.float64))


@pytest.mark.parametrize("kind", [SplitActivation, MurdochActivation])
@pytest.mark.parametrize("constant", [CONSTANT, 2.0, 1], ids=["tensor", "float", "int"])
@pytest.mark.parametrize(
    ("operation", "relevant"),
    [
        (lambda x, c: x + c, lambda r, c: r),
        (lambda x, c: c + x, lambda r, c: r),
        (lambda x, c: x - c, lambda r, c: r),
        (lambda x, c: c - x, lambda r, c: -r),
        (lambda x, c: x * c, lambda r, c: r * c),
        (lambda x, c: c * x, lambda r, c: r * c),
        (lambda x, c: -x, lambda r, c: -r),
        (lambda x, c: torch.add(x, c), lambda r, c: r),
        (lambda x, c: torch.sub(x, c), lambda r, c: r),
        (lambda x, c: torch.rsub(x, c), lambda r, c: -r),
        (lambda x, c: torch.mul(x, c), lambda r, c: r * c),
        (lambda x, c: torch.neg(x) - c, lambda r, c: -r),
    ],
)
def test_a_constant_belongs_to_the_rest(operation, relevant, constant, kind):
    x = random_parts(kind)
    found = operation(x, constant)
    assert type(found) is kind
    torch.testing.assert_close(found.whole, operation(x.whole, constant))
    torch.testing.assert_close(found.relevant, relevant(x.relevant, constant))


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, torch.add, torch.sub, torch.mul])
def test_functions_split_like_operators(operation):
    a, b = random_parts(), random_parts()
    found = operation(a, b)
    torch.testing.assert_close(found.whole, operation(a.whole, b.whole))
    by_rests = operation(a.whole, b.whole) - operation(a.whole - a.relevant, b.whole - b.relevant)
    torch.testing.assert_close(found.relevant, by_rests.mean(1, keepdim=True))


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_methods_split_like_functions(name):
    x = random_parts()
    method, function = getattr(x, name)(), getattr(torch, name)(x)
    assert torch.equal(method.whole, function.whole)
    assert torch.equal(method.relevant, function.relevant)


def test_an_interpolation_of_constants_and_activations():
    x, weight = random_parts(), random_parts()
    for found, expected in (
        (torch.lerp(CONSTANT, x, weight), CONSTANT + weight * (x - CONSTANT)),
        (x.lerp(CONSTANT, weight), x + weight * (CONSTANT - x)),
        (torch.lerp(x, x, CONSTANT), x + CONSTANT * (x - x)),
    ):
        torch.testing.assert_close(found.whole, expected.whole)
        torch.testing.assert_close(found.relevant, expected.relevant)


@pytest.mark.parametrize("chunk", [torch.chunk, SplitActivation.chunk])
def test_chunks(chunk):
    x = random_parts()
    first, second = chunk(x, 2, dim=-1)
    assert torch.equal(torch.cat([first.whole, second.whole], -1), x.whole)
    assert torch.equal(torch.cat([first.relevant, second.relevant], -1), x.relevant)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (torch.exp, "exp"),
        (lambda x: x.exp(), "exp"),
        (functional.relu, "relu"),
        (lambda x: x.relu(), "relu"),
        (lambda x: x.shape, "shape"),
        (lambda x: torch.stack([x, x]), "stack"),
        (lambda x: torch.add(x, x, alpha=2), "add, with these arguments,"),
        (lambda x: x**2, r"the operator \*\*"),
        (lambda x: 2**x, r"the operator \*\*"),
        (lambda x: CONSTANT**x, "pow"),
        (lambda x: x / x, "the operator /"),
        (lambda x: 1 / x, "the operator /"),
        (lambda x: CONSTANT / x, "div"),
        (lambda x: x // 2, "the operator //"),
        (lambda x: x % 2, "the operator %"),
        (lambda x: x @ x, "the operator @"),
        (lambda x: x > 0, "a comparison"),
        (lambda x: torch.gt(CONSTANT, x), "gt"),
        (lambda x: x[0], "an index"),
        (lambda x: next(iter(x)), "an index"),
        (abs, "abs"),
        (bool, "a conversion to a number"),
        (float, "a conversion to a number"),
    ],
)
def test_an_operation_without_a_rule_is_named(operation, name):
    with pytest.raises(InputError, match=f"^no rule tells how {name} splits an activation$"):
        operation(random_parts())


class Subtracting(RCNNCell):
    """The RCNN with its interpolations written out."""

    name = "subtracting"

    def step(self, projected, state):
        hidden, unigrams, bigrams = state
        decay_input, first, second = projected.chunk(3, dim=-1)
        decay_bias, output_bias = self.bias.chunk(2)
        decay = torch.sigmoid(decay_input + linear(hidden, self.recurrent_weight, decay_bias))
        bigrams = decay * bigrams + (1 - decay) * (unigrams + second)
        unigrams = decay * unigrams + (1 - decay) * first
        return torch.tanh(bigrams + output_bias), unigrams, bigrams


class Exponential(RCNNCell):
    """A cell whose step takes an exponential, which has no rule."""

    name = "exponential"

    def step(self, projected, state):
        return tuple(torch.exp(part) for part in super().step(projected, state))


@pytest.fixture
def decomposed(randomise):
    """Last hidden states of a cell in three contexts of three phrases."""
    contexts = torch.randint(8, (3, 3, 6), generator=torch.Generator().manual_seed(1))
    inside = torch.zeros(3, 6, dtype=torch.bool)
    inside[0, :2] = inside[1, 2:5] = inside[2, 5:] = True

    def decompose(kind):
        torch.manual_seed(1)
        cell = randomise(kind(5, 4))
        with torch.no_grad():
            projected = cell.project(torch.randn(8, 5, dtype=torch.float64))
        return decompose_states(cell, projected, contexts, inside, SplitActivation)

    return decompose


def test_a_cell_with_one_minus_its_gate_is_split_like_one_that_interpolates(decomposed):
    found, expected = decomposed(Subtracting), decomposed(RCNNCell)
    torch.testing.assert_close(found.whole, expected.whole)
    torch.testing.assert_close(found.relevant, expected.relevant)
    assert expected.relevant.abs().min() > 0


def test_an_operation_without_a_rule_in_a_cell_is_named(decomposed):
    with pytest.raises(InputError, match="no rule tells how exp splits an activation"):
        decomposed(Exponential)
