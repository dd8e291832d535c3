"""Training state: all that changes during training, saved and resumed as one."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.schedules import Schedule


@dataclass
class Progress:
    """Progress of a training run.

    Attributes:
        iteration: number of steps taken.
        best_iteration: step of the best evaluation; 0 before the first.
        best_rank: rank of that evaluation, lower is better.
        stale: number of evaluations since then.
    """

    iteration: int = 0
    best_iteration: int = 0
    best_rank: tuple[float, float] = (float("inf"), float("inf"))
    stale: int = 0


class TrainState:
    """Model, objective, optimiser, schedule and progress of a run.

    The L2 penalty of Adam is coupled to the gradient, as in the original code.

    Args:
        model: the model to train, on its device.
        objective: the loss to minimise, on the same device.
        options: options of the optimiser and the schedule.
    """

    def __init__(self, model: Model, objective: Objective, options: TrainOptions):
        self.model = model
        self.objective = objective
        self.parameters = [p for p in (*model.parameters(), *objective.parameters()) if p.requires_grad]
        self.optimizer = Adam(self.parameters, lr=options.lr, weight_decay=options.weight_decay, fused=True)
        self.schedule = Schedule(self.optimizer, options)
        self.progress = Progress()

    @property
    def device(self) -> torch.device:
        """Device of the model."""
        return next(self.model.parameters()).device

    @property
    def rate(self) -> float:
        """Current learning rate of the optimiser."""
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def train(self, mode: bool = True) -> None:
        """Set training or evaluation mode of model and objective."""
        self.model.train(mode)
        self.objective.train(mode)

    def state_dict(self) -> dict[str, Any]:
        """Return the full state, with that of the random number generators."""
        return {
            "model": self.model.state_dict(),
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "progress": asdict(self.progress),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state, with that of the random number generators.

        Raises:
            RuntimeError, KeyError, TypeError, ValueError: if it is not the state of this model and objective.
        """
        self._check_moments(state["optimizer"]["state"])
        self.model.load_state_dict(state["model"])
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["random"].cpu())
        if state["cuda_random"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([random.cpu() for random in state["cuda_random"]])

    def _check_moments(self, moments: dict[int, dict[str, Any]]) -> None:
        """Compare Adam's moments with the parameters: its native code reads and writes them without a check.

        Raises:
            ValueError: for moments of another shape or type.
        """
        for number, entry in moments.items():
            parameter = self.parameters[number] if number in range(len(self.parameters)) else None
            if parameter is None or entry.keys() != {"step", "exp_avg", "exp_avg_sq"}:
                raise ValueError(f"the optimiser's entry {number} belongs to no parameter")
            for name, value in entry.items():
                # A fused Adam counts its steps in float32, whatever the type of the parameter.
                shape, dtype = (torch.Size(), torch.float32) if name == "step" else (parameter.shape, parameter.dtype)
                if not isinstance(value, Tensor) or (value.shape, value.dtype) != (shape, dtype):
                    raise ValueError(f"{name} of parameter {number} has another shape or type")
