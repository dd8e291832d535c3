"""REINFORCE objective and its control variates, for choices without a gradient."""

from collections.abc import Callable

import torch
from torch import Tensor

from latent_rationale.common.objectives.constrained import Constraints
from latent_rationale.common.objectives.objective import Criterion, Objective, rationale_of
from latent_rationale.common.structures import Batch, Loss, Output, Rationale


def no_control(cost: Tensor) -> Tensor:
    """Return the costs unchanged: plain REINFORCE, as in the paper."""
    return cost


def mean_control(cost: Tensor) -> Tensor:
    """Subtract the mean of all costs. Slightly biased, since the mean contains the sample's own cost."""
    return cost - cost.mean()


def leave_one_out_control(cost: Tensor) -> Tensor:
    """Subtract the mean cost of the other samples for the same sentence (Kool, van Hoof & Welling, 2019).

    Unbiased. A single sample is left unchanged.
    """
    others = max(len(cost) - 1, 1)
    return cost - (cost.sum(0) - cost) / others


CONTROL_VARIATES: dict[str, Callable[[Tensor], Tensor]] = {
    "none": no_control,
    "mean": mean_control,
    "rloo": leave_one_out_control,
}
"""Variance reduction by name: from costs ``[S, B]``, of S samples for each of B sentences, to weights ``[S, B]``."""


class Reinforce(Objective):
    """REINFORCE (Lei, Barzilay & Jaakkola, 2016; paper, equation 4).

    The classifier learns from the task loss, the selector from cost times log p(z|x). A sentence's cost is its task
    loss plus ``sparsity`` for each selected word plus ``coherence`` for each change between neighbours. The penalty of
    the constraints is an expectation, and is differentiated itself.

    Args:
        criterion: the task loss per example.
        sparsity: cost of a selected word.
        coherence: cost of a transition.
        constraints: on the rationales.
        control: one of ``CONTROL_VARIATES``.
        samples: S, number of rationales sampled for each sentence in training.
    """

    def __init__(
        self,
        criterion: Criterion,
        sparsity: float = 0.0,
        coherence: float = 0.0,
        constraints: Constraints | None = None,
        control: Callable[[Tensor], Tensor] = no_control,
        samples: int = 1,
    ):
        super().__init__(criterion)
        self.sparsity = sparsity
        self.coherence = coherence
        self.constraints = constraints or Constraints()
        self.control = control
        self.samples = samples

    def forward(self, output: Output, batch: Batch) -> Loss:
        """Compute the mean task loss plus a surrogate whose gradient is that of the expected cost.

        Raises:
            ValueError: if the output has no rationale.
        """
        rationale = rationale_of(output)
        losses = self.criterion(output, batch)  # [S * B], the copies of the batch one after the other
        with torch.no_grad():
            cost = losses + self._penalty(rationale)
            samples = self.samples if self.training else 1
            weight = self.control(cost.view(samples, -1)).flatten()  # [S, B] and back
        # The gradient of E[cost] is E[cost * gradient of log p(z|x)]. The surrogate weight * log p(z|x) has this
        # gradient if the weight is constant. Its value has no meaning, so that ``objective`` is built from the cost.
        log_prob = torch.where(rationale.mask, rationale.dist.log_prob(rationale.z), 0.0).sum(1)
        penalty, terms = self.constraints(rationale)
        loss = losses.mean()
        terms |= {"loss": loss.detach(), "objective": cost.mean() + penalty.detach()}
        return Loss(loss + (weight * log_prob).mean() + penalty, terms)

    def _penalty(self, rationale: Rationale) -> Tensor:
        """Compute the cost of the sampled words and transitions of each sentence, ``[S * B]``."""
        z = rationale.z
        # z is 0 at padding. A change from the last word to the padding is masked: it is no transition.
        changes = (z[:, 1:] - z[:, :-1]).abs() * rationale.mask[:, 1:]
        return self.sparsity * z.sum(1) + self.coherence * changes.sum(1)
