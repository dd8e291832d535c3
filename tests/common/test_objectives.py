import copy
import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import Bernoulli, HardKuma, Selection
from latent_rationale.common.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives import CONTROL_VARIATES, Constrained, Objective, Reinforce, Supervised
from latent_rationale.common.penalties import expected_selected, expected_transitions
from latent_rationale.common.rationale_model import RationaleModel
from latent_rationale.common.structures import Batch, Output, Rationale

LENGTHS = (3, 2)


def multiplier(target: float, initial: float = 0.5) -> LagrangeMultiplier:
    return LagrangeMultiplier(target, initial, learning_rate=0.1, smoothing=0.5, minimum=1e-12, maximum=5.0)


@pytest.fixture
def objectives(cross_entropy) -> dict[str, tuple[str, Objective]]:
    """One of each kind, with the model it is for."""
    return {
        "supervised": ("baseline", Supervised(cross_entropy)),
        "constrained": ("latent", Constrained(cross_entropy, multiplier(0.3))),
        "with_lasso": ("latent", Constrained(cross_entropy, multiplier(0.3), multiplier(0.1))),
        "reinforce": ("rl", Reinforce(cross_entropy, 0.2, 0.3)),
    }


KINDS = pytest.mark.parametrize("kind", ["supervised", "constrained", "with_lasso", "reinforce"])


@KINDS
def test_terms_hold_the_loss_and_the_objective_and_carry_no_gradient(
    kind, objectives, make_model, make_batch, cross_entropy
):
    variant, objective = objectives[kind]
    batch = make_batch((4, 1, 6))
    output = make_model(model=variant)(batch)
    loss = objective(output, batch)
    assert loss.total.shape == ()
    assert loss.total.requires_grad
    assert {"loss", "objective"} <= loss.terms.keys()
    assert all(term.shape == () and not term.requires_grad for term in loss.terms.values())
    torch.testing.assert_close(loss.terms["loss"], cross_entropy(output, batch).mean().detach())


@KINDS
def test_evaluation_moves_nothing(kind, objectives, make_model, make_batch):
    variant, objective = objectives[kind]
    batch = make_batch((4, 1, 6))
    output = make_model(model=variant).eval()(batch)
    before = copy.deepcopy(objective.eval().state_dict())
    first, second = objective(output, batch), objective(output, batch)
    assert torch.equal(first.total, second.total)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


@pytest.mark.parametrize("kind", ["constrained", "with_lasso", "reinforce"])
def test_a_model_without_a_rationale_is_refused(kind, objectives, make_model, make_batch):
    batch = make_batch((4, 1, 6))
    output = make_model(model="baseline")(batch)
    with pytest.raises(ValueError, match="needs a model with a selector"):
        objectives[kind][1](output, batch)


@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("layer", ["lstm", "rcnn", "bow"])
@KINDS
def test_every_parameter_learns(kind, layer, dependent, objectives, make_model, make_batch):
    variant, objective = objectives[kind]
    batch = make_batch((4, 1, 6, 5, 5, 3))
    model = make_model(model=variant, layer=layer, dependent_z=dependent)
    objective(model(batch), batch).total.backward()
    still = [name for name, value in model.named_parameters() if value.requires_grad and not value.grad.any()]
    assert still == []


def test_supervised_is_the_mean_task_loss(make_model, make_batch, cross_entropy):
    batch = make_batch((4, 1, 6))
    output = make_model(model="baseline")(batch)
    loss = Supervised(cross_entropy)(output, batch)
    torch.testing.assert_close(loss.total, cross_entropy(output, batch).mean())
    assert torch.equal(loss.terms["objective"], loss.total.detach())


