"""What every registered objective promises."""

import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import pad

from latent_rationale.common.objectives import OBJECTIVES
from latent_rationale.common.structures import Tokens

LENGTHS = (4, 1, 6, 5, 5, 3)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_registered_objective_has_a_case(cases, name, cross_entropy):
    built = {case.name: type(case.build(cross_entropy)) for case in cases.values()}
    assert name in built, f"no test parameters for {name}: add an entry to CASES in conftest.py"
    assert built[name] is OBJECTIVES[name]


def test_terms_hold_the_loss_and_the_objective_and_carry_no_gradient(case, make_model, make_batch, cross_entropy):
    objective = case.build(cross_entropy)
    batch = make_batch(LENGTHS)
    output = make_model(model=case.variant)(batch)
    loss = objective(output, batch)
    assert loss.total.shape == ()
    assert loss.total.requires_grad
    assert {"loss", "objective"} <= loss.terms.keys()
    assert all(term.shape == () and not term.requires_grad for term in loss.terms.values())
    torch.testing.assert_close(loss.terms["loss"], cross_entropy(output, batch).mean().detach())


@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("layer", ["lstm", "rcnn", "bow"])
def test_loss_and_gradients_are_finite_and_every_parameter_learns(
    case, layer, dependent, make_model, make_batch, cross_entropy
):
    batch = make_batch(LENGTHS)
    model = make_model(model=case.variant, layer=layer, dependent_z=dependent)
    loss = case.build(cross_entropy)(model(batch), batch)
    loss.total.backward()
    assert loss.total.isfinite()
    assert all(term.isfinite() for term in loss.terms.values())
    learned = {name: value.grad for name, value in model.named_parameters() if value.requires_grad}
    assert all(gradient.isfinite().all() for gradient in learned.values())
    assert [name for name, gradient in learned.items() if not gradient.any()] == []


def test_evaluation_moves_nothing(case, make_model, make_batch, cross_entropy):
    objective = case.build(cross_entropy)
    batch = make_batch(LENGTHS)
    output = make_model(model=case.variant).eval()(batch)
    before = copy.deepcopy(objective.eval().state_dict())
    first, second = objective(output, batch), objective(output, batch)
    assert torch.equal(first.total, second.total)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


def test_evaluation_moves_nothing_after_training_did(case, make_model, make_batch, cross_entropy):
    """Neither state nor terms, whatever the evaluated data; and training goes on as if nothing had been evaluated."""
    objective, other = (case.build(cross_entropy).train() for _ in range(2))
    batch, evaluated = make_batch(LENGTHS), make_batch((2, 7, 3))
    model = make_model(model=case.variant).eval()
    output = model(batch)
    for _ in range(3):
        objective(output, batch), other(output, batch)
    before = copy.deepcopy(objective.state_dict())
    objective.eval()(model(evaluated), evaluated)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    assert torch.equal(objective.train()(output, batch).total, other(output, batch).total)


def test_an_evaluated_objective_is_that_of_the_evaluated_data(selecting, make_model, make_batch, cross_entropy):
    """Its penalty is each multiplier times the violation of the evaluated batch, not of training's average."""
    objective, batch, evaluated = selecting.build(cross_entropy), make_batch(LENGTHS), make_batch((2, 7, 3))
    model = make_model(model=selecting.variant).eval()
    for _ in range(3):
        objective.train()(model(batch), batch)
    objective.eval()
    terms = objective(model(evaluated), evaluated).terms
    constraints = objective.constraints
    penalty = sum(
        (
            multiplier.multiplier * (terms[name] - multiplier.target)
            for name, multiplier in (
                ("expected_selected", constraints.selection),
                ("expected_transitions", constraints.lasso),
            )
            if multiplier is not None
        ),
        torch.tensor(0.0),
    )
    constraints.selection = constraints.lasso = None
    without = objective(model(evaluated), evaluated).terms
    torch.testing.assert_close(terms["objective"], without["objective"] + penalty)


def test_the_loss_of_a_batch_is_the_mean_over_its_examples(case, make_model, make_batch, cross_entropy):
    """Of every term but the multipliers, in evaluation, so that batches of another size weigh no more or less."""
    objective, model = case.build(cross_entropy).eval(), make_model(model=case.variant).eval()
    batch = make_batch(LENGTHS)
    terms = objective(model(batch), batch).terms
    (tokens,) = batch.inputs
    single = []
    for row, length in enumerate(LENGTHS):
        rows = slice(row, row + 1)
        one = Tokens(tokens.ids[rows, :length], tokens.mask[rows, :length], tokens.lengths[rows])
        alone = replace(batch, inputs=(one,), targets=batch.targets[rows], examples=batch.examples[rows])
        single.append(objective(model(alone), alone).terms)
    means = {name: torch.stack([each[name] for each in single]).mean() for name in terms}
    torch.testing.assert_close(terms, means)


def test_later_steps_do_not_change_the_terms_of_a_step(case, make_model, make_batch, cross_entropy):
    """What is logged later is what the step had, though multipliers move in place."""
    objective = case.build(cross_entropy).train()
    batch = make_batch(LENGTHS)
    output = make_model(model=case.variant)(batch)
    terms = objective(output, batch).terms
    before = {name: term.clone() for name, term in terms.items()}
    moved = copy.deepcopy(objective.state_dict())
    for _ in range(3):
        objective(output, batch)
    assert all(not torch.equal(value, moved[name]) for name, value in objective.state_dict().items())
    assert all(torch.equal(term, before[name]) for name, term in terms.items())


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing(case, training, make_model, make_batch, cross_entropy, gradients):
    """Neither the loss and its terms nor a gradient, though the distribution at padding is arbitrary."""
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    wide = Tokens(pad(tokens.ids, (0, 3)), pad(tokens.mask, (0, 3)), tokens.lengths)
    model = make_model(model=case.variant).eval()  # whose choices are then the same
    parameters = [value for value in model.parameters() if value.requires_grad]
    losses = [
        case.build(cross_entropy).train(training)(model(padded), padded)
        for padded in (batch, replace(batch, inputs=(wide,)))
    ]
    torch.testing.assert_close(losses[1].total, losses[0].total)
    torch.testing.assert_close(losses[1].terms, losses[0].terms)
    torch.testing.assert_close(gradients(losses[1].total, parameters), gradients(losses[0].total, parameters))


def test_a_model_without_a_rationale_is_refused(selecting, make_model, make_batch, cross_entropy):
    batch = make_batch(LENGTHS)
    output = make_model(model="baseline")(batch)
    with pytest.raises(ValueError, match="needs a model with a selector"):
        selecting.build(cross_entropy)(output, batch)
