"""Variants of training, ``--model`` baseline, rl, latent or attention: model, objective and ranking of evaluations."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Bernoulli, Selection
from latent_rationale.common.experiment.options import LagrangianOptions, RationaleTrainOptions
from latent_rationale.common.experiment.targets import Target, share_target, transitions_target
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
"""Type of the rank of an evaluation: its excess over the targets, then its dev criterion. Lower is better."""


Options = TypeVar("Options", bound=LagrangianOptions)


class Variant(ABC, Generic[Options]):
    """Model, objective and ranking of evaluations of one way to train.

    Args:
        options: options of the training run.
    """

    share_name = "selected"
    """Name of the selected share in evaluations."""

    share_reached = "selected {:.3f} of the words"
    """Description of a value of the selected share."""

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

    def targets(self) -> tuple[Target, ...]:
        """Return the targets that the options set; by default that of ``--selection``."""
        share = self.options.selection
        return (share_target(self.share_name, share, self.share_reached),) if share < 1 else ()

    def rank(self, dev: dict[str, float]) -> Rank:
        """Rank an evaluation on dev: by its criterion if it is on every target, else by its excess over them."""
        return sum(target.excess(dev) for target in self.targets()), self.criterion(dev)

    def advice(self, target: Target, dev: dict[str, float]) -> str:
        """Return what to change after a run whose best model misses a target.

        Args:
            target: the missed target.
            dev: measures of the best model on dev.
        """
        longer = "train longer, or " if self.options.lagrange_lr > 0 else ""
        if target.excess(dev) == 0:
            return f"{longer}lower --lambda-init or --lagrange-lr"
        if dev[target.multiplier] < 0.99 * self.options.lambda_max:
            return f"{longer}raise --lambda-init or --lagrange-lr"
        return f"{longer}raise --lambda-max, which the multiplier has reached"

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

    def targets(self) -> tuple[Target, ...]:
        """Return the targets of ``--selection`` and ``--lasso``."""
        lasso = self.options.lasso
        return (*super().targets(), *((transitions_target(lasso),) if lasso > 0 else ()))

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

    def targets(self) -> tuple[Target, ...]:
        """Return no target: nothing is selected."""
        return ()


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
        """Return the objective, which includes fixed penalties; with targets, only the task loss."""
        return dev["loss"] if self.targets() else dev["objective"]

    def advice(self, target: Target, dev: dict[str, float]) -> str:
        """Return what to change; fixed penalties lower a share as well."""
        costs = self.options.sparsity > 0 and target.excess(dev) == 0
        return super().advice(target, dev) + ", or lower --sparsity" * costs

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

    def advice(self, target: Target, dev: dict[str, float]) -> str:
        """Return what to change: nothing is trained towards the share, which is rounded for each text."""
        return "raise --selection, because each text keeps at least one word"


VARIANTS: dict[str, type[TextVariant]] = {
    "baseline": Baseline,
    "rl": Reinforced,
    "latent": Latent,
    "attention": Attention,
}
