"""Options of the commands for the Stanford Sentiment Treebank."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.experiment.options import RationaleTrainOptions, TextPredictOptions
from latent_rationale.common.utils.config import inherited, option


@dataclass(frozen=True, kw_only=True)
class SSTOptions(RationaleTrainOptions):
    """Options of ``sst.train``: the data, beside those of every text."""

    HEADING: ClassVar[str] = "data"

    data_path: Path | None = option(
        None, "folder with train.txt, dev.txt, test.txt, or GLUE's train.tsv and dev.tsv (default: looked for)"
    )
    no_subtrees: bool = option(False, "keep only those of GLUE's rows that are a whole sentence of the treebank")
    word_vectors: str | None = option(None, "file in GloVe's text format, or none to learn them (default: looked for)")
    classes: int = option(5, "five classes, or two without the neutral sentences", choices=(5, 2))

    save_path: Path = inherited(RationaleTrainOptions, "save_path", Path("results/sst/default"))

    @property
    def reads_glue(self) -> bool:
        """Whether the folder holds GLUE's tables."""
        return any((Path(self.data_path or "") / f"{name}.tsv").is_file() for name in ("train", "dev"))


@dataclass(frozen=True, kw_only=True)
class SSTPredictOptions(TextPredictOptions):
    """Options of ``sst.predict``: the place of the data, beside those of every text."""

    data_path: Path | None = option(None, "folder with dev.txt and test.txt, if not where training found them")
