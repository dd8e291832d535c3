"""Task loss under constraints on the rationale, for reparameterised choices (paper, section 4)."""

from torch import Tensor, nn

from latent_rationale.common.objectives.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives.objective import Criterion, Objective, rationale_of
from latent_rationale.common.objectives.penalties import expected_selected, expected_transitions
from latent_rationale.common.structures import Batch, Loss, Output, Rationale


class Constraints(nn.Module):
    """Constraints on the expected length and the expected transitions of rationales (paper, equations 11 to 13).

    Args:
        selection: multiplier of the expected share of selected words, or None for no such constraint.
        lasso: multiplier of the expected share of transitions, or None for no such constraint.
    """

    def __init__(self, selection: LagrangeMultiplier | None = None, lasso: LagrangeMultiplier | None = None):
        super().__init__()
        self.selection = selection
        self.lasso = lasso

    def forward(self, rationale: Rationale) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the penalty ``[]`` and its detached terms; in training mode the multipliers are updated first."""
        penalty = rationale.z.new_zeros(())
        terms: dict[str, Tensor] = {}
        if self.selection is not None:
            selected = expected_selected(rationale)
            penalty = penalty + self.selection(selected)
            # The buffer is updated in place in the next step: the term is a copy of its value now.
            terms |= {"expected_selected": selected.detach(), "lambda_selection": self.selection.multiplier.clone()}
        if self.lasso is not None:
            transitions = expected_transitions(rationale)
            penalty = penalty + self.lasso(transitions)
            terms |= {"expected_transitions": transitions.detach(), "lambda_lasso": self.lasso.multiplier.clone()}
        return penalty, terms


class Constrained(Objective):
    """Mean task loss plus the penalties of constraints, for choices that have a gradient.

    Args:
        criterion: the task loss per example.
        constraints: on the rationales.
    """

    def __init__(self, criterion: Criterion, constraints: Constraints):
        super().__init__(criterion)
        self.constraints = constraints

    def forward(self, output: Output, batch: Batch) -> Loss:
        """Compute the mean task loss plus the penalty.

        Raises:
            ValueError: if the output has no rationale.
        """
        loss = self.criterion(output, batch).mean()
        penalty, terms = self.constraints(rationale_of(output))
        total = loss + penalty
        return Loss(total, terms | {"loss": loss.detach(), "objective": total.detach()})
