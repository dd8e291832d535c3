"""The options that every task shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.utils.config import REQUIRED, flag, option
from latent_rationale.common.utils.errors import InputError

# The names of registries, written out so that -h need not import torch; tests/common/experiment/test_variants.py
# compares them with the registries.
ENCODERS = ("lstm", "rcnn", "cnn", "bow")
REPARAMETERISED = ("hardkuma", "hardconcrete")
"""Distributions whose samples carry gradients, as ``--model latent`` needs them."""
CONTROL_VARIATES = ("none", "mean", "rloo")

_CHOOSING = dict.fromkeys(("dependent_z", "z_rnn_size", "skip_unselected"), ("latent", "rl"))
_LAGRANGE = ("lambda_init", "lambda_min", "lambda_max", "lagrange_lr", "lagrange_alpha")
OF_MODELS = (
    _CHOOSING
    | dict.fromkeys(("lasso", *_LAGRANGE), ("latent", "rl"))
    | dict.fromkeys(("selection",), ("latent", "rl", "attention"))
    | dict.fromkeys(("dist",), ("latent",))
    | dict.fromkeys(("sparsity", "coherence", "control_variate", "samples"), ("rl",))
)
"""The options that only some models heed, and these."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What every ``train`` command takes. A task's own class adds to it and sets its own defaults.

    Attributes:
        IDLE: options that mean nothing to a task; they are taken and not shown.
    """

    IDLE: ClassVar[frozenset[str]] = frozenset()

    model: str = option(
        "baseline",
        "full text, Bernoulli choices by REINFORCE, HardKuma, or softmax attention",
        choices=("baseline", "rl", "latent", "attention"),
    )
    save_path: Path = option(Path("results/default"), "the results folder")
    overwrite: bool = option(False, "replace an existing results folder")
    resume: bool = option(False, "continue the run in --save-path, with its options")
    seed: int = option(1, "where all randomness starts", within="[0, 9007199254)")
    device: str = option("auto", "where to compute", choices=("auto", "cpu", "cuda"))

    num_iterations: int = option(-25, "training steps; negative: epochs", negated=("epochs",))
    batch_size: int = option(25, "sentences per step", within="[1, inf)")
    eval_batch_size: int = option(100, "sentences per step of an evaluation", within="[1, inf)")
    eval_every: int = option(-1, "steps between evaluations; -1: an epoch", within="[-1, inf)")
    print_every: int = option(100, "steps between logged points", within="[1, inf)")
    save_every: int = option(
        -1, "steps between saved states, beside those at evaluations; -1: none", within="[-1, inf)"
    )
    early_stopping: int = option(0, "stop after so many evaluations without a better one; 0: never", within="[0, inf)")

    layer: str = option("lstm", "what reads the sentence, in selector and classifier", choices=ENCODERS)
    hidden_size: int = option(150, "units of the encoder, per direction", within="[1, inf)")
    embed_size: int = option(300, "size of word vectors that are learned from scratch", within="[1, inf)")
    train_embed: bool = option(False, "train the word vectors too")
    dropout: float = option(0.5, "on the embeddings and before the output layer", within="[0, 1)")
    skip_unselected: bool = option(
        False, "the classifier reads the selected words alone, without zeros in place of the others"
    )

    lr: float = option(0.0002, "learning rate of Adam", within="(0, inf)")
    min_lr: float = option(1e-5, "smallest learning rate", within="[0, inf)")
    lr_decay: float = option(0.5, "factor on the learning rate", within="(0, 1)")
    stop_lr_threshold: float = option(0.0, "stop once the learning rate is below this", within="[0, inf)")
    weight_decay: float = option(1e-5, "L2 penalty, coupled to Adam's gradient", within="[0, inf)")
    max_grad_norm: float = option(5.0, "gradients are clipped to this norm", within="(0, inf)")
    scheduler: str = option(
        "plateau",
        "when the learning rate falls: after evaluations, or with linear from the first tenth of the steps on",
        choices=("plateau", "multistep", "exponential", "linear"),
    )
    milestones: tuple[int, ...] = option(
        (25, 50, 75), "evaluations after which it does, with multistep", within="[1, inf)"
    )
    threshold: float = option(1e-4, "relative improvement of the dev criterion that counts", within="[0, 1)")
    patience: int = option(5, "evaluations without improvement that the rate survives", within="[0, inf)")
    cooldown: int = option(5, "evaluations after a fall during which none is counted", within="[0, inf)")

    dist: str = option("hardkuma", "distribution of a choice, with --model latent", choices=REPARAMETERISED)
    dependent_z: bool = option(False, "each choice depends on the earlier ones")
    z_rnn_size: int = option(30, "units of the cell that remembers them", within="[1, inf)")
    selection: float = option(1.0, "target share of selected words; 1: no target", within="(0, 1]")
    lasso: float = option(0.0, "target share of transitions; 0: no target", within="[0, 1]")
    lambda_init: float = option(1e-4, "Lagrange multipliers at the start", within="(0, inf)")
    lambda_min: float = option(1e-12, "smallest multiplier", within="(0, inf)")
    lambda_max: float = option(5.0, "largest multiplier", within="(0, inf)")
    lagrange_lr: float = option(0.01, "how fast the multipliers move", within="[0, inf)")
    lagrange_alpha: float = option(0.99, "share of the past in the constraints' moving averages", within="[0, 1)")
    sparsity: float = option(0.0, "cost of a selected word, with --model rl", within="[0, inf)")
    coherence: float = option(0.0, "cost of a transition, with --model rl", within="[0, inf)")
    control_variate: str = option("none", "for a less noisy REINFORCE, with --model rl", choices=CONTROL_VARIATES)
    samples: int = option(2, "rationales per sentence and step, with --control-variate rloo", within="[2, inf)")

    def __post_init__(self) -> None:
        """Refuse what no single option's bounds can.

        Raises:
            InputError: for such values.
        """
        for name in ("num_iterations", "eval_every"):
            if getattr(self, name) == 0:
                raise InputError(f"{flag(name)}: expected a number other than 0")
        if self.lr < self.stop_lr_threshold:
            raise InputError(f"--lr: expected at least --stop-lr-threshold, {self.stop_lr_threshold}, got {self.lr}")
        if self.scheduler == "linear" and self.stop_lr_threshold > 0:
            raise InputError("--stop-lr-threshold: a linear rate starts below any")
        if self.resume and self.overwrite:
            raise InputError("--resume and --overwrite: give one of them")
        if self.lambda_min > self.lambda_max:
            raise InputError(f"--lambda-min: expected at most --lambda-max, {self.lambda_max}, got {self.lambda_min}")

    def last_step(self, epoch: int) -> int:
        """The number of steps to take in all, where an epoch has ``epoch``."""
        return self.num_iterations if self.num_iterations > 0 else -self.num_iterations * epoch

    def without_effect(self, named: Iterable[str]) -> dict[str, str]:
        """Those of the named options that mean nothing here, each with what keeps it from doing so."""
        idle = [name for name in named if self.model not in OF_MODELS.get(name, (self.model,))]
        return dict.fromkeys(idle, f"with --model {self.model}")

    @property
    def transition_cost(self) -> float:
        """What a change between neighbours costs under REINFORCE."""
        return self.coherence


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """What every ``predict`` command takes."""

    ckpt: Path = option(REQUIRED, "the results folder of a training run")
    input: Path | None = option(None, "predict for this file, an example a line, plain or .gz")
    split: tuple[str, ...] = option(("dev", "test"), "data sets to predict", choices=("dev", "test"))
    tokenized: bool = option(False, "texts are tokens with blanks between them, not raw text")
    save_path: Path | None = option(None, "folder for predictions.jsonl and plots; by default that of --ckpt")
    plot: bool = option(False, "draw each shown example")
    show: int = option(10, "examples to show per data set", within="[0, inf)")
    eval_batch_size: int | None = option(None, "texts per step, as in training unless given", within="[1, inf)")
    device: str = option("auto", "where to compute", choices=("auto", "cpu", "cuda"))

    @property
    def given(self) -> dict[str, str | None]:
        """The texts of the one example that the command line may name, by option; None where it does not."""
        return {}


@dataclass(frozen=True, kw_only=True)
class TextPredictOptions(PredictOptions):
    """What ``predict`` takes where an example is one text."""

    text: str | None = option(None, "predict for this text instead of the dev and test sets")

    @property
    def given(self) -> dict[str, str | None]:
        """``--text``."""
        return {"text": self.text}
