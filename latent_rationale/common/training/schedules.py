"""Learning-rate schedules: by the epochs or the steps taken, or by evaluations on dev."""

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from latent_rationale.common.training.options import TrainOptions

WARM_UP = 0.1
"""Share of all steps in which a linear schedule raises the learning rate."""


class Schedule:
    """Learning-rate schedule that ``--scheduler`` names.

    Only ``plateau`` has a state. The other rates are functions of the steps taken, so that neither the interval between
    evaluations nor an interruption of the run changes them.

    Args:
        optimizer: the optimiser whose learning rate is scheduled.
        options: options of the training run.
    """

    def __init__(self, optimizer: Optimizer, options: TrainOptions):
        self._optimizer = optimizer
        self._options = options
        self._plateau = _plateau(optimizer, options) if options.scheduler == PLATEAU else None
        self._rate = RATES.get(options.scheduler)

    def step(self, criterion: float) -> None:
        """Update the rate of ``plateau`` after an evaluation with this criterion, lower is better."""
        if self._plateau is not None:
            self._plateau.step(criterion)

    def advance(self, epochs: int, done: float) -> None:
        """Set the rate of the next step, unless it follows evaluations.

        Args:
            epochs: number of whole epochs before the step.
            done: share of the run at which the step lies, in (0, 1).
        """
        if self._rate is not None:
            rate = self._rate(self._options, epochs, done)
            for group in self._optimizer.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Return the state that changes during training."""
        return {} if self._plateau is None else self._plateau.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        if self._plateau is not None:
            self._plateau.load_state_dict(state)


def _plateau(optimizer: Optimizer, options: TrainOptions) -> ReduceLROnPlateau:
    """Multiply the rate by ``lr_decay`` whenever the criterion has stopped falling."""
    return ReduceLROnPlateau(
        optimizer,
        factor=options.lr_decay,
        patience=options.patience,
        cooldown=options.cooldown,
        threshold=options.threshold,
        min_lr=options.min_lr,
    )


def _exponential(options: TrainOptions, epochs: int, done: float) -> float:
    """Multiply the rate by ``lr_decay`` after each epoch."""
    return _fallen(options, epochs)


def _multistep(options: TrainOptions, epochs: int, done: float) -> float:
    """Multiply the rate by ``lr_decay`` after each number of epochs in ``milestones``."""
    return _fallen(options, sum(epochs >= milestone for milestone in options.milestones))


def _fallen(options: TrainOptions, times: int) -> float:
    """Compute the rate that fell so many times, down to ``min_lr``."""
    return max(options.lr * options.lr_decay**times, min(options.min_lr, options.lr))


def _linear(options: TrainOptions, epochs: int, done: float) -> float:
    """Compute a rate that rises to ``lr`` and falls to ``min_lr`` (Devlin et al., 2019, appendix A.2)."""
    return max(options.lr * min(done / WARM_UP, (1 - done) / (1 - WARM_UP)), options.min_lr)


PLATEAU = "plateau"
RATES = {"exponential": _exponential, "multistep": _multistep, "linear": _linear}
"""Schedules that depend on the steps taken only, by name."""
