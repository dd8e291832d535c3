"""Options of the training loop: the run, the optimiser and the schedule of the learning rate."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.utils.config import OptionGroup, option
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag
from latent_rationale.common.utils.process import DEVICES


@dataclass(frozen=True, kw_only=True)
class ComputeOptions(OptionGroup):
    """Options of the hardware that a command uses."""

    HEADING: ClassVar[str] = "hardware"

    device: str = option("auto", "device; auto: CUDA if available, else the CPU; mps: Apple's GPU", choices=DEVICES)
    threads: int = option(
        0, "threads on the CPU; 0: OMP_NUM_THREADS if it is set, else as many as cores are free", within="[0, 1024]"
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions(ComputeOptions):
    """Options of a training run: its folder, its length, and how often it reports."""

    HEADING: ClassVar[str] = "run"

    save_path: Path = option(Path("results/default"), "results folder")
    overwrite: bool = option(False, "replace an existing results folder")
    resume: bool = option(False, "continue the run in --save-path, with its options")
    seed: int = option(1, "seed of all random numbers", within="[0, 9007199254)")

    num_iterations: int = option(-25, "training steps; negative: epochs", within="[-1e9, 1e9]", negated=("epochs",))
    batch_size: int = option(25, "sentences per step", within="[1, 1e6]")
    eval_batch_size: int = option(100, "sentences per step of an evaluation", within="[1, 1e6]")
    eval_every: int = option(-1, "steps between evaluations; -1: an epoch", within="[-1, 1e9]")
    print_every: int = option(100, "steps between logged points", within="[1, 1e9]")
    save_every: int = option(
        -1, "steps between saved states, beside those at evaluations; -1: none", within="[-1, 1e9]"
    )
    early_stopping: int = option(
        0, "stop after this many evaluations without a better one; 0: never", within="[0, 1e9]"
    )

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        for name in ("num_iterations", "eval_every"):
            if getattr(self, name) == 0:
                raise InputError(f"{flag(name)}: expected a number other than 0")
        if self.resume and self.overwrite:
            raise InputError("--resume and --overwrite: give one of them")

    def last_step(self, epoch: int) -> int:
        """Return the number of steps in all, given the number of steps in an epoch."""
        return self.num_iterations if self.num_iterations > 0 else -self.num_iterations * epoch


@dataclass(frozen=True, kw_only=True)
class OptimizerOptions(OptionGroup):
    """Options of the optimiser, Adam with a coupled L2 penalty."""

    HEADING: ClassVar[str] = "optimiser"

    lr: float = option(0.0002, "learning rate of Adam", within="(0, 1e30]")
    weight_decay: float = option(1e-5, "L2 penalty, coupled to Adam's gradient", within="[0, 1e30]")
    max_grad_norm: float = option(5.0, "gradients are clipped to this norm", within="(0, 1e30]")


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions(OptionGroup):
    """Options of the schedule of the learning rate."""

    HEADING: ClassVar[str] = "schedule of the learning rate"

    scheduler: str = option(
        "plateau",
        "when the learning rate falls: plateau when dev stops improving, multistep after the epochs in --milestones, "
        "exponential after each epoch, linear after the first tenth of the steps",
        choices=("plateau", "multistep", "exponential", "linear"),
    )
    lr_decay: float = option(0.5, "factor on the learning rate when it falls", within="(0, 1)")
    min_lr: float = option(1e-5, "smallest learning rate", within="[0, 1e30]")
    stop_lr_threshold: float = option(0.0, "stop once the learning rate is below this", within="[0, 1e30]")
    milestones: tuple[int, ...] = option((25, 50, 75), "epochs after which it falls, with multistep", within="[1, 1e9]")
    threshold: float = option(
        1e-4, "relative improvement of the dev criterion that counts, with plateau", within="[0, 1)"
    )
    patience: int = option(5, "evaluations without improvement before the rate falls, with plateau", within="[0, 1e9]")
    cooldown: int = option(5, "evaluations after a fall that do not count, with plateau", within="[0, 1e9]")

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if self.scheduler == "linear" and self.stop_lr_threshold > 0:
            raise InputError("--stop-lr-threshold: a linear rate starts below any")


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunOptions, OptimizerOptions, ScheduleOptions):
    """Options of every training: all that the loop, the optimiser and the schedule know."""

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if self.lr < self.stop_lr_threshold:
            raise InputError(f"--lr: expected at least --stop-lr-threshold, {self.stop_lr_threshold}, got {self.lr}")
