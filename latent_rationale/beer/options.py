"""Options of the commands for beer reviews."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import RationaleTrainOptions, TextPredictOptions, vectors_option
from latent_rationale.common.utils.config import inherited, option

ALL_ASPECTS = -1
"""Value of ``--aspect`` for a model of all five aspects."""


@dataclass(frozen=True, kw_only=True)
class BeerOptions(RationaleTrainOptions):
    """Options of ``beer.train``: the data, and the options of all tasks of one text with other defaults."""

    HEADING: ClassVar[str] = "data"

    aspect: int = option(
        ALL_ASPECTS, "0 look, 1 smell, 2 palate, 3 taste, 4 overall; -1: all five", choices=(ALL_ASPECTS, 0, 1, 2, 3, 4)
    )
    train_path: tuple[Path, ...] = option((), "files of training reviews (default: found in the data folder)")
    dev_path: Path | None = option(None, "file of dev reviews (default: found beside the training reviews)")
    test_path: Path | None = option(
        None, "file of annotated reviews (default: found beside the training reviews, or none)"
    )
    embeddings: tuple[str, ...] = vectors_option()
    max_len: int = option(
        256, "maximum number of words; longer training and dev reviews are truncated", within="[1, 1e6]"
    )

    save_path: Path = inherited(RationaleTrainOptions, "save_path", Path("results/beer/default"))
    num_iterations: int = inherited(RationaleTrainOptions, "num_iterations", -100)
    batch_size: int = inherited(RationaleTrainOptions, "batch_size", 256)
    layer: str = inherited(RationaleTrainOptions, "layer", "rcnn")
    hidden_size: int = inherited(RationaleTrainOptions, "hidden_size", 200)
    embed_size: int = inherited(RationaleTrainOptions, "embed_size", 200)
    dropout: float = inherited(RationaleTrainOptions, "dropout", 0.2)
    lr: float = inherited(RationaleTrainOptions, "lr", 0.0004)
    min_lr: float = inherited(RationaleTrainOptions, "min_lr", 5e-5)
    lr_decay: float = inherited(RationaleTrainOptions, "lr_decay", 0.97)
    weight_decay: float = inherited(RationaleTrainOptions, "weight_decay", 2e-6)
    cooldown: int = inherited(RationaleTrainOptions, "cooldown", 0)
    lambda_init: float = inherited(RationaleTrainOptions, "lambda_init", 1e-5)
    lagrange_lr: float = inherited(RationaleTrainOptions, "lagrange_lr", 0.05)
    lagrange_alpha: float = inherited(RationaleTrainOptions, "lagrange_alpha", 0.5)
    coherence: float = inherited(
        RationaleTrainOptions, "coherence", 0.0, "penalty per transition, as a multiple of --sparsity"
    )

    @property
    def transition_cost(self) -> float:
        """Penalty per transition: sparsity times coherence, as in the original implementation."""
        return self.sparsity * self.coherence


@dataclass(frozen=True, kw_only=True)
class BeerPredictOptions(TextPredictOptions):
    """Options of ``beer.predict``: the location of the data, and the options of all tasks of one text."""

    dev_path: Path | None = option(None, "file of dev reviews (default: as in training)")
    test_path: Path | None = option(None, "file of annotated reviews (default: as in training)")
