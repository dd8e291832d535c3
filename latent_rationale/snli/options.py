"""Options of the commands for pairs of sentences."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import (
    REPARAMETERISED,
    EncoderOptions,
    LagrangianOptions,
    PredictOptions,
    vectors_option,
)
from latent_rationale.common.training.options import ComputeOptions, TrainOptions
from latent_rationale.common.utils.config import REQUIRED, OptionGroup, ignored, inherited, option

SOFTMAX = "softmax"
"""Value of ``--dist`` for attention without a distribution."""

DECOMPOSABLE = {"model": ("decomposable",)}
RECURRENT = {"model": ("recurrent",)}
SELF_ATTENTION = {**DECOMPOSABLE, "self_attention": (True,)}
CHOOSING = {"dist": REPARAMETERISED}

PAIRS = "rationales of sentence pairs consist of cells of a matrix, not of words"


@dataclass(frozen=True, kw_only=True)
class PairModelOptions(OptionGroup):
    """Options of the models of sentence pairs, and of their attention."""

    HEADING: ClassVar[str] = "model"

    model: str = option(
        "decomposable",
        "decomposable attention over single words (Parikh et al., 2016), or over the states of LSTMs",
        choices=("decomposable", "recurrent"),
    )
    dist: str = option(
        SOFTMAX,
        "attention: softmax, or a distribution over each cell of the matrix",
        choices=(SOFTMAX, *REPARAMETERISED),
    )
    self_attention: bool = option(False, "add intra-sentence attention to the word representations", needs=DECOMPOSABLE)
    mask_diagonal: bool = option(False, "mask the diagonal: no word attends to itself", needs=SELF_ATTENTION)
    max_relative_distance: int = option(
        11,
        "maximum relative distance; words further apart are treated alike",
        within="[1, 16384]",
        needs=SELF_ATTENTION,
    )
    no_projection: bool = option(False, "use word vectors without a projection", needs=DECOMPOSABLE)
    proj_size: int = option(
        200,
        "units of the projection of word vectors",
        within="[1, 16384]",
        needs={**DECOMPOSABLE, "no_projection": (False,)},
    )
    no_bidirectional: bool = option(False, "unidirectional LSTMs, from left to right", needs=RECURRENT)
    n_layers: int = option(1, "number of stacked LSTM layers", within="[1, 100]", needs=RECURRENT)


@dataclass(frozen=True, kw_only=True)
class SNLIOptions(PairModelOptions, LagrangianOptions, EncoderOptions, TrainOptions):
    """Options of ``snli.train``: the data, and the options of models, target and run."""

    HEADING: ClassVar[str] = "data"

    data_path: Path | None = option(
        None, "folder with snli_1.0_{train,dev,test}.jsonl, plain or .gz (default: found in the data folder)"
    )
    word_vectors: tuple[str, ...] = vectors_option()
    no_emb_normalization: bool = option(False, "do not normalize word vectors to length 1")

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/snli/default"))
    num_iterations: int = inherited(TrainOptions, "num_iterations", -200)
    batch_size: int = inherited(TrainOptions, "batch_size", 64, "pairs per step")
    eval_batch_size: int = inherited(TrainOptions, "eval_batch_size", 256, "pairs per evaluation step")
    eval_every: int = inherited(TrainOptions, "eval_every", 1000)
    min_lr: float = inherited(TrainOptions, "min_lr", 5e-5)
    lr_decay: float = inherited(TrainOptions, "lr_decay", 0.999)
    stop_lr_threshold: float = inherited(TrainOptions, "stop_lr_threshold", 1e-5)
    weight_decay: float = inherited(TrainOptions, "weight_decay", 1e-6)
    patience: int = inherited(TrainOptions, "patience", 10000)

    hidden_size: int = inherited(
        EncoderOptions, "hidden_size", 200, "units of the feed-forward networks, and of LSTMs per direction"
    )
    dropout: float = inherited(
        EncoderOptions, "dropout", 0.2, "dropout probability before each layer of the networks, and before LSTMs"
    )

    selection: float = inherited(
        LagrangianOptions, "selection", 1.0, "target share of linked pairs of words; 1: no target", needs=CHOOSING
    )
    lambda_init: float = inherited(LagrangianOptions, "lambda_init", 1e-5, needs=CHOOSING)
    lambda_min: float = inherited(LagrangianOptions, "lambda_min", 1e-12, needs=CHOOSING)
    lambda_max: float = inherited(LagrangianOptions, "lambda_max", 5.0, needs=CHOOSING)
    lagrange_lr: float = inherited(LagrangianOptions, "lagrange_lr", 0.01, needs=CHOOSING)
    lagrange_alpha: float = inherited(LagrangianOptions, "lagrange_alpha", 0.99, needs=CHOOSING)

    layer: str = ignored("lstm", "--model determines the encoder")
    skip_unselected: bool = ignored(False, PAIRS)
    dependent_z: bool = ignored(False, PAIRS)
    z_rnn_size: int = ignored(30, PAIRS)
    lasso: float = ignored(0.0, PAIRS)
    sparsity: float = ignored(0.0, PAIRS)
    coherence: float = ignored(0.0, PAIRS)
    control_variate: str = ignored("none", PAIRS)
    samples: int = ignored(2, PAIRS)


@dataclass(frozen=True, kw_only=True)
class SNLIPredictOptions(PredictOptions):
    """Options of ``snli.predict``: the pair and the location of the data, and the options of all tasks."""

    input: Path | None = inherited(
        PredictOptions,
        "input",
        None,
        "file to predict for, with one pair per line and a tab between its sentences, plain or .gz",
    )
    premise: str | None = option(
        None, "premise of a pair to predict for, instead of the dev and test sets; needs --hypothesis"
    )
    hypothesis: str | None = option(None, "hypothesis of the pair; needs --premise")
    data_path: Path | None = option(None, "folder with snli_1.0_{dev,test}.jsonl (default: as in training)")

    @property
    def user_texts(self) -> dict[str, str | None]:
        """Texts of ``--premise`` and ``--hypothesis``, or None."""
        return {"premise": self.premise, "hypothesis": self.hypothesis}


@dataclass(frozen=True, kw_only=True)
class AgreeOptions(ComputeOptions):
    """Options of ``snli.agree``: models, and pairs in which annotators highlighted words."""

    ckpt: tuple[Path, ...] = option(REQUIRED, "results folders of training runs")
    highlights: Path | None = option(None, "CSV file of e-SNLI, plain or .gz (default: found in the data folder)")
    seed: int = option(1, "seed of the random baseline", within="[0, 9007199254)")
