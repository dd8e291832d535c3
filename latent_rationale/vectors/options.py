"""Options of the command that makes word vectors."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from latent_rationale.common.utils.config import REQUIRED, OptionGroup, option


@dataclass(frozen=True, kw_only=True)
class VectorsOptions(OptionGroup):
    """Options of ``vectors``: the texts, the vectors, and their file."""

    HEADING: ClassVar[str] = "options"

    input: tuple[Path, ...] = option(
        REQUIRED, "files with one text, or several with tabs between them, per line, plain or .gz"
    )
    output: Path = option(REQUIRED, "file for the vectors in GloVe's text format, plain or .gz")
    overwrite: bool = option(False, "replace an existing file")
    tokenized: bool = option(False, "texts are tokenized already, with blanks between tokens")
    column: tuple[int, ...] = option(
        (), "read only these columns of lines with tabs, counted from 1 (default: all)", within="[1, 1e6]"
    )

    size: int = option(200, "number of dimensions", within="[1, 1e5]")
    window: int = option(5, "number of words on each side of a word that count as its context", within="[1, 1000]")
    min_count: int = option(5, "leave out words that occur less often", within="[1, 1e9]")
    seed: int = option(1, "seed of the random projections", within="[0, 4294967296)")
