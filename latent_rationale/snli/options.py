"""What the commands for pairs of sentences take."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from latent_rationale.common.training.options import REPARAMETERISED, PredictOptions, TrainOptions
from latent_rationale.common.utils.config import inherited, option

SOFTMAX = "softmax"

_OF_SELECTION = {"selection", "lambda_init", "lambda_min", "lambda_max", "lagrange_lr", "lagrange_alpha"}
_OF_MODEL = {
    "decomposable": {"self_attention", "mask_diagonal", "max_relative_distance", "no_projection", "proj_size"},
    "recurrent": {"no_bidirectional", "n_layers"},
}


@dataclass(frozen=True, kw_only=True)
class SNLIOptions(TrainOptions):
    """What ``snli.train`` takes beside what every task does, and its own defaults."""

    IDLE = frozenset(
        {"layer", "skip_unselected", "dependent_z", "z_rnn_size"}
        | {"lasso", "sparsity", "coherence", "control_variate", "samples"}
    )

    model: str = option(
        "decomposable", "words one by one (Parikh et al., 2016), or as LSTMs see them", choices=tuple(_OF_MODEL)
    )
    dist: str = option(
        SOFTMAX, "attention: softmax, or a choice for each cell of the matrix", choices=(SOFTMAX, *REPARAMETERISED)
    )
    self_attention: bool = option(False, "words are read beside what they attend to in their own sentence")
    mask_diagonal: bool = option(False, "no word attends to itself, with --self-attention")
    max_relative_distance: int = option(
        11, "words further apart are as far apart as this, with --self-attention", within="[1, inf)"
    )
    no_projection: bool = option(False, "word vectors are read as they are")
    proj_size: int = option(200, "units of the projection of word vectors", within="[1, inf)")
    no_bidirectional: bool = option(False, "LSTMs read from left to right only")
    n_layers: int = option(1, "LSTMs one above the other", within="[1, inf)")
    no_emb_normalization: bool = option(False, "word vectors keep their lengths, instead of all having length 1")
    data_path: Path | None = option(
        None, "folder with snli_1.0_{train,dev,test}.jsonl, plain or .gz (default: looked for)"
    )
    word_vectors: str | None = option(None, "file in GloVe's text format, or none to learn them (default: looked for)")

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/snli/default"))
    num_iterations: int = inherited(TrainOptions, "num_iterations", -200)
    batch_size: int = inherited(TrainOptions, "batch_size", 64, "pairs per step")
    eval_batch_size: int = inherited(TrainOptions, "eval_batch_size", 256, "pairs per step of an evaluation")
    eval_every: int = inherited(TrainOptions, "eval_every", 1000)
    hidden_size: int = inherited(TrainOptions, "hidden_size", 200, "units of networks, and of LSTMs per direction")
    dropout: float = inherited(TrainOptions, "dropout", 0.2, "before each layer of the networks, and before LSTMs")
    selection: float = inherited(TrainOptions, "selection", 1.0, "target share of linked pairs of words; 1: no target")
    lr: float = inherited(TrainOptions, "lr", 0.0002)
    min_lr: float = inherited(TrainOptions, "min_lr", 5e-5)
    lr_decay: float = inherited(TrainOptions, "lr_decay", 0.999)
    stop_lr_threshold: float = inherited(TrainOptions, "stop_lr_threshold", 1e-5)
    weight_decay: float = inherited(TrainOptions, "weight_decay", 1e-6)
    patience: int = inherited(TrainOptions, "patience", 10000)
    lambda_init: float = inherited(TrainOptions, "lambda_init", 1e-5)
    lagrange_lr: float = inherited(TrainOptions, "lagrange_lr", 0.01)
    lagrange_alpha: float = inherited(TrainOptions, "lagrange_alpha", 0.99)

    def without_effect(self, named: Iterable[str]) -> dict[str, str]:
        """Those of the named options that mean nothing here, each with what keeps it from doing so."""
        reasons = dict.fromkeys(self.IDLE, "on pairs of sentences")
        if not self.self_attention:
            reasons |= dict.fromkeys(("mask_diagonal", "max_relative_distance"), "without --self-attention")
        if self.no_projection:
            reasons["proj_size"] = "with --no-projection"
        for model, names in _OF_MODEL.items():
            reasons |= {} if model == self.model else dict.fromkeys(names, f"with --model {self.model}")
        if self.dist == SOFTMAX:
            reasons |= dict.fromkeys(_OF_SELECTION, f"with --dist {SOFTMAX}")
        if self.word_vectors == "none":
            reasons["no_emb_normalization"] = "with --word-vectors none"
        return {name: reasons[name] for name in named if name in reasons}


@dataclass(frozen=True, kw_only=True)
class SNLIPredictOptions(PredictOptions):
    """What ``snli.predict`` takes beside what every task does."""

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