@pytest.mark.parametrize("with_lasso", [False, True])
def test_constrained_adds_a_penalty_per_constraint(with_lasso, make_model, make_batch, cross_entropy):
    """Over several steps, each multiplier as it would move by itself."""
    batch = make_batch((4, 1, 6))
    model = make_model(model="latent")
    objective = Constrained(cross_entropy, multiplier(0.3), multiplier(0.1, 0.7) if with_lasso else None)
    selection, lasso = multiplier(0.3), multiplier(0.1, 0.7)
    for _ in range(3):
        output = model(batch)
        loss = objective(output, batch)
        selected, transitions = expected_selected(output.rationale), expected_transitions(output.rationale)
        expected = cross_entropy(output, batch).mean() + selection(selected)
        if with_lasso:
            expected = expected + lasso(transitions)
        torch.testing.assert_close(loss.total, expected)
        torch.testing.assert_close(loss.terms["objective"], expected.detach())
        torch.testing.assert_close(loss.terms["expected_selected"], selected.detach())
        assert loss.terms["lambda_selection"] == selection.multiplier
        assert ("lambda_lasso" in loss.terms) == ("expected_transitions" in loss.terms) == with_lasso
        if with_lasso:
            torch.testing.assert_close(loss.terms["expected_transitions"], transitions.detach())
            assert loss.terms["lambda_lasso"] == lasso.multiplier


def test_constrained_saves_its_multipliers(make_model, make_batch, cross_entropy):
    batch = make_batch((4, 1, 6))
    output = make_model(model="latent").eval()(batch)
    objective = Constrained(cross_entropy, multiplier(0.3), multiplier(0.1))
    objective(output, batch)
    other = Constrained(cross_entropy, multiplier(0.3), multiplier(0.1))
    other.load_state_dict(objective.state_dict())
    assert torch.equal(other(output, batch).total, objective(output, batch).total)


# REINFORCE


def test_control_variates_on_hand_numbers():
    cost = torch.tensor([1.0, 2.0, 6.0])
    assert CONTROL_VARIATES["none"](cost).tolist() == [1, 2, 6]
    assert CONTROL_VARIATES["mean"](cost).tolist() == [-2, -1, 3]
    assert CONTROL_VARIATES["rloo"](cost).tolist() == [-3, -1.5, 4.5]


def test_leave_one_out_leaves_a_batch_of_one():
    assert CONTROL_VARIATES["rloo"](torch.tensor([3.0])).tolist() == [3]


def test_leave_one_out_subtracts_nothing_of_the_examples_own():
    """Which is what keeps it unbiased: its derivative by its own cost is one."""
    cost = torch.randn(5)
    derivatives = torch.autograd.functional.jacobian(CONTROL_VARIATES["rloo"], cost)
    torch.testing.assert_close(derivatives.diagonal(), torch.ones(5))


