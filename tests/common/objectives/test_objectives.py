import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import Bernoulli, HardKuma
from latent_rationale.common.nn import selectors
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.objectives import (
    CONTROL_VARIATES,
    Constrained,
    Constraints,
    Reinforce,
    Supervised,
)
from latent_rationale.common.objectives.penalties import expected_selected, expected_transitions
from latent_rationale.common.structures import Batch, Output, Rationale


def test_supervised_is_the_mean_task_loss(make_model, make_batch, cross_entropy):
    batch = make_batch((4, 1, 6))
    output = make_model(model="baseline")(batch)
    loss = Supervised(cross_entropy)(output, batch)
    torch.testing.assert_close(loss.total, cross_entropy(output, batch).mean())
    assert torch.equal(loss.terms["objective"], loss.total.detach())


@pytest.mark.parametrize("with_lasso", [False, True])
@pytest.mark.parametrize("variant", ["latent", "rl"])
def test_constraints_add_a_penalty_each(variant, with_lasso, make_model, make_batch, cross_entropy, multiplier):
    """Over several steps, each multiplier as it would move by itself."""
    batch = make_batch((4, 1, 6))
    model = make_model(model=variant)
    constraints = Constraints(multiplier(0.3), multiplier(0.1, 0.7) if with_lasso else None)
    if variant == "latent":
        objective, without = Constrained(cross_entropy, constraints), Supervised(cross_entropy)
    else:
        objective, without = Reinforce(cross_entropy, 0.2, 0.3, constraints), Reinforce(cross_entropy, 0.2, 0.3)
    selection, lasso = multiplier(0.3), multiplier(0.1, 0.7)
    for _ in range(3):
        output = model(batch)
        loss, unconstrained = objective(output, batch), without(output, batch)
        selected, transitions = expected_selected(output.rationale), expected_transitions(output.rationale)
        penalty = selection(selected) + (lasso(transitions) if with_lasso else 0.0)
        torch.testing.assert_close(loss.total, unconstrained.total + penalty)
        torch.testing.assert_close(loss.terms["objective"], unconstrained.terms["objective"] + penalty.detach())
        torch.testing.assert_close(loss.terms["expected_selected"], selected.detach())
        assert loss.terms["lambda_selection"] == selection.multiplier
        assert ("lambda_lasso" in loss.terms) == ("expected_transitions" in loss.terms) == with_lasso
        if with_lasso:
            torch.testing.assert_close(loss.terms["expected_transitions"], transitions.detach())
            assert loss.terms["lambda_lasso"] == lasso.multiplier


def test_constrained_saves_its_multipliers(make_model, make_batch, cross_entropy, multiplier):
    batch = make_batch((4, 1, 6))
    output = make_model(model="latent").eval()(batch)
    objective = Constrained(cross_entropy, Constraints(multiplier(0.3), multiplier(0.1)))
    objective(output, batch)
    other = Constrained(cross_entropy, Constraints(multiplier(0.3), multiplier(0.1)))
    other.load_state_dict(objective.state_dict())
    assert torch.equal(other(output, batch).total, objective(output, batch).total)


# REINFORCE


COST = torch.tensor([[1.0, 20.0], [2.0, 10.0], [6.0, 60.0]])
"""Three samples for each of two sentences."""


def test_control_variates_on_hand_numbers():
    assert torch.equal(CONTROL_VARIATES["none"](COST), COST)
    assert CONTROL_VARIATES["mean"](COST).tolist() == [[-15.5, 3.5], [-14.5, -6.5], [-10.5, 43.5]]
    assert CONTROL_VARIATES["rloo"](COST).tolist() == [[-3, -15], [-1.5, -30], [4.5, 45]]


def test_leave_one_out_leaves_a_lone_sample():
    assert torch.equal(CONTROL_VARIATES["rloo"](COST[:1]), COST[:1])


def test_leave_one_out_subtracts_nothing_of_the_samples_own_nor_of_another_sentences():
    """Which is what keeps it unbiased: its derivative by its own cost is one."""
    derivatives = torch.autograd.functional.jacobian(CONTROL_VARIATES["rloo"], COST)
    torch.testing.assert_close(torch.einsum("sbsb->sb", derivatives), torch.ones(3, 2))
    assert not derivatives[:, 0, :, 1].any()
    assert not derivatives[:, 1, :, 0].any()


def test_the_mean_as_a_control_variate_shrinks_the_gradient():
    """Its known bias: with n costs it gives (n - 1) / n of what leaving one out gives."""
    cost = torch.randn(5, 1)
    torch.testing.assert_close(CONTROL_VARIATES["mean"](cost), CONTROL_VARIATES["rloo"](cost) * 4 / 5)


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


