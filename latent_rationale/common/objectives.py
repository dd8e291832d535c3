"""What a model is trained to do: (Output, Batch) -> Loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.lagrange import LagrangeMultiplier
from latent_rationale.common.penalties import expected_selected, expected_transitions
from latent_rationale.common.structures import Batch, Loss, Output, Rationale

Criterion = Callable[[Output, Batch], Tensor]
"""A task's loss per example, ``[B]``: cross-entropy, squared error."""


class Objective(nn.Module, ABC):
    """A task's criterion and what a variant adds to it.

    Args:
        criterion: the loss per example.
    """

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


class Constrained(Objective):
    """The task loss, with the rationale's expected length and scatter held at targets (paper, section 4).

    Args:
        criterion: the loss per example.
        selection: holds the expected share of selected words.
        lasso: holds the expected share of transitions, or None for no such constraint.
    """

    def __init__(self, criterion: Criterion, selection: LagrangeMultiplier, lasso: LagrangeMultiplier | None = None):
        super().__init__(criterion)
        self.selection = selection
        self.lasso = lasso

    def forward(self, output: Output, batch: Batch) -> Loss:
        """The mean task loss plus the penalties. In training mode, the multipliers move."""
        rationale = _rationale_of(output)
        loss = self.criterion(output, batch).mean()
        selected = expected_selected(rationale)
        total = loss + self.selection(selected)
        terms = {"expected_selected": selected, "lambda_selection": self.selection.multiplier.clone()}
        if self.lasso is not None:
            transitions = expected_transitions(rationale)
            total = total + self.lasso(transitions)
            terms |= {"expected_transitions": transitions, "lambda_lasso": self.lasso.multiplier.clone()}
        terms |= {"loss": loss, "objective": total}
        return Loss(total, {name: term.detach() for name, term in terms.items()})


def no_control(cost: Tensor) -> Tensor:
    """The costs as they are: plain REINFORCE, as the paper used it."""
    return cost


def mean_control(cost: Tensor) -> Tensor:
    """Each cost minus the batch's mean. Slightly biased, since the mean contains the example's own sample."""
    return cost - cost.mean()


def leave_one_out_control(cost: Tensor) -> Tensor:
    """Each cost minus the mean of the others in the batch: unbiased. A batch of one is left as it is."""
    others = max(len(cost) - 1, 1)
    return cost - (cost.sum() - cost) / others


CONTROL_VARIATES: dict[str, Callable[[Tensor], Tensor]] = {
    "none": no_control,
    "mean": mean_control,
    "rloo": leave_one_out_control,
}


class Reinforce(Objective):
    """REINFORCE for choices that have no gradient (Lei, Barzilay & Jaakkola, 2016; paper, equation 4).

    The classifier learns from the task loss; the selector from cost times log p(z|x), where a sentence's cost is its
    task loss plus ``sparsity`` for each selected word plus ``coherence`` for each change between neighbours.

    Args:
        criterion: the loss per example.
        sparsity: cost of a selected word.
        coherence: cost of a transition.
        control: subtracts from the costs ``[B]`` something that lowers the variance of the gradient.
    """

    def __init__(
        self, criterion: Criterion, sparsity: float, coherence: float, control: Callable[[Tensor], Tensor] = no_control
    ):
        super().__init__(criterion)
        self.sparsity = sparsity
        self.coherence = coherence
        self.control = control

    def forward(self, output: Output, batch: Batch) -> Loss:
        """The mean task loss, and a surrogate whose gradient is that of the expected cost."""
        rationale = _rationale_of(output)
        losses = self.criterion(output, batch)
        with torch.no_grad():
            cost = losses + self._penalty(rationale)
            weight = self.control(cost)
        log_prob = torch.where(rationale.mask, rationale.dist.log_prob(rationale.z), 0.0).sum(1)
        loss = losses.mean()
        terms = {"loss": loss.detach(), "objective": cost.mean()}
        return Loss(loss + (weight * log_prob).mean(), terms)

    def _penalty(self, rationale: Rationale) -> Tensor:
        z = rationale.z
        changes = (z[:, 1:] - z[:, :-1]).abs() * rationale.mask[:, 1:]
        return self.sparsity * z.sum(1) + self.coherence * changes.sum(1)


def _rationale_of(output: Output) -> Rationale:
    if output.rationale is None:
        raise ValueError("this objective needs a model with a selector, and the output has no rationale")
    return output.rationale
