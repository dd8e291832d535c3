"""Options of models and predictions, in groups that the options of a task inherit as needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from latent_rationale.common.training.options import ComputeOptions, TrainOptions
from latent_rationale.common.utils.config import REQUIRED, OptionGroup, option
from latent_rationale.common.utils.errors import InputError

# Names of registry entries, repeated here so that -h does not have to import torch.
# tests/common/experiment/test_variants.py compares them with the registries.
ENCODERS = ("lstm", "rcnn", "cnn", "bow")
REPARAMETERISED = ("hardkuma", "hardconcrete")
"""Distributions with reparameterized gradients, as ``--model latent`` needs them."""
CONTROL_VARIATES = ("none", "mean", "rloo")

LATENT = {"model": ("latent",)}
RL = {"model": ("rl",)}
CHOOSING = {"model": ("latent", "rl")}
"""Needs of options about selected words: a model with a selector."""

NO_VECTORS = "none"
"""Value of the option for word vectors with which embeddings are learned from scratch."""


def vectors_option(default: tuple[str, ...] = ()) -> Any:
    """Define the option for files of word vectors, whose name differs between tasks; by default they are searched."""
    return option(
        default,
        "files of word vectors in GloVe's text format, joined side by side if there are several; "
        f"{NO_VECTORS}: learn embeddings from scratch{'' if default else ' (default: found in the data folder)'}",
        alone=NO_VECTORS,
    )


@dataclass(frozen=True, kw_only=True)
class EncoderOptions(OptionGroup):
    """Options of the layers that encode a sentence: word vectors and encoder."""

    HEADING: ClassVar[str] = "encoder"

    hidden_size: int = option(150, "units of the encoder, per direction", within="[1, 16384]")
    dropout: float = option(0.5, "dropout probability on the embeddings and before the output layer", within="[0, 1)")
    embed_size: int = option(300, "size of word vectors that are learned from scratch", within="[1, 16384]")
    train_embed: bool = option(False, "update pretrained word vectors in training")
    lowercase_vectors: bool = option(False, "words without a vector start with that of their lower-cased form")


@dataclass(frozen=True, kw_only=True)
class RationaleOptions(OptionGroup):
    """Options of the selector of words, and of the classifier that reads the selected words."""

    HEADING: ClassVar[str] = "rationale"

    dist: str = option("hardkuma", "distribution of the selection of a word", choices=REPARAMETERISED, needs=LATENT)
    dependent_z: bool = option(
        False, "the selection of a word depends on the earlier selections (autoregressive)", needs=CHOOSING
    )
    z_rnn_size: int = option(
        30,
        "units of the recurrent cell over earlier selections",
        within="[1, 16384]",
        needs={**CHOOSING, "dependent_z": (True,)},
    )
    skip_unselected: bool = option(
        False, "the classifier skips words that are not selected, instead of reading zeros", needs=CHOOSING
    )
    lasso: float = option(
        0.0,
        "target share of transitions between selected and other words; 0: no target",
        within="[0, 1]",
        needs=CHOOSING,
    )


@dataclass(frozen=True, kw_only=True)
class LagrangianOptions(OptionGroup):
    """Options of the target share of selected words, and of the Lagrange multipliers that enforce targets."""

    HEADING: ClassVar[str] = "targets and their Lagrange multipliers"

    selection: float = option(
        1.0,
        "target share of selected words; 1: no target",
        within="(0, 1]",
        needs={"model": ("latent", "rl", "attention")},
    )
    lambda_init: float = option(1e-4, "initial value of the multipliers", within="(0, 1e30]", needs=CHOOSING)
    lambda_min: float = option(1e-12, "minimum of the multipliers", within="(0, 1e30]", needs=CHOOSING)
    lambda_max: float = option(5.0, "maximum of the multipliers", within="(0, 1e30]", needs=CHOOSING)
    lagrange_lr: float = option(0.01, "learning rate of the multipliers", within="[0, 1e30]", needs=CHOOSING)
    lagrange_alpha: float = option(
        0.99, "smoothing factor of the constraints' moving averages", within="[0, 1)", needs=CHOOSING
    )

    def __post_init__(self) -> None:
        """Check combinations of values."""
        super().__post_init__()
        if self.lambda_min > self.lambda_max:
            raise InputError(f"--lambda-min: expected at most --lambda-max, {self.lambda_max}, got {self.lambda_min}")


@dataclass(frozen=True, kw_only=True)
class ReinforceOptions(OptionGroup):
    """Options of REINFORCE: penalties on a rationale, and variance reduction."""

    HEADING: ClassVar[str] = "REINFORCE"

    sparsity: float = option(0.0, "penalty per selected word", within="[0, 1e30]", needs=RL)
    coherence: float = option(
        0.0, "penalty per transition between selected and other words", within="[0, 1e30]", needs=RL
    )
    control_variate: str = option(
        "none", "baseline that reduces the variance of the gradient", choices=CONTROL_VARIATES, needs=RL
    )
    samples: int = option(
        2, "sampled rationales per sentence and step", within="[2, 1000]", needs={**RL, "control_variate": ("rloo",)}
    )

    @property
    def transition_cost(self) -> float:
        """Penalty per transition between selected and other words under REINFORCE."""
        return self.coherence


@dataclass(frozen=True, kw_only=True)
class RationaleTrainOptions(RationaleOptions, LagrangianOptions, ReinforceOptions, EncoderOptions, TrainOptions):
    """Options of ``train`` for tasks in which an example is one text."""

    HEADING: ClassVar[str] = "model"

    model: str = option(
        "baseline",
        "full text, Bernoulli selection with REINFORCE, reparameterized selection, or softmax attention",
        choices=("baseline", "rl", "latent", "attention"),
    )
    layer: str = option("lstm", "encoder of the selector and of the classifier", choices=ENCODERS)


@dataclass(frozen=True, kw_only=True)
class PredictOptions(ComputeOptions):
    """Options of every ``predict`` command."""

    ckpt: Path = option(REQUIRED, "results folder of a training run")
    input: Path | None = option(None, "file to predict for, with one example per line, plain or .gz")
    split: tuple[str, ...] = option(
        ("dev", "test"), "splits to predict for; by default those that the data has", choices=("dev", "test")
    )
    tokenized: bool = option(False, "texts are tokenized already, with blanks between tokens")
    save_path: Path | None = option(
        None,
        "output folder (default: predict/ in the folder of --ckpt, with --input a folder in it with the name of the "
        "file; texts on the command line are only shown)",
    )
    overwrite: bool = option(False, "replace predictions that the output folder holds")
    plot: bool = option(False, "plot each example that is shown")
    show: int = option(10, "number of examples to show per split", within="[0, 1e9]")
    eval_batch_size: int | None = option(None, "examples per step (default: as in training)", within="[1, 1e6]")

    @property
    def user_texts(self) -> dict[str, str | None]:
        """Texts of the one example that can be given on the command line, by option name; None where not given.

        Empty for a task that takes no text on the command line.
        """
        return {}

    @property
    def from_user(self) -> bool:
        """True if the examples are the user's own, on the command line or in ``--input``, and not those of splits."""
        return self.input is not None or any(text is not None for text in self.user_texts.values())


@dataclass(frozen=True, kw_only=True)
class TextPredictOptions(PredictOptions):
    """Options of ``predict`` for tasks in which an example is one text."""

    text: str | None = option(None, "text to predict for, instead of the dev and test sets")

    @property
    def user_texts(self) -> dict[str, str | None]:
        """Text of ``--text``, or None."""
        return {"text": self.text}
