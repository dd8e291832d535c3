"""Variants of training: model, objective and ranking of evaluations for each value of ``--model``."""

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
"""Sort key of an evaluation: excess over the target share, then the criterion on dev. The smallest is the best."""


Options = TypeVar("Options", bound=LagrangianOptions)


class Variant(ABC, Generic[Options]):
    """Model, objective and ranking of evaluations that belong together.

    Args:
        options: options of the training run.
    """

    TOLERANCE = 0.02
    """Largest excess of the share of selected words over its target that still counts as on target."""

    share_name = "selected"
    """Name of the measure that holds the share of selected words."""

    def __init__(self, options: Options):
        self.options = options

    @abstractmethod
    def objective(self, criterion: Criterion) -> Objective:
        """Return the objective to minimize.

        Args:
            criterion: task loss of each example, ``[B]``.
        """

    @abstractmethod
    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """Return an untrained model.

        Args:
            embedding: embedding of the words, which the model owns.
            output_size: number ``C`` of scores.
        """

    def criterion(self, dev: dict[str, float]) -> float:
        """Return the measure on dev that ranks evaluations on target and drives the learning-rate schedule."""
        return dev["loss"]

    def rank(self, dev: dict[str, float]) -> Rank:
        """Return the sort key of an evaluation on dev: its excess over the target share, then its criterion."""
        excess = dev.get(self.share_name, 0.0) - self.options.selection - self.TOLERANCE
        return max(round(excess, 6), 0.0), self.criterion(dev)  # rounded: shares are float32

    def multiplier(self, target: float) -> LagrangeMultiplier:
        """Return a Lagrange multiplier that constrains a share to its target."""
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
        """Return the distribution of the selection of a word; None for a variant without selector."""
        return None

    def cell(self) -> MakeCell:
        """Return the constructor of the recurrent cell over earlier selections in a dependent selector."""
        return CELLS.get(self.options.layer, CELLS["rcnn"])

    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """Return an untrained model of encoder and output layer, with a selector if the variant selects words."""
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
        """Return the constraints with a target in the options."""
        options = self.options
        selection = self.multiplier(options.selection) if options.selection < 1 else None
        return Constraints(selection, self.multiplier(options.lasso) if options.lasso > 0 else None)


class Baseline(TextVariant):
    """Variant that classifies the full text."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss without further terms."""
        return Supervised(criterion)


class Latent(TextVariant):
    """Variant with a selector that is trained by reparameterized gradients."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss under constraints."""
        return Constrained(criterion, self.constraints())

    def family(self) -> type[Selection]:
        """Return the distribution of ``--dist``."""
        return DISTRIBUTIONS[self.options.dist]


class Reinforced(TextVariant):
    """Variant with a binary selector that is trained with REINFORCE, under fixed penalties or constraints."""

    def criterion(self, dev: dict[str, float]) -> float:
        """Return the loss on dev, which includes the fixed penalties unless there is a target share."""
        return dev["objective"] if self.options.selection == 1 else dev["loss"]

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss with the score-function surrogate of the expected cost."""
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
        """Return the Bernoulli distribution, whose selections are binary."""
        return Bernoulli

    def cell(self) -> MakeCell:
        """Return the RCNN cell, whatever the encoder, as in Lei et al. (2016)."""
        return CELLS["rcnn"]


class Attention(TextVariant):
    """Variant that pools the full text by softmax attention, whose largest weights serve as a rationale."""

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss without further terms."""
        return Supervised(criterion)

    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """Return an untrained model of encoder, attention and output layer."""
        options = self.options
        encoder = self._encoder(embedding, skip_unselected=False)
        return AttentionModel(embedding, encoder, output_size, options.dropout, options.selection)


VARIANTS: dict[str, type[TextVariant]] = {
    "baseline": Baseline,
    "rl": Reinforced,
    "latent": Latent,
    "attention": Attention,
}
