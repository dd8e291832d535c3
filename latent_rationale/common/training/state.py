"""Everything that changes in training, so that it can be saved and resumed as one."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.optim import Adam

from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives.objectives import Objective
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.schedules import Schedule


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        iteration: steps taken.
        best_iteration: after which the best evaluation came; 0: none yet.
        best_rank: how good that was, lower is better.
        stale: evaluations since then.
    """

    iteration: int = 0
    best_iteration: int = 0
    best_rank: tuple[float, float] = (float("inf"), float("inf"))
    stale: int = 0


class TrainState:
    """A model and its objective, with what moves them.

    Adam's L2 penalty is coupled to the gradient, as in the original.

    Args:
        model: from a batch to an output; on its device.
        objective: from output and batch to a loss; on the same device.
        options: of the optimiser and the schedule.
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
        """Where the model is."""
        return next(self.model.parameters()).device

    @property
    def rate(self) -> float:
        """The learning rate as it is now."""
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def train(self, mode: bool = True) -> None:
        """Set training or evaluation mode for model and objective."""
        self.model.train(mode)
        self.objective.train(mode)

    def state_dict(self) -> dict[str, Any]:
        """All of it, with the random number generators."""
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
        """Go back to a state."""
        self.model.load_state_dict(state["model"])
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["random"].cpu())
        if state["cuda_random"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([random.cpu() for random in state["cuda_random"]])
