"""Options of the fine-tuning of a pretrained encoder."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.config import ignored, inherited, option


@dataclass(frozen=True, kw_only=True)
class FineTuningOptions(TrainOptions):
    """Options of ``explain.finetune_bert``: the encoder, the texts, and the options of all training runs."""

    HEADING: ClassVar[str] = "encoder and texts"

    bert_model: str = option(
        "bert-base-uncased", "folder of a pretrained encoder, or its name in the transformers library"
    )
    data_path: Path | None = option(
        None,
        "folder with the tables of GLUE's SST-2 or the trees of SST (default: found in the data folder)",
        also=("data_dir",),
    )
    no_subtrees: bool = option(False, "keep only the rows of GLUE that are whole sentences of the treebank")
    max_seq_length: int = option(128, "maximum number of word pieces of a text", within="[3, 1e6]")

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/sst/bert"), also=("output_dir",))
    num_iterations: int = inherited(TrainOptions, "num_iterations", -3, negated=("epochs", "num_train_epochs"))
    batch_size: int = inherited(TrainOptions, "batch_size", 32, also=("train_batch_size",))
    lr: float = inherited(TrainOptions, "lr", 2e-5, also=("learning_rate",))
    min_lr: float = inherited(TrainOptions, "min_lr", 0.0)
    weight_decay: float = inherited(TrainOptions, "weight_decay", 0.0)
    max_grad_norm: float = inherited(TrainOptions, "max_grad_norm", 1.0)
    scheduler: str = inherited(TrainOptions, "scheduler", "linear")

    task_name: str = ignored("SST-2", "SST-2 is the only task", choices=("SST-2",))
    do_train: bool = ignored(False, "this command always trains")
    do_eval: bool = ignored(False, "this command always evaluates")
    do_lower_case: bool = ignored(False, "the tokenizer determines the case")
