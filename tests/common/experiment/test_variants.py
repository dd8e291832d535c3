"""The three variants: what they build, how they rank evaluations, and that they learn what they should."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, HardConcrete, HardKuma
from latent_rationale.common.experiment import options
from latent_rationale.common.experiment.options import RationaleTrainOptions
from latent_rationale.common.experiment.variants import VARIANTS
from latent_rationale.common.nn.encoders import ENCODERS
from latent_rationale.common.nn.selectors import DependentSelector, IndependentSelector
from latent_rationale.common.objectives import (
    CONTROL_VARIATES,
    Constrained,
    Constraints,
    Reinforce,
    Supervised,
)
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState


def rank(
    model: str, loss: float, selected: float = 1.0, objective: float = 0.0, selection: float = 0.3
) -> tuple[float, float]:
    """Of an evaluation, given the target share."""
    options = RationaleTrainOptions(model=model, selection=selection)
    return VARIANTS[model](options).rank({"loss": loss, "selected": selected, "objective": objective})


def test_variants_are_the_choices_of_the_option():
    (field,) = (field for field in dataclasses.fields(RationaleTrainOptions) if field.name == "model")
    assert set(field.metadata["choices"]) == VARIANTS.keys()


# What picks the best model


def test_baseline_ranks_by_loss():
    options = RationaleTrainOptions(model="baseline")
    better, worse = (VARIANTS["baseline"](options).rank({"loss": loss}) for loss in (0.8, 0.9))
    assert better < worse


def test_rl_with_fixed_penalties_ranks_by_objective():
    assert rank("rl", loss=0.9, objective=1.0, selection=1.0) < rank("rl", loss=0.1, objective=1.1, selection=1.0)


@pytest.mark.parametrize("model", ["latent", "rl"])
def test_at_a_share_the_loss_ranks_on_target(model):
    """Wherever the share lies below the target, and objectives do not matter."""
    assert rank(model, loss=0.8, selected=0.31) < rank(model, loss=0.9, selected=0.3)
    assert rank(model, loss=0.8, selected=0.01) < rank(model, loss=0.9, selected=0.3)
    assert rank(model, loss=0.8, selected=0.3, objective=9) < rank(model, loss=0.9, selected=0.3, objective=0)


def test_latent_ranks_by_nearness_off_target():
    assert rank("latent", loss=0.9, selected=0.4) < rank("latent", loss=0.1, selected=0.5)
    assert rank("latent", loss=0.9, selected=0.3) < rank("latent", loss=0.1, selected=0.4)
    assert rank("latent", loss=0.8, selected=0.4) < rank("latent", loss=0.9, selected=0.4)


def test_latent_tolerates_two_percent_of_the_words():
    assert rank("latent", loss=0.8, selected=0.319) < rank("latent", loss=0.9, selected=0.2)
    assert rank("latent", loss=0.8, selected=0.321) > rank("latent", loss=0.9, selected=0.2)


@pytest.mark.parametrize("target", [0.1, 0.2, 0.3, 0.6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_latent_tolerates_exactly_two_percent(target, dtype):
    """Eight words of twenty-five are on a target of 0.3, whatever the rounding."""
    variant = VARIANTS["latent"](RationaleTrainOptions(model="latent", selection=target))
    share = torch.tensor(round(target + 0.02, 2), dtype=dtype).item()
    assert variant.rank({"loss": 0.8, "selected": share}) < variant.rank({"loss": 0.9, "selected": 0.0})


# Targets

REACHED = {"loss": 0.8, "objective": 0.1, "selected": 0.3, "transitions": 0.1}


def judged(model: str, **changed: Any) -> tuple[Any, dict[str, float]]:
    """The variant with both targets, and an evaluation on target but for what is changed."""
    options = {name: changed.pop(name) for name in list(changed) if name not in REACHED | MULTIPLIERS}
    both = {"model": model, "selection": 0.3, "lasso": 0.1} | options
    return VARIANTS[model](RationaleTrainOptions(**both)), REACHED | MULTIPLIERS | changed


MULTIPLIERS = {"lambda_selection": 0.1, "lambda_lasso": 0.1}


def rank_of(model: str, **changed: Any) -> tuple[float, float]:
    variant, dev = judged(model, **changed)
    return variant.rank(dev)


@pytest.mark.parametrize("model", ["latent", "rl"])
def test_the_best_model_is_on_every_target(model):
    assert rank_of(model, loss=0.9) < rank_of(model, loss=0.1, transitions=0.13)
    assert rank_of(model, loss=0.9) < rank_of(model, loss=0.1, selected=0.33)
    assert rank_of(model, loss=0.8, transitions=0.12) < rank_of(model, loss=0.9)
    assert rank_of(model, loss=0.9, transitions=0.2) < rank_of(model, loss=0.1, transitions=0.2, selected=0.4)
    assert rank_of(model, loss=0.9, transitions=0.2) < rank_of(model, loss=0.1, transitions=0.3)


def test_rl_with_a_target_of_transitions_ranks_by_loss():
    """Not by the objective, whose penalty on transitions is negative below the target."""
    options = {"selection": 1.0, "lasso": 0.1}
    assert rank_of("rl", **options, loss=0.8, objective=0.9) < rank_of("rl", **options, loss=0.9, objective=0.1)
    assert rank_of("rl", **options, loss=0.9) < rank_of("rl", **options, loss=0.1, objective=0.0, transitions=0.2)


@pytest.mark.parametrize("model", ["latent", "rl"])
@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, []),
        ({"selected": 0.32, "transitions": 0.12}, []),
        ({"selected": 0.15, "transitions": 0.0}, []),
        ({"selected": 0.33}, ["selected"]),
        ({"transitions": 0.13}, ["transitions"]),
        ({"selected": 0.14, "transitions": 0.13}, ["selected", "transitions"]),
        ({"selected": 1.0, "selection": 1.0}, []),
        ({"transitions": 1.0, "lasso": 0.0}, []),
    ],
)
def test_a_target_is_missed_above_it_and_far_below_a_share(model, changed, missed):
    variant, dev = judged(model, **changed)
    assert [target.measure for target in variant.targets() if target.is_missed(dev)] == missed


@pytest.mark.parametrize(
    ("model", "changed", "advice"),
    [
        ("latent", {"selected": 0.67}, "train longer, or raise --lambda-init or --lagrange-lr"),
        ("latent", {"selected": 0.67, "lagrange_lr": 0.0}, "raise --lambda-init or --lagrange-lr"),
        ("rl", {"selected": 0.67, "lambda_selection": 5.0}, "train longer, or raise --lambda-max, which"),
        ("latent", {"selected": 0.0, "lambda_selection": 5.0}, "train longer, or lower --lambda-init or --lagrange-lr"),
        ("rl", {"selected": 0.0, "sparsity": 0.1}, "--lagrange-lr, or lower --sparsity"),
        ("attention", {"selected": 0.67, "lasso": 0.0}, "raise --selection"),
    ],
)
def test_advice_depends_on_how_the_target_was_missed(model, changed, advice):
    variant, dev = judged(model, **changed)
    (target,) = (target for target in variant.targets() if target.is_missed(dev))
    assert advice in variant.advice(target, dev)
    assert target.describe(dev) == f"selected {dev['selected']:.3f} of the words, asked 0.300"


# What is built


@pytest.mark.parametrize(
    ("options", "objective", "selector", "family"),
    [
        ({"model": "baseline"}, Supervised, type(None), None),
        ({"model": "latent"}, Constrained, IndependentSelector, HardKuma),
        ({"model": "latent", "dist": "hardconcrete"}, Constrained, IndependentSelector, HardConcrete),
        ({"model": "latent", "dependent_z": True}, Constrained, DependentSelector, HardKuma),
        ({"model": "rl"}, Reinforce, IndependentSelector, Bernoulli),
        ({"model": "rl", "dependent_z": True}, Reinforce, DependentSelector, Bernoulli),
    ],
)
@pytest.mark.parametrize("layer", ENCODERS)
def test_what_is_built(options, objective, selector, family, layer, make_model, cross_entropy):
    model = make_model(layer=layer, **options)
    chosen = RationaleTrainOptions(**options)
    assert type(VARIANTS[chosen.model](chosen).objective(cross_entropy)) is objective
    assert type(model.selector) is selector
    if family is not None:
        assert model.selector.gate.family is family
        assert type(model.selector.encoder) is type(model.classifier.encoder) is ENCODERS[layer]
        assert model.selector.encoder is not model.classifier.encoder


def test_every_part_gets_the_options_dropout():
    model = VARIANTS["latent"](RationaleTrainOptions(model="latent", dropout=0.3)).model(nn.Embedding(9, 4), 2)
    assert [module.p for module in model.modules() if isinstance(module, nn.Dropout)] == [0.3, 0.3]


# Every option changes something

BASE: dict[str, dict[str, Any]] = {
    "baseline": {"model": "baseline"},
    "latent": {"model": "latent", "selection": 0.4},
    "latent_lasso": {"model": "latent", "selection": 0.4, "lasso": 0.2},
    "latent_dependent": {"model": "latent", "selection": 0.4, "dependent_z": True},
    "rl": {"model": "rl", "sparsity": 0.1, "coherence": 0.1},
    "rl_dependent": {"model": "rl", "dependent_z": True},
    "rl_rloo": {"model": "rl", "sparsity": 0.1, "control_variate": "rloo"},
    "rl_at_a_share": {"model": "rl", "selection": 0.4},
    "attention": {"model": "attention"},
}
EVERYWHERE = tuple(BASE)
LATENT = ("latent", "latent_lasso", "latent_dependent")
RL = ("rl", "rl_dependent", "rl_rloo", "rl_at_a_share")
CONSTRAINED = (*LATENT, "rl_at_a_share")
DEPENDENT = ("latent_dependent", "rl_dependent")

APPLIES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "hidden_size": (6, EVERYWHERE),
    "dropout": (0.5, EVERYWHERE),
    "skip_unselected": (True, (*LATENT, *RL)),
    "dist": ("hardconcrete", LATENT),
    "dependent_z": (True, (*LATENT, *RL)),
    "z_rnn_size": (5, DEPENDENT),
    "selection": (0.7, (*LATENT, *RL)),
    "lasso": (0.3, (*LATENT, *RL)),
    "lambda_init": (0.01, CONSTRAINED),
    "lambda_min": (1.5, CONSTRAINED),
    "lambda_max": (0.5, CONSTRAINED),
    "lagrange_lr": (0.5, CONSTRAINED),
    "lagrange_alpha": (0.2, CONSTRAINED),
    "sparsity": (0.3, RL),
    "coherence": (0.3, RL),
    "control_variate": ("rloo", RL),
    "samples": (3, ("rl_rloo",)),
}
"""For each option that shapes a model or its objective: another value, and the bases in which it applies."""

VARIED_BY_HAND = {"model", "layer"}
ELSEWHERE = {
    *(
        "save_path",
        "overwrite",
        "resume",
        "seed",
        "device",
        "threads",
        "num_iterations",
        "batch_size",
        "eval_batch_size",
    ),
    *(
        "eval_every",
        "print_every",
        "save_every",
        "early_stopping",
        "embed_size",
        "train_embed",
        "lowercase_vectors",
        "lr",
    ),
    *(
        "min_lr",
        "lr_decay",
        "weight_decay",
        "max_grad_norm",
        "scheduler",
        "milestones",
        "threshold",
        "patience",
        "cooldown",
    ),
    "stop_lr_threshold",
}
"""Options of the run, the data, the loop and the optimiser."""


def fingerprint(**changed: Any) -> list[float]:
    """The numbers of two steps of training."""
    torch.manual_seed(0)
    small = {"hidden_size": 4, "z_rnn_size": 3, "dropout": 0.2, "lambda_init": 1.0, "lr": 0.01}
    options = RationaleTrainOptions(**(small | changed))
    lengths = torch.tensor([5, 2, 4, 1])
    mask = torch.arange(5) < lengths.unsqueeze(1)
    batch = Batch((Tokens(torch.randint(9, mask.shape), mask, lengths),), torch.tensor([0, 1, 0, 1]), range(4))
    variant = VARIANTS[options.model](options)
    train_state = TrainState(variant.model(nn.Embedding(9, 4), 2), variant.objective(class_loss), options)
    train_state.train()
    numbers = []
    for _ in range(2):
        _, loss, norm = train_step(train_state, batch, 5.0)
        numbers += [loss.total.item(), norm.item(), *(term.item() for term in loss.terms.values())]
    return numbers


def class_loss(output: Output, batch: Batch) -> Tensor:
    return nn.functional.cross_entropy(output.scores, batch.targets, reduction="none")


def test_every_option_is_varied_here_or_elsewhere():
    """A new option that shapes model or objective needs a line in ``APPLIES``, any other a word in ``ELSEWHERE``."""
    names = {field.name for field in dataclasses.fields(RationaleTrainOptions)}
    assert names == APPLIES.keys() | VARIED_BY_HAND | ELSEWHERE


@pytest.mark.parametrize("base", BASE)
def test_the_same_options_give_the_same_numbers(base):
    assert fingerprint(**BASE[base]) == fingerprint(**BASE[base])


CHANGES = [(name, base) for name, (value, _) in APPLIES.items() for base in BASE if BASE[base].get(name) != value]


@pytest.mark.parametrize(("name", "base"), CHANGES)
def test_an_option_changes_something_exactly_where_it_applies(name, base):
    value, bases = APPLIES[name]
    unchanged = fingerprint(**BASE[base])
    assert (fingerprint(**(BASE[base] | {name: value})) != unchanged) == (base in bases)


@pytest.mark.parametrize("model", VARIANTS)
def test_every_layer_is_another(model):
    numbers = [fingerprint(model=model, layer=layer) for layer in ENCODERS]
    assert len(set(map(tuple, numbers))) == len(ENCODERS)


def test_every_control_variate_is_another():
    numbers = [fingerprint(model="rl", sparsity=0.1, control_variate=name) for name in CONTROL_VARIATES]
    assert len(set(map(tuple, numbers))) == len(CONTROL_VARIATES)


@pytest.mark.parametrize("model", ["latent", "rl"])
def test_no_target_means_no_constraint(model, cross_entropy):
    def constraints(**options: float) -> Constraints:
        chosen = RationaleTrainOptions(model=model, **options)
        return VARIANTS[model](chosen).objective(cross_entropy).constraints

    off, on = constraints(), constraints(selection=0.3, lasso=0.1)
    assert (off.selection, off.lasso) == (None, None)
    assert (on.selection.target, on.lasso.target) == (0.3, 0.1)


# Overfitting a dozen sentences

CLASSES, TEMPLATES, VOCABULARY = 6, 2, 17


def planted_sentences() -> tuple[Batch, Tensor]:
    """Two sentences, each with six different words in one place, which alone decide the class; and where they are."""
    lengths = torch.tensor([5, 7]).repeat_interleave(CLASSES)
    positions = torch.arange(7)
    mask = positions < lengths.unsqueeze(1)
    planted = positions == torch.tensor([3, 1]).repeat_interleave(CLASSES).unsqueeze(1)
    targets = torch.arange(CLASSES).repeat(TEMPLATES)
    generator = torch.Generator().manual_seed(0)
    others = torch.randint(1 + CLASSES, VOCABULARY, (TEMPLATES, 7), generator=generator)
    ids = torch.where(planted, 1 + targets.unsqueeze(1), others.repeat_interleave(CLASSES, dim=0)) * mask
    return Batch((Tokens(ids, mask, lengths),), targets, range(len(targets))), planted


def overfit(steps: int, **options: Any) -> tuple[float, float, float]:
    """After training: the accuracy, and the shares of planted and of other words that are selected."""
    batch, planted = planted_sentences()
    chosen = RationaleTrainOptions(hidden_size=10, dropout=0.0, lr=0.01, weight_decay=0.0, **options)
    embedding = nn.Embedding.from_pretrained(3 * torch.eye(VOCABULARY))  # words have nothing in common
    variant = VARIANTS[chosen.model](chosen)
    model = variant.model(embedding, CLASSES)
    train_state = TrainState(model, variant.objective(class_loss), chosen)
    train_state.train()
    for _ in range(steps):
        train_step(train_state, batch, chosen.max_grad_norm)
    train_state.train(False)
    output = model(batch)
    accuracy = (output.scores.argmax(1) == batch.targets).double().mean().item()
    if output.rationale is None:
        return accuracy, 1.0, 1.0
    selected = output.rationale.z > 0
    others = output.rationale.mask & ~planted
    return accuracy, selected[planted].double().mean().item(), selected[others].double().mean().item()


def test_baseline_learns_a_dozen_sentences():
    accuracy, _, _ = overfit(60, model="baseline")
    assert accuracy == 1


def test_latent_selects_the_word_that_decides():
    """One class of the six may be told by silence: ten planted words of twelve are enough."""
    multiplier = {"lambda_init": 0.15, "lagrange_lr": 0.03, "lagrange_alpha": 0.5}
    accuracy, planted, others = overfit(300, model="latent", selection=0.3, **multiplier)
    assert accuracy == 1
    assert planted >= 10 / 12
    assert others <= 0.25


def test_rl_selects_the_word_that_decides():
    accuracy, planted, others = overfit(300, model="rl", sparsity=0.05, control_variate="rloo")
    assert accuracy == 1
    assert planted >= 10 / 12
    assert others <= 0.25


def test_the_options_offer_what_is_in_the_registries():
    assert tuple(ENCODERS) == options.ENCODERS
    assert tuple(CONTROL_VARIATES) == options.CONTROL_VARIATES
    assert tuple(name for name, dist in DISTRIBUTIONS.items() if dist.has_rsample) == options.REPARAMETERISED
