"""HTTP server on this machine for tests of downloads, and helpers to compare files."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class Place:
    """Files, behaviour and received requests of a server.

    The next request is answered with the first element of ``raw``, as it stands, if there is one.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    version: str = '"first"'
    knows_ranges: bool = True
    breaks_off_after: int | None = None
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)


def handler_for(place: Place) -> type[BaseHTTPRequestHandler]:
    """Return a handler that serves the files of a place."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            place.requests.append((self.path, asked))
            if place.raw:
                self.wfile.write(place.raw.pop(0))
                self.close_connection = True
                return
            content = place.files.get(self.path, b"")
            unchanged = self.headers["If-Range"] in (None, place.version)
            start = int(asked[len("bytes=") : -1]) if asked and place.knows_ranges and unchanged else 0
            if self.path not in place.files:
                self.send_error(404)
            elif start and start >= len(content):
                self.answer(416, b"", len(content))
            else:
                self.answer(206 if start else 200, content[start:], len(content))

        def answer(self, status: int, body: bytes, size: int) -> None:
            self.send_response(status)
            self.send_header("ETag", place.version)
            self.send_header("Content-Length", str(len(body)))
            if status == 416:
                self.send_header("Content-Range", f"bytes */{size}")
            elif status == 206:
                self.send_header("Content-Range", f"bytes {size - len(body)}-{size - 1}/{size}")
            self.end_headers()
            self.wfile.write(body[: place.breaks_off_after])

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Place]:
    """Context manager of a server in a thread; yields its place."""
    place = Place()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(place))
    place.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield place
    server.shutdown()
    thread.join()
    server.server_close()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return archive.getvalue()


def listing(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
