"""Objective of classifiers that read the full text."""

from latent_rationale.common.objectives.objective import Objective
from latent_rationale.common.structures import Batch, Loss, Output


class Supervised(Objective):
    """Mean task loss, without penalties.

    Args:
        criterion: the task loss per example.
    """

    def forward(self, output: Output, batch: Batch) -> Loss:
        """Compute the mean task loss."""
        loss = self.criterion(output, batch).mean()
        return Loss(loss, {"loss": loss.detach(), "objective": loss.detach()})
