"""Options of the commands for the Stanford Sentiment Treebank."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import RationaleTrainOptions, TextPredictOptions, vectors_option
from latent_rationale.common.utils.config import inherited, option


@dataclass(frozen=True, kw_only=True)
class SSTOptions(RationaleTrainOptions):
    """Options of ``sst.train``: the data, and the options of all tasks of one text."""

    HEADING: ClassVar[str] = "data"

    data_path: Path | None = option(
        None,
        "folder with train.txt, dev.txt and test.txt, or in GLUE's form train.tsv, dev.tsv and, if there is one, "
        "test.tsv (default: found in the data folder)",
    )
    no_subtrees: bool = option(False, "keep only the rows of GLUE that are whole sentences of the treebank")
    word_vectors: tuple[str, ...] = vectors_option()
    classes: int = option(5, "number of classes; 2: without neutral sentences", choices=(5, 2))

    save_path: Path = inherited(RationaleTrainOptions, "save_path", Path("results/sst/default"))

    @property
    def reads_glue(self) -> bool:
        """True if the data folder holds tables of GLUE instead of trees."""
        return any((Path(self.data_path or "") / f"{name}.tsv").is_file() for name in ("train", "dev"))


@dataclass(frozen=True, kw_only=True)
class SSTPredictOptions(TextPredictOptions):
    """Options of ``sst.predict``: the location of the data, and the options of all tasks of one text."""

    data_path: Path | None = option(None, "folder with dev.txt and test.txt (default: as in training)")
