"""Data sets in the form of ERASER (DeYoung et al. 2020): documents, and annotations that point into them."""

import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import plain_or_zipped
from latent_rationale.text.formats.json_lines import open_json_lines
from latent_rationale.text.formats.row import Row, Table

COLUMNS = ("id", "split", "query", "text", "label", "highlights")

_SPLITS = ("train", "val", "test")


def eraser_splits(folder: Path) -> dict[str, Path]:
    """Return the annotation file of each split of an ERASER folder: ``train``, ``val`` and ``test``, if present."""
    paths = {split: plain_or_zipped(folder / f"{split}.jsonl") for split in _SPLITS}
    return {split: path for split, path in paths.items() if path.is_file()}


def is_eraser(path: Path) -> bool:
    """Tell whether a path is an annotation file of an ERASER folder."""
    if ".jsonl" not in path.suffixes or not path.is_file() or not _has_documents(path.parent):
        return False
    with open_json_lines(path) as table:
        return {"annotation_id", "evidences"} <= set(table.columns)


@contextmanager
def open_eraser(path: Path) -> Iterator[Table]:
    """Open an ERASER folder with all its splits, or one of its annotation files.

    Each row has the ``text``, its ``label``, and the ``highlights`` of the annotators as spans ``[start, end)`` of
    words, where words are what white space separates. ``split`` is the name of the file.

    Raises:
        InputError: if the folder is no ERASER folder or its documents cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    paths = list(eraser_splits(folder).values()) if path.is_dir() else [path]
    if not paths or not _has_documents(folder):
        raise InputError("a folder must be an ERASER data set: docs or docs.tar.gz, and train.jsonl", path)
    with _documents(folder) as documents:
        yield Table("ERASER", COLUMNS, _rows(paths, documents))


def _has_documents(folder: Path) -> bool:
    return (folder / "docs").is_dir() or (folder / "docs.tar.gz").is_file()


@contextmanager
def _documents(folder: Path) -> Iterator[Path]:
    """Yield the folder with the documents, unpacked to a temporary place if they are in an archive."""
    if (folder / "docs").is_dir():
        yield folder / "docs"
        return
    archive = folder / "docs.tar.gz"
    with tempfile.TemporaryDirectory() as temporary:
        try:
            with tarfile.open(archive) as members:
                members.extractall(temporary, filter="data")
        except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
            raise InputError(f"cannot be unpacked ({error})", archive) from error
        yield Path(temporary) / "docs"


def _rows(paths: list[Path], documents: Path) -> Iterator[Row | InputError]:
    for path in paths:
        with open_json_lines(path) as table:
            for row in table.rows:
                if isinstance(row, InputError):
                    yield row
                    continue
                try:
                    yield Row(_values(row, documents), row.path, row.line)
                except InputError as error:
                    yield error


def _values(row: Row, documents: Path) -> dict[str, Any]:
    identifier = row.values.get("annotation_id")
    evidence = _evidence(row)
    names = row.values.get("docids") or list(dict.fromkeys(name for name, _, _ in evidence)) or [identifier]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError("docids: expected a list of names of documents", row.path, row.line)
    texts = [_document(name, documents, row) for name in names]
    lengths = [len(text.split()) for text in texts]
    starts = dict(zip(names, accumulate(lengths, initial=0), strict=False))
    for name, _, _ in evidence:
        if name not in starts:
            raise InputError(f"evidences: {name!r} is not among the docids", row.path, row.line)
    return {
        "id": identifier,
        "split": row.path.name.partition(".")[0],
        "query": row.values.get("query"),
        "text": "\n".join(texts),
        "label": row.values.get("classification"),
        "highlights": sorted([starts[name] + start, starts[name] + end] for name, start, end in evidence),
    }


def _evidence(row: Row) -> list[tuple[str, int, int]]:
    """Return document, start and end of each piece of evidence."""
    try:
        pieces = [piece for group in row.values["evidences"] or [] for piece in group]
        return [(str(piece["docid"]), int(piece["start_token"]), int(piece["end_token"])) for piece in pieces]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("evidences: expected lists of docid, start_token and end_token", row.path, row.line) from error


def _document(name: Any, documents: Path, row: Row) -> str:
    path = (documents / str(name)).resolve()
    if not path.is_relative_to(documents.resolve()) or not path.is_file():
        raise InputError(f"there is no document {name!r} in docs", row.path, row.line)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"document {name} cannot be read ({error})", row.path, row.line) from error
