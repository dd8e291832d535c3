"""What to build for pairs, what to minimise, and which evaluation is the better one."""

from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, Selection
from latent_rationale.common.experiment.variants import Variant
from latent_rationale.common.objectives.objectives import Constrained, Constraints, Criterion, Objective, Supervised
from latent_rationale.snli.attention import CrossAttention, SelectiveAttention, SelfAttention, SoftmaxAttention
from latent_rationale.snli.models import DecomposableAttention, Recurrent
from latent_rationale.snli.options import SOFTMAX, SNLIOptions


class PairVariant(Variant[SNLIOptions]):
    """A model of two sentences with softmax attention, or with a choice per cell whose share is held at a target.

    Args:
        options: of the training run.
    """

    share_name = "p2h_selected"

    def family(self) -> type[Selection] | None:
        """The one the user names; None for softmax."""
        dist = self.options.dist
        return None if dist == SOFTMAX else DISTRIBUTIONS[dist]

    def constraints(self) -> Constraints:
        """On the share of non-zero cells; a matrix has no transitions to hold down."""
        selection = self.options.selection
        return Constraints(self.multiplier(selection) if selection < 1 else None)

    def objective(self, criterion: Criterion) -> Objective:
        """The task loss, under constraints where cells are chosen."""
        return Supervised(criterion) if self.family() is None else Constrained(criterion, self.constraints())

    def criterion(self, dev: dict[str, float]) -> float:
        """The share of pairs that are judged wrongly."""
        return 1 - dev["acc"]

    def model(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
        """What to train, with fresh weights, on the given embedding."""
        options = self.options
        build = {"decomposable": self._decomposable, "recurrent": self._recurrent}[options.model]
        return build(embedding, output_size)

    def _decomposable(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
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

    def _recurrent(self, embedding: nn.Embedding, output_size: int) -> nn.Module:
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
