"""Download of one file over HTTP, with continuation of interrupted downloads."""

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
"""Timeout of a connection, and of each read from it."""


def copy_with_progress(source: IO[bytes], target: Path, total: int | None, offset: int = 0) -> None:
    """Copy a stream to a file and show a progress bar on a terminal.

    Args:
        source: the stream to read.
        target: the file to write.
        total: the size of the complete file in bytes, if known.
        offset: the number of bytes already in the file; if not 0, the stream is appended to them.
    """
    # With disable=None, tqdm shows nothing unless standard error is a terminal.
    options = {"total": total, "initial": offset, "desc": target.stem, "disable": None}
    with target.open("ab" if offset else "wb") as file, tqdm.wrapattr(source, "read", **options) as counted:
        shutil.copyfileobj(counted, file)


def receive(response: HTTPResponse, part: Path, offset: int) -> None:
    """Write the body of a response to a partial file.

    Args:
        response: a response to a request for the bytes from ``offset`` on.
        part: the partial file.
        offset: its size in bytes.

    Raises:
        HTTPException: if the connection was closed before the whole body arrived.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    if response.status != 206:
        # Not "Partial Content": the server sends the whole file, because it ignores ranges or the file has changed. The
        # version of the file is stored so that a later continuation can make its request conditional on it.
        offset = 0
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        beside(part, ".version").write_text(version, encoding="utf-8")
    total = None if response.length is None else offset + response.length
    copy_with_progress(response, part, total, offset)
    if total not in (None, part.stat().st_size):
        raise HTTPException("the connection was closed early; run the same command again to continue")


def range_headers(part: Path, offset: int) -> dict[str, str]:
    """Return HTTP headers that request the rest of a partial file.

    Args:
        part: the partial file.
        offset: its size in bytes.

    Returns:
        ``Range`` from the offset on; and ``If-Range`` with the version of the partial file, if the server named one, so
        that it sends the whole file if its version has changed.
    """
    record = beside(part, ".version")
    version = record.read_text(encoding="utf-8") if record.exists() else ""
    return {"Range": f"bytes={offset}-"} | ({"If-Range": version} if version else {})


def fetch(url: str, part: Path) -> None:
    """Download a file, or the rest of it if an earlier download was interrupted.

    Args:
        url: the address of the file.
        part: the partial file; it keeps everything received so far if the download fails.

    Raises:
        InputError: if the server cannot be reached, does not answer in time, reports an error or closes the connection.
    """
    offset = part.stat().st_size if part.exists() else 0
    request = Request(url, headers=range_headers(part, offset) if offset else {})
    try:
        with urlopen(request, timeout=SECONDS_TO_ANSWER) as response:
            receive(response, part, offset)
    except (OSError, HTTPException) as error:
        if not (offset and isinstance(error, HTTPError) and error.code == 416):
            raise InputError(f"download failed: {getattr(error, 'reason', None) or error}", url) from error
        # 416 "Range Not Satisfiable": no byte is left from the offset on, and the size of the file is in Content-Range.
        # If it equals the offset, the partial file is complete. Otherwise it is too long: start again.
        if not error.headers.get("Content-Range", "").endswith(f"/{offset}"):
            discard(part)
            fetch(url, part)


def discard(part: Path) -> None:
    """Delete a partial file and the record of its version, if they exist."""
    part.unlink(missing_ok=True)
    beside(part, ".version").unlink(missing_ok=True)
