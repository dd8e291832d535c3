"""Download of one file over HTTP, with continuation of interrupted downloads."""

import re
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from io import BufferedIOBase, FileIO
from pathlib import Path
from typing import IO, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from data_sources import Download
from durable import beside, changing, create, make_way, write
from file_forms import WrongFileError, check_beginning
from tqdm import tqdm

from latent_rationale.common.utils.errors import InputError

SECONDS_TO_ANSWER = 10
"""Timeout of a connection, and of each read from it."""

BLOCK = 2**16
WEB_PAGES = ("text/html", "application/xhtml+xml")
CLOSED_EARLY = "the connection was closed early; run the same command again to continue"


class Redirects(HTTPRedirectHandler):
    """Redirects that lead to a web server, and never away from an encrypted connection."""

    inf_msg = "redirects in a loop; the last answer: "

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request for the next address, as the base class does, after a check of its scheme."""
        scheme = urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type, scheme) == ("https", "http"):
            raise HTTPException(f"redirected to {newurl}, which is not followed from {req.type} to {scheme}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Span(NamedTuple):
    """Bytes that a partial answer holds, according to its header Content-Range."""

    start: int
    end: int
    total: int | None


class Body(NamedTuple):
    """Place of an answer's body in the file: its first byte, and the size of the complete file if that is known."""

    offset: int
    total: int | None


def copy_with_progress(
    stream: BufferedIOBase, target: Path, source: Download, total: int | None, offset: int = 0
) -> None:
    """Copy a stream to a file and show a progress bar on a terminal.

    Args:
        stream: the stream to read.
        target: the file to write.
        source: the download that it belongs to.
        total: the size of the complete file in bytes, if known.
        offset: the number of bytes already in the file; if not 0, the stream is appended to them.

    Raises:
        InputError: if the file cannot be written.
        WrongFileError: if the stream is longer than ``source.largest``.
    """
    with changing(target):
        file = FileIO(target, "a") if offset else create(target)
    size = offset
    # With disable=None, tqdm shows nothing unless standard error is a terminal.
    with file, tqdm(total=total, initial=offset, desc=target.stem, unit="B", unit_scale=True, disable=None) as bar:
        while block := stream.read1(BLOCK):
            size += len(block)
            if size > source.largest:
                raise WrongFileError(f"does not end after {source.largest:,} bytes", source.url)
            with changing(target):
                write(file, block)
            bar.update(len(block))


def version_header(version: str) -> str:
    """Return the name of the header that a version comes from; an ETag is quoted."""
    return "ETag" if version.endswith('"') else "Last-Modified"


def stored_version(part: Path) -> str:
    """Return the version of a partial file, or nothing if the record of it is missing or damaged."""
    record = beside(part, ".version")
    version = record.read_text(encoding="latin-1") if record.exists() else ""
    return version if re.fullmatch(r"[ -~]+", version) else ""


def size_to_continue(part: Path) -> int:
    """Return the size of a partial file that can be continued, in bytes; else 0.

    Bytes of an unknown version cannot, because the rest might be that of another version.

    Raises:
        InputError: if something else than a file has the name of the part or of its record.
    """
    for path in (part, beside(part, ".version")):
        with changing(path):
            make_way(path)
    return part.stat().st_size if part.exists() and stored_version(part) else 0


def range_headers(part: Path, offset: int) -> dict[str, str]:
    """Return HTTP headers that request the rest of a partial file.

    Args:
        part: the partial file.
        offset: its size in bytes; if 0, the whole file is requested.

    Returns:
        ``Range`` from the offset on; and ``If-Range`` with the version of the partial file, so that the server sends
        the whole file if its version has changed.
    """
    return {"Range": f"bytes={offset}-", "If-Range": stored_version(part)} if offset else {}


def span_of(headers: HTTPMessage) -> Span | None:
    """Return the bytes that an answer holds, or None if it does not say so."""
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("Content-Range", ""))
    if not found:
        return None
    start, end, total = found.groups()
    return Span(int(start), int(end), None if total == "*" else int(total))


def continues(response: HTTPResponse, span: Span, part: Path, offset: int) -> bool:
    """Return whether a partial answer continues a partial file: the same version, and the bytes that come next.

    Args:
        response: the answer.
        span: the bytes that it holds.
        part: the partial file.
        offset: its size in bytes.
    """
    version = stored_version(part)
    return (
        span.start == offset
        and response.length in (None, span.end + 1 - span.start)
        and (span.total is None or span.end < span.total)
        and response.headers.get(version_header(version), version) == version
    )


def begin(part: Path, headers: HTTPMessage) -> None:
    """Record the version of a file whose download begins, and remove the part of an earlier one.

    A later continuation makes its request conditional on the version.
    """
    version = headers.get("ETag") or headers.get("Last-Modified") or ""
    record = beside(part, ".version")
    with changing(record):
        part.parent.mkdir(parents=True, exist_ok=True)
        discard(part)  # first, so that the old bytes never lie beside the new version
        record.write_text(version, encoding="latin-1", newline="")


