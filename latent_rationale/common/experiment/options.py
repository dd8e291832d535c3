"""Options of models and predictions, in groups that the options of a task inherit as needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.config import REQUIRED, OptionGroup, option
from latent_rationale.common.utils.errors import InputError

# The names of registries, written out so that -h need not import torch; tests/common/experiment/test_variants.py
# compares them with the registries.
ENCODERS = ("lstm", "rcnn", "cnn", "bow")
REPARAMETERISED = ("hardkuma", "hardconcrete")
"""Distributions whose samples carry gradients, as ``--model latent`` needs them."""
CONTROL_VARIATES = ("none", "mean", "rloo")

LATENT = {"model": ("latent",)}
RL = {"model": ("rl",)}
CHOOSING = {"model": ("latent", "rl")}
"""The models that choose words, and so have an option about choices."""


@dataclass(frozen=True, kw_only=True)
class EncoderOptions(OptionGroup):
    """Options of the layers that read a sentence: word vectors and encoder."""

    HEADING: ClassVar[str] = "encoder"

    hidden_size: int = option(150, "units of the encoder, per direction", within="[1, inf)")
    dropout: float = option(0.5, "on the embeddings and before the output layer", within="[0, 1)")
    embed_size: int = option(300, "size of word vectors that are learned from scratch", within="[1, inf)")
    train_embed: bool = option(False, "train the word vectors too")


@dataclass(frozen=True, kw_only=True)
class RationaleOptions(OptionGroup):
    """Options of the selector of words, and of a classifier that reads the selected ones."""

    HEADING: ClassVar[str] = "rationale"

    dist: str = option("hardkuma", "distribution of a choice", choices=REPARAMETERISED, needs=LATENT)
    dependent_z: bool = option(False, "each choice depends on the earlier ones", needs=CHOOSING)
    z_rnn_size: int = option(
        30,
        "units of the cell that remembers earlier choices",
        within="[1, inf)",
        needs={**CHOOSING, "dependent_z": (True,)},
    )
    skip_unselected: bool = option(
        False, "the classifier reads the selected words alone, without zeros in place of the others", needs=CHOOSING
    )
    lasso: float = option(0.0, "target share of transitions; 0: no target", within="[0, 1]", needs=CHOOSING)


@dataclass(frozen=True, kw_only=True)
class LagrangianOptions(OptionGroup):
    """Options of the target share, and of the Lagrange multipliers that hold constraints at their targets."""

    HEADING: ClassVar[str] = "targets and their Lagrange multipliers"

    selection: float = option(
        1.0,
        "target share of selected words; 1: no target",
        within="(0, 1]",
        needs={"model": ("latent", "rl", "attention")},
    )
    lambda_init: float = option(1e-4, "multipliers at the start", within="(0, inf)", needs=CHOOSING)
    lambda_min: float = option(1e-12, "smallest multiplier", within="(0, inf)", needs=CHOOSING)
    lambda_max: float = option(5.0, "largest multiplier", within="(0, inf)", needs=CHOOSING)
    lagrange_lr: float = option(0.01, "how fast the multipliers move", within="[0, inf)", needs=CHOOSING)
    lagrange_alpha: float = option(
        0.99, "share of the past in the constraints' moving averages", within="[0, 1)", needs=CHOOSING
    )

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if self.lambda_min > self.lambda_max:
            raise InputError(f"--lambda-min: expected at most --lambda-max, {self.lambda_max}, got {self.lambda_min}")


@dataclass(frozen=True, kw_only=True)
class ReinforceOptions(OptionGroup):
    """Options of REINFORCE: costs of a rationale, and the variance of the gradient."""

    HEADING: ClassVar[str] = "REINFORCE"

    sparsity: float = option(0.0, "cost of a selected word", within="[0, inf)", needs=RL)
    coherence: float = option(0.0, "cost of a transition", within="[0, inf)", needs=RL)
    control_variate: str = option("none", "reduces the variance of the gradient", choices=CONTROL_VARIATES, needs=RL)
    samples: int = option(
        2, "rationales per sentence and step", within="[2, inf)", needs={**RL, "control_variate": ("rloo",)}
    )

    @property
    def transition_cost(self) -> float:
        """The cost of a change between neighbours under REINFORCE."""
        return self.coherence


@dataclass(frozen=True, kw_only=True)
class RationaleTrainOptions(RationaleOptions, LagrangianOptions, ReinforceOptions, EncoderOptions, TrainOptions):
    """Options of ``train`` for every task in which a text is classified from a rationale."""

    HEADING: ClassVar[str] = "model"

    model: str = option(
        "baseline",
        "full text, Bernoulli choices by REINFORCE, HardKuma choices, or softmax attention",
        choices=("baseline", "rl", "latent", "attention"),
    )
    layer: str = option("lstm", "encoder of the sentence, in selector and classifier", choices=ENCODERS)


@dataclass(frozen=True, kw_only=True)
class PredictOptions(OptionGroup):
    """Options of every ``predict`` command."""

    ckpt: Path = option(REQUIRED, "the results folder of a training run")
    input: Path | None = option(None, "predict for this file, an example a line, plain or .gz")
    split: tuple[str, ...] = option(("dev", "test"), "data sets to predict", choices=("dev", "test"))
    tokenized: bool = option(False, "texts are tokens with blanks between them, not raw text")
    save_path: Path | None = option(None, "folder for predictions.jsonl and plots (default: that of --ckpt)")
    plot: bool = option(False, "draw each shown example")
    show: int = option(10, "examples to show per data set", within="[0, inf)")
    eval_batch_size: int | None = option(None, "texts per step (default: as in training)", within="[1, inf)")
    device: str = option("auto", "where to compute; auto: on a GPU if there is one", choices=("auto", "cpu", "cuda"))

    @property
    def given(self) -> dict[str, str | None]:
        """The texts of the one example that the command line may name, by option; None for those it does not."""
        return {}


@dataclass(frozen=True, kw_only=True)
class TextPredictOptions(PredictOptions):
    """Options of ``predict`` for tasks in which an example is one text."""

    text: str | None = option(None, "predict for this text instead of the dev and test sets")

    @property
    def given(self) -> dict[str, str | None]:
        """The value of ``--text``."""
        return {"text": self.text}
