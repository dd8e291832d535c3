"""Variants of training, ``--model`` baseline, rl, latent or attention: model, objective and ranking of evaluations."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, Selection
from latent_rationale.common.experiment.options import LagrangianOptions, RationaleTrainOptions
from latent_rationale.common.nn.attention_model import AttentionModel
from latent_rationale.common.nn.cells import CELLS, MakeCell
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import ENCODERS, Encoder
from latent_rationale.common.nn.model import Model
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.nn.selectors import DependentSelector, IndependentSelector, Selector
from latent_rationale.common.objectives import (
    CONTROL_VARIATES,
    Constrained,
    Constraints,
    Criterion,
    Objective,
    Reinforce,
    Supervised,
)
from latent_rationale.common.objectives.lagrange import LagrangeMultiplier

Rank = tuple[float, float]
"""Type of the rank of an evaluation: its excess over the target share, then its dev criterion. Lower is better."""


Options = TypeVar("Options", bound=LagrangianOptions)


class Variant(ABC, Generic[Options]):
    """Model, objective and ranking of evaluations of one way to train.

    Args:
        options: options of the training run.
    """

    TOLERANCE = 0.02
    """Excess of the selected share over its target up to which an evaluation counts as on target."""

    share_name = "selected"
    """Name of the selected share in evaluations."""

    def __init__(self, options: Options):
        self.options = options

    @abstractmethod
    def objective(self, criterion: Criterion) -> Objective:
        """Return the objective to minimise, given the task's loss per example."""

    @abstractmethod
    def model(self, embedding: nn.Embedding, output_size: int) -> Model:
        """Return a model with fresh weights.

        Args:
            embedding: lookup table from ids to vectors.
            output_size: number of scores, C.
        """

    def criterion(self, dev: dict[str, float]) -> float:
        """Return the measure on dev by which the schedule and the choice of the best model go; lower is better."""
        return dev["loss"]

    def rank(self, dev: dict[str, float]) -> Rank:
        """Rank an evaluation on dev: by its criterion if it is on target, else by its excess over the target."""
        excess = dev.get(self.share_name, 0.0) - self.options.selection - self.TOLERANCE
        # Rounded, because shares are float32: a share on the limit must not exceed it by its rounding error.
        return max(round(excess, 6), 0.0), self.criterion(dev)

    def multiplier(self, target: float) -> LagrangeMultiplier:
        """Return a Lagrange multiplier that holds a share at a target."""
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
    """Variant for classifiers of one text, with or without a selector."""

    def family(self) -> type[Selection] | None:
        """Return the distribution of a choice; None for a model without a selector."""
        return None

    def cell(self) -> MakeCell:
        """Return the function that makes the cell of a dependent selector: of the encoder's kind, else an RCNN cell."""
        return CELLS.get(self.options.layer, CELLS["rcnn"])

    def model(self, embedding: nn.Embedding, output_size: int) -> Model:
        """Return a classifier with fresh weights, with a selector if there is a distribution of choices."""
        options = self.options
        # The classifier is built first: the order of construction determines the initial weights of a seed.
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
        """Return the constraints whose targets are set by ``--selection`` and ``--lasso``."""
        options = self.options
        selection = self.multiplier(options.selection) if options.selection < 1 else None
        return Constraints(selection, self.multiplier(options.lasso) if options.lasso > 0 else None)


class Baseline(TextVariant):
    """Variant for a classifier of the full text."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss as the objective."""
        return Supervised(criterion)


class Latent(TextVariant):
    """Variant for choices with reparameterised gradients."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss under constraints as the objective."""
        return Constrained(criterion, self.constraints())

    def family(self) -> type[Selection]:
        """Return the distribution that ``--dist`` names."""
        return DISTRIBUTIONS[self.options.dist]


class Reinforced(TextVariant):
    """Variant for binary choices, learned by REINFORCE under fixed penalties or constraints."""

    def criterion(self, dev: dict[str, float]) -> float:
        """Return the objective, which includes fixed penalties; with a target share, only the task loss."""
        return dev["objective"] if self.options.selection == 1 else dev["loss"]

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss plus the surrogate of the expected cost."""
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
        """Return Bernoulli, the distribution of binary choices."""
        return Bernoulli

    def cell(self) -> MakeCell:
        """Return the RCNN cell for every encoder, as in Lei et al. (2016)."""
        return CELLS["rcnn"]


class Attention(TextVariant):
    """Variant for a classifier with softmax attention, whose words with the highest weights serve as a rationale."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss as the objective."""
        return Supervised(criterion)

    def model(self, embedding: nn.Embedding, output_size: int) -> Model:
        """Return a classifier with softmax attention and fresh weights."""
        options = self.options
        encoder = self._encoder(embedding, skip_unselected=False)
        return AttentionModel(embedding, encoder, output_size, options.dropout, options.selection)


VARIANTS: dict[str, type[TextVariant]] = {
    "baseline": Baseline,
    "rl": Reinforced,
    "latent": Latent,
    "attention": Attention,
}
