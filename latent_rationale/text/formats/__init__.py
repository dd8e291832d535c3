"""Formats of tables; ``FORMATS`` is the registry."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from latent_rationale.text.formats.delimited import open_delimited
from latent_rationale.text.formats.eraser import is_eraser, open_eraser
from latent_rationale.text.formats.json_lines import open_json_lines
from latent_rationale.text.formats.parquet import open_parquet
from latent_rationale.text.formats.row import Table

FORMATS: dict[str, Callable[[Path], AbstractContextManager[Table]]] = {
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".txt": open_delimited,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".json": open_json_lines,
    ".parquet": open_parquet,
}
"""Formats by the ending of a file's name, which may be followed by ``.gz``. Other files are read as CSV."""


def open_table(path: Path) -> AbstractContextManager[Table]:
    """Open a table by the ending of its name, or an ERASER folder or one of its annotation files.

    Raises:
        InputError: if it cannot be read.
    """
    if path.is_dir() or is_eraser(path):
        return open_eraser(path)
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return FORMATS.get(plain.suffix.lower(), open_delimited)(path)
