"""Verification of files by their SHA-256 digests: known ones, or those recorded at the first download."""

import hashlib
import re
from pathlib import Path

from durable import beside, write_files
from file_forms import WrongFileError

from latent_rationale.common.utils.errors import InputError


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal notation."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recorded_digest(path: Path) -> str | None:
    """Return the digest that is recorded beside a file, or None if there is no record.

    Raises:
        InputError: if the record is damaged.
    """
    record = beside(path, ".sha256")
    if not record.exists():
        return None
    # The format of sha256sum: digest, blanks, name. Latin-1 decodes whatever bytes a damaged record has.
    digest = record.read_text(encoding="latin-1").partition(" ")[0].strip()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InputError("expected a SHA-256 digest; delete this record and run the same command again", record)
    return digest


def expected_digest(path: Path, pinned: str | None) -> str | None:
    """Return the digest that a file must have: the pinned one, the recorded one, or None if there is neither.

    Args:
        path: the file, which need not exist.
        pinned: its digest according to ``DATASETS``, if known.

    Raises:
        InputError: if the record is damaged.
    """
    return pinned or recorded_digest(path)


def record_digest(verified: Path, target: Path) -> None:
    """Record the digest of a first download.

    Args:
        verified: the new file, whose form was checked.
        target: its place, beside which the record is written.
    """
    record = beside(target, ".sha256")
    write_files({record: f"{sha256(verified)}  {target.name}\n".encode()})
    print(f"{target}: the SHA-256 of this first download is recorded in {record.name}")


def check(path: Path, expected: str | None, origin: Path | str) -> None:
    """Check the digest of a file.

    Args:
        path: the file.
        expected: the digest that it must have; None accepts every file.
        origin: the file or address that an error names.

    Raises:
        WrongFileError: if the digest differs.
    """
    if expected and (actual := sha256(path)) != expected:
        raise WrongFileError(f"expected a file with SHA-256 {expected}, got {actual}; the file was rejected", origin)
