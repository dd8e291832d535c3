"""Options of the training of a language model."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import NO_VECTORS, EncoderOptions, vectors_option
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.config import ignored, inherited, option
from latent_rationale.tasks import TEXTS

# The names of a registry, written out so that -h need not import torch; tests/explain/test_options.py compares them.
OUTPUT_SOFTMAXES = ("adaptive", "full")


@dataclass(frozen=True, kw_only=True)
class LanguageModelOptions(EncoderOptions, TrainOptions):
    """Options of ``explain.train_lm``: the texts and the model, beside those of every training."""

    HEADING: ClassVar[str] = "texts and model"

    task: str | None = option(None, "the task whose texts are read (default: that of --ckpt, or sst)", choices=TEXTS)
    ckpt: Path | None = option(
        None,
        "folder of a classifier, to read its texts, or of a transformer, to read texts in its word pieces",
    )
    use_bert_tokenizer: bool = option(False, "read word pieces; --ckpt names the folder of the transformer")
    word_vectors: tuple[str, ...] = vectors_option((NO_VECTORS,))
    softmax: str = option("adaptive", "over all words at once, or rare ones in clusters", choices=OUTPUT_SOFTMAXES)

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/lm/default"))
    batch_size: int = inherited(TrainOptions, "batch_size", 50)
    hidden_size: int = inherited(EncoderOptions, "hidden_size", 128, "units of each direction's LSTM")
    dropout: float = inherited(EncoderOptions, "dropout", 0.3, "on the embeddings and on the states")
    lr: float = inherited(TrainOptions, "lr", 0.003)
    patience: int = inherited(TrainOptions, "patience", 1)
    cooldown: int = inherited(TrainOptions, "cooldown", 0)

    no_subtrees: bool = ignored(False, "whole sentences alone are read, as always")
    explain_model: str | None = ignored(None, "--ckpt tells what will be explained", choices=("lstm", "bert"))
