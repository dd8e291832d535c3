"""Model, objective and ranking of evaluations for pairs of sentences."""

from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Selection
from latent_rationale.common.experiment.targets import Target
from latent_rationale.common.experiment.variants import Variant
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Constrained, Constraints, Criterion, Objective, Supervised
from latent_rationale.snli.attention import CrossAttention, SelectiveAttention, SelfAttention, SoftmaxAttention
from latent_rationale.snli.models import DecomposableAttention, Recurrent
from latent_rationale.snli.options import SOFTMAX, SNLIOptions


class PairVariant(Variant[SNLIOptions]):
    """Variant for models of two sentences, with softmax attention or with a choice per cell of the attention matrix.

    Args:
        options: options of the training run.
    """

    share_name = "p2h_selected"
    share_reached = "linked {:.3f} of the pairs of words"

    def family(self) -> type[Selection] | None:
        """Return the distribution that ``--dist`` names; None for softmax attention."""
        dist = self.options.dist
        return None if dist == SOFTMAX else DISTRIBUTIONS[dist]

    def targets(self) -> tuple[Target, ...]:
        """Return the target of ``--selection`` if cells are chosen."""
        return () if self.family() is None else super().targets()

    def constraints(self) -> Constraints:
        """Return the constraint on the share of non-zero cells; transitions are not defined for a matrix."""
        selection = self.options.selection
        return Constraints(self.multiplier(selection) if selection < 1 else None)

    def objective(self, criterion: Criterion) -> Objective:
        """Return the task loss as the objective, under constraints if cells are chosen."""
        return Supervised(criterion) if self.family() is None else Constrained(criterion, self.constraints())

    def criterion(self, dev: dict[str, float]) -> float:
        """Return the share of pairs that are classified wrongly."""
        return 1 - dev["acc"]

    def model(self, embedding: nn.Embedding, output_size: int) -> Model:
        """Return the model that ``--model`` names, with fresh weights."""
        options = self.options
        build = {"decomposable": self._decomposable, "recurrent": self._recurrent}[options.model]
        return build(embedding, output_size)

    def _decomposable(self, embedding: nn.Embedding, output_size: int) -> Model:
        options = self.options
        return DecomposableAttention(
            embedding,
            self._attention,
            options.hidden_size,
            output_size,
            options.dropout,
            projection_size=None if options.no_projection else options.proj_size,
            make_self_attention=self._self_attention if options.self_attention else None,
        )

    def _recurrent(self, embedding: nn.Embedding, output_size: int) -> Model:
        options = self.options
        return Recurrent(
            embedding,
            self._attention,
            options.hidden_size,
            output_size,
            options.dropout,
            layers=options.n_layers,
            bidirectional=not options.no_bidirectional,
        )

    def _attention(self, state_size: int) -> CrossAttention:
        options, family = self.options, self.family()
        if family is None:
            return SoftmaxAttention(state_size, options.hidden_size, options.dropout)
        return SelectiveAttention(state_size, options.hidden_size, options.dropout, family)

    def _self_attention(self, size: int) -> SelfAttention:
        options = self.options
        return SelfAttention(
            size, options.hidden_size, options.dropout, options.max_relative_distance, options.mask_diagonal
        )
