"""Options of the commands for pairs of sentences."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import (
    REPARAMETERISED,
    EncoderOptions,
    LagrangianOptions,
    PredictOptions,
)
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.config import REQUIRED, OptionGroup, ignored, inherited, option

SOFTMAX = "softmax"

DECOMPOSABLE = {"model": ("decomposable",)}
RECURRENT = {"model": ("recurrent",)}
SELF_ATTENTION = {**DECOMPOSABLE, "self_attention": (True,)}
CHOOSING = {"dist": REPARAMETERISED}

PAIRS = "pairs of sentences have rationales of cells, not of words"


@dataclass(frozen=True, kw_only=True)
class PairModelOptions(OptionGroup):
    """Options of the two models of pairs, and of their attention."""

    HEADING: ClassVar[str] = "model"

    model: str = option(
        "decomposable",
        "words one by one (Parikh et al., 2016), or as LSTMs see them",
        choices=("decomposable", "recurrent"),
    )
    dist: str = option(
        SOFTMAX, "attention: softmax, or a choice for each cell of the matrix", choices=(SOFTMAX, *REPARAMETERISED)
    )
    self_attention: bool = option(
        False, "words are read beside what they attend to in their own sentence", needs=DECOMPOSABLE
    )
    mask_diagonal: bool = option(False, "no word attends to itself", needs=SELF_ATTENTION)
    max_relative_distance: int = option(
        11, "words further apart are treated as this far apart", within="[1, inf)", needs=SELF_ATTENTION
    )
    no_projection: bool = option(False, "word vectors are read as they are", needs=DECOMPOSABLE)
    proj_size: int = option(
        200,
        "units of the projection of word vectors",
        within="[1, inf)",
        needs={**DECOMPOSABLE, "no_projection": (False,)},
    )
    no_bidirectional: bool = option(False, "LSTMs read from left to right only", needs=RECURRENT)
    n_layers: int = option(1, "LSTMs one above the other", within="[1, inf)", needs=RECURRENT)


@dataclass(frozen=True, kw_only=True)
class SNLIOptions(PairModelOptions, LagrangianOptions, EncoderOptions, TrainOptions):
    """Options of ``snli.train``: the data, beside those of the models, the target and the run."""

    HEADING: ClassVar[str] = "data"

    data_path: Path | None = option(
        None, "folder with snli_1.0_{train,dev,test}.jsonl, plain or .gz (default: looked for)"
    )
    word_vectors: str | None = option(None, "file in GloVe's text format, or none to learn them (default: looked for)")
    no_emb_normalization: bool = option(False, "word vectors keep their lengths, instead of all having length 1")

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/snli/default"))
    num_iterations: int = inherited(TrainOptions, "num_iterations", -200)
    batch_size: int = inherited(TrainOptions, "batch_size", 64, "pairs per step")
    eval_batch_size: int = inherited(TrainOptions, "eval_batch_size", 256, "pairs per step of an evaluation")
    eval_every: int = inherited(TrainOptions, "eval_every", 1000)
    min_lr: float = inherited(TrainOptions, "min_lr", 5e-5)
    lr_decay: float = inherited(TrainOptions, "lr_decay", 0.999)
    stop_lr_threshold: float = inherited(TrainOptions, "stop_lr_threshold", 1e-5)
    weight_decay: float = inherited(TrainOptions, "weight_decay", 1e-6)
    patience: int = inherited(TrainOptions, "patience", 10000)

    hidden_size: int = inherited(EncoderOptions, "hidden_size", 200, "units of networks, and of LSTMs per direction")
    dropout: float = inherited(EncoderOptions, "dropout", 0.2, "before each layer of the networks, and before LSTMs")

    selection: float = inherited(
        LagrangianOptions, "selection", 1.0, "target share of linked pairs of words; 1: no target", needs=CHOOSING
    )
    lambda_init: float = inherited(LagrangianOptions, "lambda_init", 1e-5, needs=CHOOSING)
    lambda_min: float = inherited(LagrangianOptions, "lambda_min", 1e-12, needs=CHOOSING)
    lambda_max: float = inherited(LagrangianOptions, "lambda_max", 5.0, needs=CHOOSING)
    lagrange_lr: float = inherited(LagrangianOptions, "lagrange_lr", 0.01, needs=CHOOSING)
    lagrange_alpha: float = inherited(LagrangianOptions, "lagrange_alpha", 0.99, needs=CHOOSING)

    layer: str = ignored("lstm", "--model decides how pairs are read")
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
    """Options of ``snli.predict``: the pair and the place of the data, beside those of every task."""

    input: Path | None = inherited(
        PredictOptions,
        "input",
        None,
        "predict for this file, a line a pair with a tab between its sentences, plain or .gz",
    )
    premise: str | None = option(None, "predict for this pair instead of the dev and test sets, with --hypothesis")
    hypothesis: str | None = option(None, "the other sentence of the pair")
    data_path: Path | None = option(None, "folder with snli_1.0_{dev,test}.jsonl, if not where training found it")

    @property
    def given(self) -> dict[str, str | None]:
        """``--premise`` and ``--hypothesis``."""
        return {"premise": self.premise, "hypothesis": self.hypothesis}


@dataclass(frozen=True, kw_only=True)
class AgreeOptions(OptionGroup):
    """Options of ``snli.agree``: models, and the pairs in which people highlighted words."""

    ckpt: tuple[Path, ...] = option(REQUIRED, "results folders of training runs")
    highlights: Path | None = option(None, "file of e-SNLI, plain or .gz (default: looked for)")
    seed: int = option(1, "seed of the random baseline", within="[0, 9007199254)")
    device: str = option("auto", "where to compute; auto: on a GPU if there is one", choices=("auto", "cpu", "cuda"))
