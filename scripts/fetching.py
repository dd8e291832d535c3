"""Fetching one file, and going on with it where an earlier try stopped."""

import shutil
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from data_sources import beside
from tqdm import tqdm

from latent_rationale.common.utils.errors import InputError

SECONDS_TO_ANSWER = 10


def copy_with_progress(source: IO[bytes], target: Path, total: int | None, offset: int = 0) -> None:
    """Copy a stream into ``target``, keeping the first ``offset`` bytes that are there."""
    options = {"total": total, "initial": offset, "desc": target.stem, "disable": None}
    with target.open("ab" if offset else "wb") as file, tqdm.wrapattr(source, "read", **options) as counted:
        shutil.copyfileobj(counted, file)


def receive(response: HTTPResponse, part: Path, offset: int) -> None:
    """Write the body of an answer to ``part``, behind its first ``offset`` bytes if the server sends only the rest."""
    part.parent.mkdir(parents=True, exist_ok=True)
    if response.status != 206:
        offset = 0
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        beside(part, ".version").write_text(version, encoding="utf-8")
    total = None if response.length is None else offset + response.length
    copy_with_progress(response, part, total, offset)
    if total not in (None, part.stat().st_size):
        raise HTTPException("the connection broke off; run the same command again to go on from there")


def range_headers(part: Path, offset: int) -> dict[str, str]:
    """Ask for what ``part`` lacks, or for everything if the file has changed at its place since ``part`` was begun."""
    version = beside(part, ".version")
    begun = version.read_text(encoding="utf-8") if version.exists() else ""
    return {"Range": f"bytes={offset}-"} | ({"If-Range": begun} if begun else {})


def fetch(url: str, part: Path) -> None:
    """Complete ``part`` from ``url``; what has arrived stays there for the next try, whatever goes wrong.

    Raises:
        InputError: the place does not answer in time, refuses, or breaks off.
    """
    offset = part.stat().st_size if part.exists() else 0
    request = Request(url, headers=range_headers(part, offset) if offset else {})
    try:
        with urlopen(request, timeout=SECONDS_TO_ANSWER) as response:
            receive(response, part, offset)
    except (OSError, HTTPException) as error:
        if not (offset and isinstance(error, HTTPError) and error.code == 416):
            raise InputError(f"cannot be fetched: {getattr(error, 'reason', None) or error}", url) from error
        if not error.headers.get("Content-Range", "").endswith(f"/{offset}"):  # more than the whole file is there
            discard(part)
            fetch(url, part)


def discard(part: Path) -> None:
    """Remove a download in progress, if it is there."""
    part.unlink(missing_ok=True)
    beside(part, ".version").unlink(missing_ok=True)