def every_choice(mask: Tensor) -> Iterator[Tensor]:
    """All 2^n choices over the n real words of a batch."""
    for values in itertools.product((0.0, 1.0), repeat=int(mask.sum())):
        z = torch.zeros(mask.shape, dtype=torch.float64)
        z[mask] = torch.tensor(values, dtype=torch.float64)
        yield z


def cost_of(losses: list[float], z: Tensor, lengths: list[int], sparsity: float, coherence: float) -> float:
    """The mean over the sentences of task loss, words and changes, counted on lists (paper, equation 4)."""
    total = 0.0
    for loss, row, length in zip(losses, z.tolist(), lengths, strict=True):
        changes = sum(abs(left - right) for left, right in itertools.pairwise(row[:length]))
        total += loss + sparsity * sum(row[:length]) + coherence * changes
    return total / len(losses)


def expectations(model: RationaleModel, objective: Reinforce, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Of the surrogate with samples held fixed, of the cost, and of the task loss, over all choices of the batch.

    Differentiated, the first gives the expected gradient of a training step, the second the gradient of the expected
    cost, by the selector's weights; the third that of the expected task loss, by the classifier's.
    """
    (tokens,) = batch.inputs
    sums = [torch.zeros((), dtype=torch.float64)] * 3
    for z in every_choice(tokens.mask):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(selectors, "uniform_noise", lambda shape, like, z=z: z)  # of which a Bernoulli choice is z
            output = model(batch)
        assert torch.equal(output.rationale.z, z)
        p1 = output.rationale.dist.p1
        probability = torch.where(z == 1, p1, 1 - p1)[tokens.mask].prod()
        losses = objective.criterion(output, batch)
        cost = cost_of(losses.tolist(), z, tokens.lengths.tolist(), objective.sparsity, objective.coherence)
        surrogate = objective(output, batch).total
        terms = (probability.detach() * surrogate, probability * cost, probability.detach() * losses.mean())
        sums = [total + term for total, term in zip(sums, terms, strict=True)]
    return tuple(sums)


@pytest.mark.parametrize(("control", "samples", "lengths"), [("none", 1, (3, 2)), ("rloo", 2, (3,))])
@pytest.mark.parametrize(("layer", "dependent"), [("lstm", False), ("rcnn", True)])
def test_expected_gradient_is_that_of_the_expected_cost(
    layer, dependent, control, samples, lengths, make_model, make_batch, cross_entropy
):
    """For the two control variates that are unbiased."""
    batch = make_batch(lengths).repeated(samples)
    model = make_model(model="rl", layer=layer, dependent_z=dependent)
    objective = Reinforce(cross_entropy, 0.3, 0.7, control=CONTROL_VARIATES[control], samples=samples)
    surrogate, expected_cost, expected_loss = expectations(model, objective, batch)
    for part, exact in ((model.selector, expected_cost), (model.classifier, expected_loss)):
        weights = list(part.parameters())
        expected = torch.autograd.grad(exact, weights, retain_graph=True)
        assert all(gradient.any() for gradient in expected)
        torch.testing.assert_close(torch.autograd.grad(surrogate, weights, retain_graph=True), expected)


def test_evaluation_takes_a_sentence_once(make_model, make_batch, cross_entropy):
    batch = make_batch((4, 1, 6))
    output = make_model(model="rl").eval()(batch)
    objectives = [
        Reinforce(cross_entropy, 0.2, control=CONTROL_VARIATES[name], samples=samples).eval()
        for name, samples in (("rloo", 2), ("none", 1))
    ]
    found, expected = (objective(output, batch) for objective in objectives)
    assert torch.equal(found.terms["objective"], expected.terms["objective"])


def test_log_probabilities_at_padding_do_not_count(cross_entropy):
    mask = torch.tensor([[True, False]])
    logits = torch.zeros(1, 2, requires_grad=True)
    rationale = Rationale(torch.zeros(1, 2), mask, Bernoulli(logits))
    batch = Batch((), torch.zeros(1, dtype=torch.int64), range(1))
    Reinforce(cross_entropy, 0.0, 0.0)(Output(torch.zeros(1, 2), rationale), batch).total.backward()
    assert logits.grad.bool().tolist() == [[True, False]]


def test_constrained_takes_any_distribution(multiplier, cross_entropy):
    """And asks of it no more than P(Z = 0)."""
    a = torch.full((1, 3), 2.0, requires_grad=True)
    rationale = Rationale(torch.zeros(1, 3), torch.ones(1, 3, dtype=torch.bool), HardKuma(a, torch.ones(1, 3)))
    batch = Batch((), torch.zeros(1, dtype=torch.int64), range(1))
    Constrained(cross_entropy, Constraints(multiplier(0.3)))(
        Output(torch.zeros(1, 2), rationale), batch
    ).total.backward()
    assert a.grad.all()