def check_whole(response: HTTPResponse, source: Download) -> None:
    """Check an answer with a whole file before anything is written.

    Raises:
        WrongFileError: if the file is empty or its beginning is not that of the expected file.
        HTTPException: if its size is not stated, although half of the file would look like the whole file.
    """
    if response.length is None and not response.chunked and not source.marks_its_end:
        raise HTTPException("the server does not state the size, so that an incomplete file would not be noticed")
    head = b"" if response.length == 0 else response.peek(256)
    if not head and response.length:
        raise HTTPException(CLOSED_EARLY)
    check_beginning(head[: response.length], source.name, source.url)


def body_of(response: HTTPResponse, source: Download, part: Path, offset: int) -> Body | None:
    """Check an answer before anything is written.

    Args:
        response: the answer to a request for the bytes from ``offset`` on.
        source: the download.
        part: the partial file.
        offset: its size in bytes.

    Returns:
        The place of the body in the file, or None if the answer does not continue the partial file.

    Raises:
        WrongFileError: if another file than the expected one is offered.
        HTTPException: if the answer is no file.
    """
    if (kind := response.headers.get("Content-Type", "")).lower().startswith(WEB_PAGES):
        raise WrongFileError(f"a web page ({kind}), such as a login or an error, not the expected file", source.url)
    if response.status == 200:
        # The whole file, although the rest may have been requested: the server ignores ranges or the file has changed.
        check_whole(response, source)
        return Body(0, response.length)
    if response.status != 206 or not offset:
        raise HTTPException(f"unexpected answer {response.status} {response.reason}")
    span = span_of(response.headers)
    return Body(offset, span.total) if span and continues(response, span, part, offset) else None


def receive(response: HTTPResponse, source: Download, part: Path, offset: int) -> bool:
    """Write the body of a response to a partial file.

    Args:
        response: a response to a request for the bytes from ``offset`` on.
        source: the download.
        part: the partial file, which is not changed if the response is refused.
        offset: its size in bytes.

    Returns:
        Whether the partial file is complete now; False if the response does not continue it.

    Raises:
        InputError: if the file cannot be written.
        WrongFileError: if another file than the expected one arrives.
        HTTPException: if not the whole body arrives.
    """
    body = body_of(response, source, part, offset)
    if body is None:
        return False
    if body.total is not None and body.total > source.largest:
        raise WrongFileError(f"has {body.total:,} bytes, expected at most {source.largest:,}", source.url)
    if not body.offset:
        begin(part, response.headers)
    try:
        copy_with_progress(response, part, source, body.total, body.offset)
    except WrongFileError:
        discard(part)  # it is longer than any expected file
        raise
    if body.total not in (None, part.stat().st_size):
        raise HTTPException(CLOSED_EARLY)
    return True


def request(source: Download, part: Path, offset: int) -> bool:
    """Request a file, or the rest of a partial file.

    Args:
        source: the download.
        part: the partial file.
        offset: the number of its bytes that are kept.

    Returns:
        Whether the partial file is complete now; False if the server does not continue it.
    """
    opener = build_opener(Redirects)
    try:
        headers = range_headers(part, offset)
        with opener.open(Request(source.url, headers=headers), timeout=SECONDS_TO_ANSWER) as response:
            return receive(response, source, part, offset)
    except HTTPError as error:
        if not (offset and error.code == 416):
            raise
        # 416 "Range Not Satisfiable": no byte is left from the offset on, and the size of the file is in Content-Range.
        # If it equals the offset, the partial file is complete. Otherwise it is too long.
        return str(error.headers.get("Content-Range", "")).endswith(f"/{offset}")


def fetch(source: Download, part: Path) -> None:
    """Download a file, or the rest of it if an earlier download was interrupted.

    Args:
        source: the download.
        part: the partial file; it keeps everything received so far if the download fails.

    Raises:
        InputError: if the server cannot be reached, does not answer in time, reports an error or closes the connection;
            if another file than the expected one arrives, or it cannot be written.
    """
    offset = size_to_continue(part)
    try:
        if not (offset and request(source, part, offset)):
            request(source, part, 0)  # replaces the part once the beginning of the whole file has arrived
    except (OSError, HTTPException, ValueError) as error:  # ValueError: an address that cannot be parsed
        raise InputError(f"download failed: {reason_of(error)}", source.url) from error


def reason_of(error: Exception) -> str:
    """Return the description of an error in one line."""
    if isinstance(error, IncompleteRead):
        return CLOSED_EARLY
    reason = getattr(error, "reason", None) or str(error) or type(error).__name__
    code = f"{error.code} " if isinstance(error, HTTPError) else ""
    return code + " ".join(str(reason).split())


def discard(part: Path) -> None:
    """Delete a partial file and the record of its version, if they exist."""
    part.unlink(missing_ok=True)
    beside(part, ".version").unlink(missing_ok=True)
