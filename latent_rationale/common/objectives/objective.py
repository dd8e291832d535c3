"""Abstract objective, from the output of a model and a batch to a loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from latent_rationale.common.structures import Batch, Loss, Output, Rationale

Criterion = Callable[[Output, Batch], Tensor]
"""Task loss per example, ``[B]``: cross-entropy, squared error."""


class Objective(nn.Module, ABC):
    """Loss to minimise: a task's criterion, and the penalties that a variant adds to it.

    An objective is a module, so that what it owns (Lagrange multipliers) is saved with the model. Only in training mode
    may a call change it.

    Args:
        criterion: the task loss per example.
    """

    samples = 1
    """Number of copies of each example in a training batch, see ``Batch.repeated``."""

    def __init__(self, criterion: Criterion):
        super().__init__()
        self.criterion = criterion

    @abstractmethod
    def forward(self, output: Output, batch: Batch) -> Loss:
        """Compute the loss of a batch."""


def rationale_of(output: Output) -> Rationale:
    """Return the rationale of an output.

    Raises:
        ValueError: if the model has no selector.
    """
    if output.rationale is None:
        raise ValueError("this objective needs a model with a selector, and the output has no rationale")
    return output.rationale
