"""How the learning rate falls: after evaluations, of which there is one an epoch unless told otherwise, or by steps."""

from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from latent_rationale.common.training.options import TrainOptions

WARM_UP = 0.1
"""The share of all steps in which the learning rate rises, where it is linear."""


class Schedule:
    """What ``--scheduler`` names.

    Args:
        optimizer: whose learning rate falls.
        options: of the training run.
    """

    def __init__(self, optimizer: Optimizer, options: TrainOptions):
        self._on_plateau = options.scheduler == "plateau"
        self._optimizer = optimizer
        self._linear = (options.lr, options.min_lr) if options.scheduler == "linear" else None
        self._scheduler: Any = SCHEDULERS[options.scheduler](optimizer, options)

    def step(self, criterion: float) -> None:
        """After an evaluation with this criterion, lower is better."""
        if self._on_plateau:
            self._scheduler.step(criterion)
        else:
            self._scheduler.step()

    def advance(self, done: float) -> None:
        """Before a step, with how far into the run it lies, in (0, 1).

        Linear rates rise to their peak and fall to the least (Devlin et al., 2019, appendix A.2).
        """
        if self._linear is not None:
            peak, least = self._linear
            rate = peak * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
            for group in self._optimizer.param_groups:
                group["lr"] = max(rate, least)

    def state_dict(self) -> dict[str, Any]:
        """All that changes."""
        return {name: value for name, value in self._scheduler.state_dict().items() if name != "lr_lambdas"}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        self._scheduler.load_state_dict(state | ({} if self._on_plateau else {"lr_lambdas": [None]}))


def _plateau(optimizer: Optimizer, options: TrainOptions) -> ReduceLROnPlateau:
    """By ``lr_decay`` whenever the criterion has stopped falling."""
    return ReduceLROnPlateau(
        optimizer,
        factor=options.lr_decay,
        patience=options.patience,
        cooldown=options.cooldown,
        threshold=options.threshold,
        min_lr=options.min_lr,
    )


def _exponential(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """By ``lr_decay`` each time."""
    return _down_to_least(optimizer, options, lambda evaluations: evaluations)


def _multistep(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """By ``lr_decay`` after so many evaluations as ``milestones`` say."""
    return _down_to_least(
        optimizer, options, lambda evaluations: sum(evaluations >= milestone for milestone in options.milestones)
    )


def _down_to_least(optimizer: Optimizer, options: TrainOptions, falls: Callable[[int], int]) -> LambdaLR:
    least = min(options.min_lr / options.lr, 1.0)
    return LambdaLR(optimizer, lambda evaluations: max(options.lr_decay ** falls(evaluations), least))


def _linear(optimizer: Optimizer, options: TrainOptions) -> LambdaLR:
    """Nothing: the rate is set before each step."""
    return LambdaLR(optimizer, lambda evaluations: 1.0)


SCHEDULERS = {"plateau": _plateau, "exponential": _exponential, "multistep": _multistep, "linear": _linear}
