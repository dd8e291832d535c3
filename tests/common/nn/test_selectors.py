"""Statistical tests here allow 4.9 standard errors: a correct sampler fails each one once in a million seeds."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import (
    DISTRIBUTIONS,
    Bernoulli,
    HardConcrete,
    HardKuma,
    Selection,
    uniform_noise,
)
from latent_rationale.common.nn.cells import LSTMCell, RCNNCell
from latent_rationale.common.nn.encoders import LSTM, BagOfWords
from latent_rationale.common.nn.selectors import DependentSelector, IndependentSelector, Selector
from latent_rationale.common.structures import Tokens

SIZE, HIDDEN, UNITS = 5, 4, 3
LENGTHS = (4, 1, 6, 3)
ERRORS = 4.9


class WideHardKuma(HardKuma):
    """A HardKuma with other bounds."""

    def __init__(self, a: Tensor, b: Tensor, validate_args: bool | None = None):
        super().__init__(a, b, low=-0.5, high=1.2, validate_args=validate_args)


class ColdHardConcrete(HardConcrete):
    """A HardConcrete with another temperature."""

    def __init__(self, location: Tensor, validate_args: bool | None = None):
        super().__init__(location, temperature=0.3, validate_args=validate_args)


FAMILIES = pytest.mark.parametrize("family", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
FAMILIES_AND_SUBCLASSES = pytest.mark.parametrize("family", [*DISTRIBUTIONS.values(), WideHardKuma, ColdHardConcrete])
KINDS = pytest.mark.parametrize("kind", ["independent", "lstm", "rcnn"])
CELLS = pytest.mark.parametrize("cell", [LSTMCell, RCNNCell])


@pytest.fixture
def build(randomise) -> Callable[..., Selector]:
    def make(kind: str, family: type[Selection], context: bool = True, dropout: float = 0.0) -> Selector:
        encoder = (LSTM if context else BagOfWords)(SIZE, HIDDEN)
        if kind == "independent":
            return randomise(IndependentSelector(encoder, family, dropout))
        cell = {"lstm": LSTMCell, "rcnn": RCNNCell}[kind]
        return randomise(DependentSelector(encoder, family, dropout, cell, UNITS))

    return make


def embed(tokens: Tokens) -> Tensor:
    return torch.randn(*tokens.mask.shape, SIZE, dtype=torch.float64)


def choose_step_by_step(selector: DependentSelector, embedded: Tensor, tokens: Tokens) -> tuple[Tensor, Tensor, Tensor]:
    """z, P(Z = 0) and P(Z = 1), ``[B, T]`` each, one word after the other (equation 16)."""
    noise = uniform_noise(tokens.mask.shape, embedded)
    states = selector.encoder.states(embedded, tokens)
    memory = None
    columns = []
    for step, now in enumerate(states.unbind(1)):
        if memory is None:
            memory = selector.cell.start(selector.cell.project(torch.zeros(len(now), now.shape[1] + 1).to(now)))
        dist = selector.gate(torch.cat([now, memory[0]], dim=1))
        z = dist.icdf(noise[:, step]) if selector.training else dist.decide()
        memory = selector.cell.step(selector.cell.project(torch.cat([now, z.unsqueeze(1)], dim=1)), memory)
        columns.append((z, dist.p0, dist.p1))
    z, p0, p1 = (torch.stack(column, dim=1) for column in zip(*columns, strict=True))
    return torch.where(tokens.mask, z, 0.0), p0, p1


@FAMILIES_AND_SUBCLASSES
@pytest.mark.parametrize("kind", ["lstm", "rcnn"])
@pytest.mark.parametrize("training", [False, True])
def test_dependent_choices_are_made_one_after_the_other(family, kind, training, build, make_tokens, gradients):
    """Given the same noise, the same choices, distributions and gradients as step by step."""
    tokens = make_tokens(LENGTHS)
    selector, embedded = build(kind, family).train(training), embed(tokens)
    torch.manual_seed(3)
    expected = choose_step_by_step(selector, embedded, tokens)
    torch.manual_seed(3)
    rationale = selector(embedded, tokens)
    found = rationale.z, rationale.dist.p0, rationale.dist.p1
    weights = list(selector.parameters())
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        if theirs.requires_grad:
            torch.testing.assert_close(gradients(ours, weights), gradients(theirs, weights))


@FAMILIES
def test_independent_choices_are_the_gates(family, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    selector, embedded = build("independent", family).eval(), embed(tokens)
    rationale = selector(embedded, tokens)
    dist = selector.gate(selector.encoder.states(embedded, tokens))
    torch.testing.assert_close(rationale.dist.p0, dist.p0)
    torch.testing.assert_close(rationale.z, torch.where(tokens.mask, dist.decide(), 0.0))


@FAMILIES
@KINDS
@pytest.mark.parametrize("training", [False, True])
def test_rationale(family, kind, training, build, make_tokens):
    tokens = make_tokens(LENGTHS, width=8)
    rationale = build(kind, family).train(training)(embed(tokens), tokens)
    assert rationale.z.shape == rationale.dist.batch_shape == (4, 8)
    assert rationale.z.dtype == torch.float64
    assert torch.equal(rationale.mask, tokens.mask)
    assert ((rationale.z >= 0) & (rationale.z <= 1)).all()
    assert isinstance(rationale.dist, family)


@FAMILIES
@KINDS
@pytest.mark.parametrize("training", [False, True])
def test_padding_is_never_selected(family, kind, training, build, make_tokens):
    """Even by a gate that selects everything."""
    tokens = make_tokens(LENGTHS, width=8)
    selector = build(kind, family).train(training)
    with torch.no_grad():
        selector.gate.layer.weight.zero_()
        selector.gate.layer.bias.copy_(torch.tensor([50.0, 1e-3] if family is HardKuma else [50.0]))
    rationale = selector(embed(tokens), tokens)
    assert (rationale.z[tokens.mask] > 0.9).all()
    assert torch.equal(rationale.z[~tokens.mask], torch.zeros(32 - sum(LENGTHS), dtype=torch.float64))


@FAMILIES
@KINDS
def test_padding_changes_nothing(family, kind, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    selector, embedded = build(kind, family).eval(), embed(tokens)
    mask = torch.cat([tokens.mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1)
    garbage = torch.randn(4, 9, SIZE, dtype=torch.float64) * 100
    padded = torch.where(mask.unsqueeze(-1), torch.cat([embedded, garbage[:, :3]], dim=1), garbage)
    small = selector(embedded, tokens)
    large = selector(padded, Tokens(torch.zeros(4, 9, dtype=torch.int64), mask, tokens.lengths))
    torch.testing.assert_close(large.z[:, :6], small.z)
    torch.testing.assert_close(large.dist.p0[mask], small.dist.p0[tokens.mask])


@FAMILIES_AND_SUBCLASSES
@KINDS
def test_samples_follow_the_distribution(family, kind, build, make_tokens):
    """Along sampled prefixes, what came out less what was expected is a sum of independent surprises."""
    tokens = make_tokens([4])
    selector = build(kind, family, context=False)
    many = Tokens(*(x.expand(4000, *x.shape[1:]) for x in (tokens.ids, tokens.mask, tokens.lengths)))
    rationale = selector(embed(tokens).expand(4000, -1, -1), many)
    for value, p in ((0, rationale.dist.p0), (1, rationale.dist.p1)):
        surprise = ((rationale.z == value).double() - p).sum(0)
        assert (surprise.abs() < ERRORS * (p * (1 - p)).sum(0).sqrt()).all()
    in_between = (rationale.z > 0) & (rationale.z < 1)
    assert in_between.any() == (family is not Bernoulli)


@FAMILIES
@KINDS
def test_training_samples_anew_each_time(family, kind, build, make_tokens):
    tokens = make_tokens([20])
    selector, embedded = build(kind, family), embed(tokens)
    torch.manual_seed(3)
    first, second = selector(embedded, tokens).z, selector(embedded, tokens).z
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(selector(embedded, tokens).z, first)


@FAMILIES
@KINDS
def test_evaluation_is_deterministic_and_moves_nothing(family, kind, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    selector, embedded = build(kind, family, dropout=0.5).eval(), embed(tokens)
    weights, random = copy.deepcopy(selector.state_dict()), torch.get_rng_state()
    first, second = selector(embedded, tokens), selector(embedded, tokens)
    assert torch.equal(first.z, second.z)
    assert torch.equal(first.dist.p0, second.dist.p0)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, weights[name]) for name, value in selector.state_dict().items())


def test_dropout_acts_on_what_the_selector_reads(build, make_tokens):
    tokens = make_tokens([200])
    selector, ones = build("independent", HardKuma, context=False, dropout=0.5), torch.ones(1, 200, SIZE).double()
    assert len(selector(ones, tokens).dist.p0.unique()) > 1
    assert len(selector.eval()(ones, tokens).dist.p0.unique()) == 1


@CELLS
def test_gate_and_cell_read_what_the_paper_says(cell):
    """The gate [h_t; s_(t-1)], the cell [h_t; z_t]."""
    selector = DependentSelector(LSTM(SIZE, HIDDEN), HardKuma, 0.0, cell, UNITS)
    assert selector.gate.layer.in_features == 2 * HIDDEN + UNITS
    assert selector.cell.input_weight.shape[1] == 2 * HIDDEN + 1
    assert selector.cell.hidden_size == UNITS


@FAMILIES
@pytest.mark.parametrize("kind", ["lstm", "rcnn"])
def test_choices_depend_on_earlier_words_only(family, kind, build, make_tokens):
    """With an encoder that knows no context, what remains is what the cell remembers."""
    tokens = make_tokens([6])
    selector, embedded = build(kind, family, context=False).eval(), embed(tokens)
    changed = embedded.clone()
    changed[:, 3] += 5
    before, after = selector(embedded, tokens), selector(changed, tokens)
    assert torch.equal(before.z[:, :3], after.z[:, :3])
    assert torch.equal(before.dist.p0[:, :3], after.dist.p0[:, :3])
    assert (before.dist.p0[:, 3:] != after.dist.p0[:, 3:]).all()


def test_independent_choices_ignore_their_neighbours(build, make_tokens):
    tokens = make_tokens([6])
    selector, embedded = build("independent", HardKuma, context=False).eval(), embed(tokens)
    changed = embedded.clone()
    changed[:, 3] += 5
    before, after = selector(embedded, tokens).dist.p0, selector(changed, tokens).dist.p0
    assert (before != after).tolist() == [[False, False, False, True, False, False]]


@pytest.mark.parametrize("kind", ["lstm", "rcnn"])
@pytest.mark.parametrize("family", [HardKuma, DISTRIBUTIONS["hardconcrete"], Bernoulli])
def test_gradients_flow_through_a_choice_to_later_ones(family, kind, build, make_tokens):
    """Where the cell reads choices alone, an earlier word is felt later exactly if its z lies inside (0, 1)."""
    tokens = make_tokens([3])
    many = Tokens(*(x.expand(50, *x.shape[1:]) for x in (tokens.ids, tokens.mask, tokens.lengths)))
    selector = build(kind, family, context=False)
    with torch.no_grad():
        selector.cell.input_weight[:, :SIZE] = 0
    embedded = embed(many).requires_grad_()
    rationale = selector(embedded, many)
    (gradient,) = torch.autograd.grad(rationale.dist.p0[:, 1].sum(), embedded)
    differentiable = (rationale.z[:, 0] > 0) & (rationale.z[:, 0] < 1)
    assert torch.equal(gradient[:, 0].any(-1), differentiable)
    assert differentiable.any() == (family is not Bernoulli)
    assert not gradient[:, 2].any()


@KINDS
@FAMILIES
def test_every_parameter_learns_from_the_distribution(family, kind, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    selector = build(kind, family)
    selector(embed(tokens), tokens).dist.p0[tokens.mask].sum().backward()
    assert all(parameter.grad.any() for parameter in selector.parameters())


@KINDS
def test_choices_of_bernoulli_carry_no_gradient(kind, build, make_tokens):
    tokens = make_tokens(LENGTHS)
    assert not build(kind, Bernoulli)(embed(tokens), tokens).z.requires_grad
    assert build(kind, HardKuma)(embed(tokens), tokens).z.requires_grad


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"model": "latent", "layer": "lstm"}, LSTMCell),
        ({"model": "latent", "layer": "lstm", "dist": "hardconcrete"}, LSTMCell),
        ({"model": "latent", "layer": "rcnn"}, RCNNCell),
        ({"model": "latent", "layer": "cnn"}, RCNNCell),
        ({"model": "latent", "layer": "bow"}, RCNNCell),
        ({"model": "rl", "layer": "lstm"}, RCNNCell),
        ({"model": "rl", "layer": "rcnn"}, RCNNCell),
    ],
)
def test_cell_is_that_of_the_encoder_but_always_an_rcnn_for_bernoulli(options, expected, make_model):
    assert type(make_model(dependent_z=True, **options).selector.cell) is expected
