"""Options of the commands for tables of texts."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import (
    NO_VECTORS,
    RationaleTrainOptions,
    TextPredictOptions,
    vectors_option,
)
from latent_rationale.common.utils.config import inherited, option
from latent_rationale.common.utils.errors import InputError


@dataclass(frozen=True, kw_only=True)
class TableOptions(RationaleTrainOptions):
    """Options of ``text.train``: tables, their columns and their splits, and the options of all tasks of one text."""

    HEADING: ClassVar[str] = "data"

    train_path: tuple[Path, ...] = option((), "tables to train on: CSV, TSV, JSONL, Parquet, plain or .gz, or ERASER")
    dev_path: tuple[Path, ...] = option((), "dev tables (default: a tenth of the training rows is split off)")
    test_path: tuple[Path, ...] = option((), "test tables (default: a tenth of the training rows is split off)")
    text_column: str = option("text", "column of the text")
    label_column: tuple[str, ...] = option(
        ("label",), "column of the class, or with --regression of the number; several columns of 0 and 1: labels"
    )
    id_column: str | None = option(None, "column that names the rows in predictions (default: they are numbered)")
    group_column: str | None = option(None, "column whose values must not be divided between splits")
    regression: bool = option(False, "predict a number in place of a class")
    class_weights: tuple[str, ...] = option(
        (), "weights in the loss: balanced, or NAME=WEIGHT for each class that has another one than 1"
    )
    skip_bad_rows: bool = option(False, "leave malformed rows out and count them, in place of an error")
    max_len: int = option(512, "maximum number of words; the rest of a text is not read", within="[1, 1e6]")
    word_vectors: tuple[str, ...] = vectors_option((NO_VECTORS,))

    save_path: Path = inherited(RationaleTrainOptions, "save_path", Path("results/text/default"))
    # Steps and not epochs, since Lagrange multipliers need steps, however small a table is.
    num_iterations: int = inherited(RationaleTrainOptions, "num_iterations", 5000)
    eval_every: int = inherited(RationaleTrainOptions, "eval_every", 250)
    batch_size: int = inherited(RationaleTrainOptions, "batch_size", 64)
    lr: float = inherited(RationaleTrainOptions, "lr", 0.0005)
    # Multipliers that start low saturate the selector before they matter, and then overshoot.
    lambda_init: float = inherited(RationaleTrainOptions, "lambda_init", 0.05)
    lambda_max: float = inherited(RationaleTrainOptions, "lambda_max", 0.5)
    lagrange_lr: float = inherited(RationaleTrainOptions, "lagrange_lr", 0.005)

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if self.regression and len(self.label_column) > 1:
            raise InputError("--label-column: --regression predicts one number, so it takes one column")
        if self.regression and self.class_weights:
            raise InputError("--class-weights: belongs to classes, not to --regression")


@dataclass(frozen=True, kw_only=True)
class TablePredictOptions(TextPredictOptions):
    """Options of ``text.predict``: the tables of the splits, and the options of all tasks of one text."""

    input: Path | None = inherited(
        TextPredictOptions,
        "input",
        None,
        "table to predict for, in any format of training, or .txt with a text per line",
    )
    train_path: tuple[Path, ...] = option((), "tables that the model was trained on (default: as in training)")
    dev_path: tuple[Path, ...] = option((), "dev tables (default: as in training)")
    test_path: tuple[Path, ...] = option((), "test tables (default: as in training)")
    skip_bad_rows: bool = option(False, "leave malformed rows out and count them, in place of an error")
