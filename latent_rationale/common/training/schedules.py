"""Learning-rate schedules: per evaluation (one an epoch by default), or per step."""

from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from latent_rationale.common.training.options import TrainOptions

WARM_UP = 0.1
"""Share of all steps in which a linear schedule raises the learning rate."""


class Schedule:
    """Learning-rate schedule that ``--scheduler`` names.

    Args:
        optimizer: the optimiser whose learning rate is scheduled.
        options: options of the training run.
    """

    def __init__(self, optimizer: Optimizer, options: TrainOptions):
        self._on_plateau = options.scheduler == "plateau"
        self._optimizer = optimizer
        self._linear = (options.lr, options.min_lr) if options.scheduler == "linear" else None
        self._scheduler: Any = SCHEDULERS[options.scheduler](optimizer, options)

    def step(self, criterion: float) -> None:
        """Update the rate after an evaluation with this criterion, lower is better."""
        if self._on_plateau:
            self._scheduler.step(criterion)
        else:
            self._scheduler.step()

    def advance(self, done: float) -> None:
        """Update a linear rate before a step that lies at the share ``done`` of the run, in (0, 1).

        It rises to ``lr`` and falls to ``min_lr`` (Devlin et al., 2019, appendix A.2).
        """
        if self._linear is not None:
            peak, least = self._linear
            rate = peak * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
            for group in self._optimizer.param_groups:
                group["lr"] = max(rate, least)

    def state_dict(self) -> dict[str, Any]:
        """Return the state that changes during training."""
        return {name: value for name, value in self._scheduler.state_dict().items() if name != "lr_lambdas"}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self._scheduler.load_state_dict(state | ({} if self._on_plateau else {"lr_lambdas": [None]}))


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


def _exponential(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """Multiply the rate by ``lr_decay`` after each evaluation."""
    return _down_to_least(optimizer, options, lambda evaluations: evaluations)


def _multistep(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """Multiply the rate by ``lr_decay`` after each number of evaluations in ``milestones``."""
    return _down_to_least(
        optimizer, options, lambda evaluations: sum(evaluations >= milestone for milestone in options.milestones)
    )


def _down_to_least(optimizer: Optimizer, options: TrainOptions, falls: Callable[[int], int]) -> LambdaLR:
    """Multiply the rate by ``lr_decay`` as often as ``falls(evaluations)`` says, down to ``min_lr``."""
    least = min(options.min_lr / options.lr, 1.0)
    return LambdaLR(optimizer, lambda evaluations: max(options.lr_decay ** falls(evaluations), least))


def _linear(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """Leave the rate unchanged: ``Schedule.advance`` sets it before each step."""
    return LambdaLR(optimizer, lambda evaluations: 1.0)


SCHEDULERS = {"plateau": _plateau, "exponential": _exponential, "multistep": _multistep, "linear": _linear}