@pytest.mark.parametrize("control", CONTROL_VARIATES)
def test_cost_on_hand_numbers(control, cross_entropy):
    """A change into the padding is none, a selected word costs the same everywhere, control variates cost nothing."""
    z = torch.tensor([[0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    mask = torch.arange(4) < torch.tensor([4, 2, 3, 1]).unsqueeze(1)
    rationale = Rationale(z, mask, Bernoulli(torch.zeros(4, 4)))
    batch = Batch((), torch.zeros(4, dtype=torch.int64), range(4))
    objective = Reinforce(cross_entropy, sparsity=10.0, coherence=100.0, control=CONTROL_VARIATES[control])
    loss = objective(Output(torch.zeros(4, 2), rationale), batch)
    ln2 = torch.tensor(2.0).log()
    torch.testing.assert_close(loss.terms["loss"], ln2)
    selected, changes = 2 + 2 + 2 + 1, 3 + 0 + 1 + 0
    torch.testing.assert_close(loss.terms["objective"], ln2 + (10 * selected + 100 * changes) / 4)


class Dictated:
    """Draws the choices it was told, ``[B, T]``: all at once, or one word after the other."""

    def __init__(self, z: Tensor):
        self.z = z
        self.columns = iter(z.unbind(1))

    def __call__(self, dist: Selection) -> Tensor:
        return self.z if dist.batch_shape == self.z.shape else next(self.columns)


def every_choice(mask: Tensor) -> Iterator[Tensor]:
    """All 2^n choices over the n real words of a batch."""
    for values in itertools.product((0.0, 1.0), repeat=int(mask.sum())):
        z = torch.zeros(mask.shape, dtype=torch.float64)
        z[mask] = torch.tensor(values, dtype=torch.float64)
        yield z


def cost_of(losses: list[float], z: Tensor, sparsity: float, coherence: float) -> float:
    """The mean over the sentences of task loss, words and changes, counted on lists (paper, equation 4)."""
    total = 0.0
    for loss, row, length in zip(losses, z.tolist(), LENGTHS, strict=True):
        changes = sum(abs(left - right) for left, right in itertools.pairwise(row[:length]))
        total += loss + sparsity * sum(row[:length]) + coherence * changes
    return total / len(losses)


def expectations(
    model: RationaleModel, objectives: list[Reinforce], batch: Batch
) -> tuple[list[Tensor], Tensor, Tensor]:
    """Of each surrogate with samples held fixed, of the cost, and of the task loss, over all choices of the batch.

    Differentiated, the first give the expected gradient of a training step, the second the gradient of the expected
    cost, by the selector's weights; the third that of the expected task loss, by the classifier's.
    """
    first = objectives[0]
    surrogates, costs, task_losses = [], [], []
    for z in every_choice(batch.inputs[0].mask):
        model.selector.draw = Dictated(z)
        output = model(batch)
        assert torch.equal(output.rationale.z, z)
        p1 = output.rationale.dist.p1
        probability = torch.where(z == 1, p1, 1 - p1)[output.rationale.mask].prod()
        losses = first.criterion(output, batch)
        cost = cost_of(losses.tolist(), z, first.sparsity, first.coherence)
        totals = torch.stack([objective(output, batch).total for objective in objectives])
        surrogates.append(probability.detach() * totals)
        costs.append(probability * cost)
        task_losses.append(probability.detach() * losses.mean())
    return list(torch.stack(surrogates).sum(0)), torch.stack(costs).sum(), torch.stack(task_losses).sum()


@pytest.mark.parametrize(("layer", "dependent"), [("lstm", False), ("rcnn", True)])
def test_expected_gradient_is_that_of_the_expected_cost(layer, dependent, make_model, make_batch, cross_entropy):
    """For the two control variates that are unbiased."""
    batch = make_batch(LENGTHS)
    model = make_model(model="rl", layer=layer, dependent_z=dependent)
    objectives = [Reinforce(cross_entropy, 0.3, 0.7, CONTROL_VARIATES[name]) for name in ("none", "rloo")]
    surrogates, expected_cost, expected_loss = expectations(model, objectives, batch)
    for part, exact in ((model.selector, expected_cost), (model.classifier, expected_loss)):
        weights = list(part.parameters())
        expected = torch.autograd.grad(exact, weights, retain_graph=True)
        assert all(gradient.any() for gradient in expected)
        for surrogate in surrogates:
            found = torch.autograd.grad(surrogate, weights, retain_graph=True)
            torch.testing.assert_close(found, expected)


def test_the_mean_as_a_control_variate_shrinks_the_gradient():
    """Its known bias: with n costs it gives (n - 1) / n of what leaving one out gives."""
    cost = torch.randn(5)
    torch.testing.assert_close(CONTROL_VARIATES["mean"](cost), CONTROL_VARIATES["rloo"](cost) * 4 / 5)


def test_log_probabilities_at_padding_do_not_count(cross_entropy):
    mask = torch.tensor([[True, False]])
    logits = torch.zeros(1, 2, requires_grad=True)
    rationale = Rationale(torch.zeros(1, 2), mask, Bernoulli(logits))
    batch = Batch((), torch.zeros(1, dtype=torch.int64), range(1))
    Reinforce(cross_entropy, 0.0, 0.0)(Output(torch.zeros(1, 2), rationale), batch).total.backward()
    assert logits.grad.bool().tolist() == [[True, False]]


def test_constrained_takes_any_distribution(cross_entropy):
    """And asks of it no more than P(Z = 0)."""
    a = torch.full((1, 3), 2.0, requires_grad=True)
    rationale = Rationale(torch.zeros(1, 3), torch.ones(1, 3, dtype=torch.bool), HardKuma(a, torch.ones(1, 3)))
    batch = Batch((), torch.zeros(1, dtype=torch.int64), range(1))
    Constrained(cross_entropy, multiplier(0.3))(Output(torch.zeros(1, 2), rationale), batch).total.backward()
    assert a.grad.all()
