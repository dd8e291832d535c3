"""Extraction of known members from zip archives, in which anything may be wrong."""

import lzma
import zipfile
import zlib
from collections.abc import Iterable
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import cast

from data_sources import Download
from fetching import copy_with_progress
from file_forms import WrongFileError

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(OSError, ValueError),  # impossible positions, names in no encoding
    RuntimeError,  # NotImplementedError for unknown methods among them
)
"""Exceptions of ``zipfile`` for archives that are damaged or made in unknown ways."""

ENCRYPTED = 0x1
"""Bit of a member's flags."""


def unpack(archive: Path, source: Download, names: Iterable[str]) -> dict[str, Path]:
    """Extract files from a zip archive.

    Args:
        archive: the downloaded archive.
        source: the download that it comes from.
        names: the names of the files to extract.

    Returns:
        The extracted file for each name: ``NAME.new`` beside the archive.

    Raises:
        WrongFileError: if the archive is damaged, or a member is missing, encrypted or too large.
        InputError: if a file cannot be written.
    """
    # Targets have the last component of a member's path only, so that ".." cannot lead out of the folder.
    members = {PurePosixPath(member).name: member for member in source.members}
    extracted = {name: archive.with_name(name + ".new") for name in names}
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, path in extracted.items():
                member = find_member(opened, members[name], source)
                with opened.open(member) as content:
                    copy_with_progress(cast(BufferedIOBase, content), path, source, member.file_size)
    except DAMAGED as error:
        raise WrongFileError(f"not a usable zip archive: {' '.join(str(error).split())}", source.url) from error
    return extracted


def find_member(opened: zipfile.ZipFile, name: str, source: Download) -> zipfile.ZipInfo:
    """Return the entry of a member.

    Raises:
        WrongFileError: if the member is missing, occurs twice, is encrypted, or is larger than ``source.largest``.
    """
    found = [member for member in opened.infolist() if member.filename == name]
    problem = None
    if len(found) != 1:
        problem = f"occurs {len(found)} times" if found else "is missing"
    elif found[0].flag_bits & ENCRYPTED:
        problem = "is encrypted"
    elif found[0].file_size > source.largest:
        problem = f"is larger than {source.largest:,} bytes"
    if problem:
        raise WrongFileError(f"not a usable zip archive: {name} {problem}", source.url)
    return found[0]
