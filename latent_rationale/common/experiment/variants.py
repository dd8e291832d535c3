"""baseline | rl | latent | attention: what to build, what to minimise, and which evaluation is the better one."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, Selection
from latent_rationale.common.experiment.options import LagrangianOptions, RationaleTrainOptions
from latent_rationale.common.nn.attention_model import AttentionModel
from latent_rationale.common.nn.cells import CELLS, MakeCell
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import ENCODERS, Encoder
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.nn.selectors import DependentSelector, IndependentSelector, Selector
from latent_rationale.common.objectives.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives.objectives import (
    CONTROL_VARIATES,
    Constrained,
    Constraints,
    Criterion,
    Objective,
    Reinforce,
    Supervised,
)

Rank = tuple[float, float]
"""How an evaluation compares: by its distance from the target share, then by its dev criterion. Lower is better."""


Options = TypeVar("Options", bound=LagrangianOptions)


class Variant(ABC, Generic[Options]):
    """One way to train a rationale model.

    Args:
        options: of the training run.
    """

    TOLERANCE = 0.02
    """An evaluation whose decided share is at most this much above the target is on target."""

    share_name = "selected"
    """What evaluations call that share."""

    def __init__(self, options: Options):
        self.options = options

    @abstractmethod
    def objective(self, criterion: Criterion) -> Objective:
        """What to minimise, given the task's loss per example."""

    @abstractmethod
    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """What to train, with fresh weights, on the given embedding."""

    def criterion(self, dev: dict[str, float]) -> float:
        """What the schedule follows and what picks the best model, of an evaluation on dev; lower is better."""
        return dev["loss"]

    def rank(self, dev: dict[str, float]) -> Rank:
        """How good an evaluation on dev is: on target, by its criterion; else by how far it is off."""
        excess = dev.get(self.share_name, 0.0) - self.options.selection - self.TOLERANCE
        return max(round(excess, 6), 0.0), self.criterion(dev)  # rounded, since shares are float32

    def multiplier(self, target: float) -> LagrangeMultiplier:
        """A multiplier that holds a share at its target."""
        options = self.options
        return LagrangeMultiplier(
            target,
            initial=options.lambda_init,
            learning_rate=options.lagrange_lr,
            smoothing=options.lagrange_alpha,
            minimum=options.lambda_min,
            maximum=options.lambda_max,
        )


class TextVariant(Variant[RationaleTrainOptions]):
    """One way to train a classifier of texts with a selector, or without one."""

    def family(self) -> type[Selection] | None:
        """The distribution of a choice, or None where there is nothing to choose."""
        return None

    def cell(self) -> MakeCell:
        """What remembers earlier choices in a dependent selector."""
        return CELLS.get(self.options.layer, CELLS["rcnn"])

    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """What to train, with fresh weights, on the given embedding."""
        options = self.options
        classifier = Classifier(self._encoder(embedding, options.skip_unselected), output_size, options.dropout)
        return RationaleModel(embedding, classifier, self._selector(embedding))

    def _selector(self, embedding: nn.Embedding) -> Selector | None:
        options, family = self.options, self.family()
        if family is None:
            return None
        encoder = self._encoder(embedding, skip_unselected=False)
        if options.dependent_z:
            return DependentSelector(encoder, family, options.dropout, self.cell(), options.z_rnn_size)
        return IndependentSelector(encoder, family, options.dropout)

    def _encoder(self, embedding: nn.Embedding, skip_unselected: bool) -> Encoder:
        options = self.options
        return ENCODERS[options.layer](embedding.embedding_dim, options.hidden_size, skip_unselected)

    def constraints(self) -> Constraints:
        """Those that the user asks for."""
        options = self.options
        selection = self.multiplier(options.selection) if options.selection < 1 else None
        return Constraints(selection, self.multiplier(options.lasso) if options.lasso > 0 else None)


class Baseline(TextVariant):
    """A classifier of the full text."""

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss."""
        return Supervised(criterion)


class Latent(TextVariant):
    """Choices with reparameterised gradients."""

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss under constraints."""
        return Constrained(criterion, self.constraints())

    def family(self) -> type[Selection]:
        """The one the user names."""
        return DISTRIBUTIONS[self.options.dist]


class Reinforced(TextVariant):
    """Binary choices, learned with REINFORCE, under fixed penalties or constraints."""

    def criterion(self, dev: dict[str, float]) -> float:
        """With fixed penalties they count; at a target share the task loss alone does."""
        return dev["objective"] if self.options.selection == 1 else dev["loss"]

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss and the surrogate of the expected cost."""
        options = self.options
        name = options.control_variate
        return Reinforce(
            criterion,
            options.sparsity,
            options.transition_cost,
            self.constraints(),
            CONTROL_VARIATES[name],
            samples=options.samples if name == "rloo" else 1,
        )

    def family(self) -> type[Selection]:
        """Bernoulli."""
        return Bernoulli

    def cell(self) -> MakeCell:
        """Always an RCNN, as in Lei et al. (2016)."""
        return CELLS["rcnn"]


class Attention(TextVariant):
    """A classifier of the full text that pools it by softmax attention, whose peaks stand for a rationale."""

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss."""
        return Supervised(criterion)

    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """Without a selector."""
        options = self.options
        encoder = self._encoder(embedding, skip_unselected=False)
        return AttentionModel(embedding, encoder, output_size, options.dropout, options.selection)


VARIANTS: dict[str, type[TextVariant]] = {
    "baseline": Baseline,
    "rl": Reinforced,
    "latent": Latent,
    "attention": Attention,
}
