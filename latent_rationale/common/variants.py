"""baseline | rl | latent: what to build, what to minimise, and which evaluation is the better one."""

from abc import ABC, abstractmethod

from torch import nn

from latent_rationale.common.cells import CELLS, MakeCell
from latent_rationale.common.classifier import Classifier
from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, Selection
from latent_rationale.common.encoders import ENCODERS
from latent_rationale.common.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives import (
    CONTROL_VARIATES,
    Constrained,
    Criterion,
    Objective,
    Reinforce,
    Supervised,
)
from latent_rationale.common.options import TrainOptions
from latent_rationale.common.rationale_model import RationaleModel
from latent_rationale.common.selectors import DependentSelector, IndependentSelector, Selector

Rank = tuple[float, float]
"""How an evaluation compares: by its distance from the target share, then by its dev criterion. Lower is better."""


class Variant(ABC):
    """One way to train a rationale model.

    Args:
        options: of the training run.
    """

    criterion_name = "loss"
    """The term of an evaluation that the schedule follows and that picks the best model."""

    def __init__(self, options: TrainOptions):
        self.options = options

    @abstractmethod
    def objective(self, criterion: Criterion) -> Objective:
        """What to minimise, given the task's loss per example."""

    def family(self) -> type[Selection] | None:
        """The distribution of a choice, or None where there is nothing to choose."""
        return None

    def cell(self) -> MakeCell:
        """What remembers earlier choices in a dependent selector."""
        return CELLS.get(self.options.layer, CELLS["rcnn"])

    def rank(self, dev: dict[str, float]) -> Rank:
        """How good an evaluation on dev is."""
        return 0.0, dev[self.criterion_name]


class Baseline(Variant):
    """A classifier of the full text."""

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss."""
        return Supervised(criterion)


class Latent(Variant):
    """Choices with reparameterised gradients, held at a share of the words by a Lagrangian."""

    TOLERANCE = 0.02
    """An evaluation whose decided share is at most this much above the target is on target."""

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss under constraints."""
        lasso = self._multiplier(self.options.lasso) if self.options.lasso > 0 else None
        return Constrained(criterion, self._multiplier(self.options.selection), lasso)

    def family(self) -> type[Selection]:
        """The one the user names."""
        return DISTRIBUTIONS[self.options.dist]

    def rank(self, dev: dict[str, float]) -> Rank:
        """On target, the lowest loss; else the share nearest to it."""
        excess = dev["selected"] - self.options.selection - self.TOLERANCE
        return max(round(excess, 6), 0.0), dev[self.criterion_name]  # rounded, since shares are float32

    def _multiplier(self, target: float) -> LagrangeMultiplier:
        options = self.options
        return LagrangeMultiplier(
            target,
            initial=options.lambda_init,
            learning_rate=options.lagrange_lr,
            smoothing=options.lagrange_alpha,
            minimum=options.lambda_min,
            maximum=options.lambda_max,
        )


class Reinforced(Variant):
    """Binary choices, learned with REINFORCE under fixed penalties."""

    criterion_name = "objective"

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss and the surrogate of the expected cost."""
        options = self.options
        control = CONTROL_VARIATES[options.control_variate]
        return Reinforce(criterion, options.sparsity, options.transition_cost, control)

    def family(self) -> type[Selection]:
        """Bernoulli."""
        return Bernoulli

    def cell(self) -> MakeCell:
        """Always an RCNN, as in Lei et al. (2016)."""
        return CELLS["rcnn"]


VARIANTS: dict[str, type[Variant]] = {"baseline": Baseline, "rl": Reinforced, "latent": Latent}


def build_model(options: TrainOptions, embedding: nn.Embedding, output_size: int) -> RationaleModel:
    """The model that a variant trains, with fresh weights, on the given embedding."""
    size = embedding.embedding_dim
    encoder = ENCODERS[options.layer](size, options.hidden_size, options.skip_unselected)
    classifier = Classifier(encoder, output_size, options.dropout)
    return RationaleModel(embedding, classifier, _selector(options, size))


def _selector(options: TrainOptions, size: int) -> Selector | None:
    variant = VARIANTS[options.model](options)
    family = variant.family()
    if family is None:
        return None
    encoder = ENCODERS[options.layer](size, options.hidden_size, False)
    if options.dependent_z:
        return DependentSelector(encoder, family, options.dropout, variant.cell(), options.z_rnn_size)
    return IndependentSelector(encoder, family, options.dropout)
