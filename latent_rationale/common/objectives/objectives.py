"""What a model is trained to do: (Output, Batch) -> Loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.objectives.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives.penalties import expected_selected, expected_transitions
from latent_rationale.common.structures import Batch, Loss, Output, Rationale

Criterion = Callable[[Output, Batch], Tensor]
"""A task's loss per example, ``[B]``: cross-entropy, squared error."""


class Objective(nn.Module, ABC):
    """A task's criterion and what a variant adds to it.

    Args:
        criterion: the loss per example.
    """

    samples = 1
    """How often each example stands in a training batch, ``Batch.repeated``."""

    def __init__(self, criterion: Criterion):
        super().__init__()
        self.criterion = criterion

    @abstractmethod
    def forward(self, output: Output, batch: Batch) -> Loss:
        """The loss of a batch."""


class Supervised(Objective):
    """The task loss and nothing else, for classifiers of the full text."""

    def forward(self, output: Output, batch: Batch) -> Loss:
        """The mean task loss."""
        loss = self.criterion(output, batch).mean()
        return Loss(loss, {"loss": loss.detach(), "objective": loss.detach()})


class Constraints(nn.Module):
    """Hold the expected length and scatter of rationales at targets (paper, section 4).

    Args:
        selection: holds the expected share of selected words, or None for no such constraint.
        lasso: holds the expected share of transitions, or None.
    """

    def __init__(self, selection: LagrangeMultiplier | None = None, lasso: LagrangeMultiplier | None = None):
        super().__init__()
        self.selection = selection
        self.lasso = lasso

    def forward(self, rationale: Rationale) -> tuple[Tensor, dict[str, Tensor]]:
        """The penalty ``[]``, and detached terms that tell where it comes from. In training, the multipliers move."""
        penalty = rationale.z.new_zeros(())
        terms: dict[str, Tensor] = {}
        if self.selection is not None:
            selected = expected_selected(rationale)
            penalty = penalty + self.selection(selected)
            terms |= {"expected_selected": selected.detach(), "lambda_selection": self.selection.multiplier.clone()}
        if self.lasso is not None:
            transitions = expected_transitions(rationale)
            penalty = penalty + self.lasso(transitions)
            terms |= {"expected_transitions": transitions.detach(), "lambda_lasso": self.lasso.multiplier.clone()}
        return penalty, terms


class Constrained(Objective):
    """The task loss under constraints, for choices that have a gradient.

    Args:
        criterion: the loss per example.
        constraints: on the rationales.
    """

    def __init__(self, criterion: Criterion, constraints: Constraints):
        super().__init__(criterion)
        self.constraints = constraints

    def forward(self, output: Output, batch: Batch) -> Loss:
        """The mean task loss plus the penalty."""
        loss = self.criterion(output, batch).mean()
        penalty, terms = self.constraints(_rationale_of(output))
        total = loss + penalty
        return Loss(total, terms | {"loss": loss.detach(), "objective": total.detach()})


def no_control(cost: Tensor) -> Tensor:
    """The costs as they are: plain REINFORCE, as the paper used it."""
    return cost


def mean_control(cost: Tensor) -> Tensor:
    """Each cost minus the mean of all. Slightly biased, since the mean contains the sample's own cost."""
    return cost - cost.mean()


def leave_one_out_control(cost: Tensor) -> Tensor:
    """Each cost minus the mean cost of the other samples for the same sentence (Kool, van Hoof & Welling, 2019).

    Unbiased. A lone sample is left as it is.
    """
    others = max(len(cost) - 1, 1)
    return cost - (cost.sum(0) - cost) / others


CONTROL_VARIATES: dict[str, Callable[[Tensor], Tensor]] = {
    "none": no_control,
    "mean": mean_control,
    "rloo": leave_one_out_control,
}
"""What makes REINFORCE less noisy: from costs ``[S, B]``, of S samples for each of B sentences, to weights."""


class Reinforce(Objective):
    """REINFORCE for choices that have no gradient (Lei, Barzilay & Jaakkola, 2016; paper, equation 4).

    The classifier learns from the task loss; the selector from cost times log p(z|x), where a sentence's cost is its
    task loss plus ``sparsity`` for each selected word plus ``coherence`` for each change between neighbours. What
    constraints hold is an expectation and has a gradient itself.

    Args:
        criterion: the loss per example.
        sparsity: cost of a selected word.
        coherence: cost of a transition.
        constraints: on the rationales.
        control: one of ``CONTROL_VARIATES``.
        samples: S, how many rationales are drawn for each sentence in training.
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
        """The mean task loss, and a surrogate whose gradient is that of the expected cost."""
        rationale = _rationale_of(output)
        losses = self.criterion(output, batch)
        with torch.no_grad():
            cost = losses + self._penalty(rationale)
            samples = self.samples if self.training else 1
            weight = self.control(cost.view(samples, -1)).flatten()
        log_prob = torch.where(rationale.mask, rationale.dist.log_prob(rationale.z), 0.0).sum(1)
        penalty, terms = self.constraints(rationale)
        loss = losses.mean()
        terms |= {"loss": loss.detach(), "objective": cost.mean() + penalty.detach()}
        return Loss(loss + (weight * log_prob).mean() + penalty, terms)

    def _penalty(self, rationale: Rationale) -> Tensor:
        z = rationale.z
        changes = (z[:, 1:] - z[:, :-1]).abs() * rationale.mask[:, 1:]
        return self.sparsity * z.sum(1) + self.coherence * changes.sum(1)


def _rationale_of(output: Output) -> Rationale:
    if output.rationale is None:
        raise ValueError("this objective needs a model with a selector, and the output has no rationale")
    return output.rationale
