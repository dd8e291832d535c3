"""Server on this machine in place of the official ones, in a process of its own."""

import io
import os
import signal
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from stress_tests.processes import Command

DOWNLOAD = Command("download_data", ("--mirror", "{mirror}", "--to", "data"), prefix="")
"""The download script, without the name of the set."""

SITE = "site"
ARCHIVE, TABLE = "projects/snli/snli_1.0.zip", "OanaMariaCamburu/e-SNLI/master/dataset/esnli_dev.csv"
CHUNK, PAUSE_SECONDS = 8192, 0.003
PADDING = 200_000
"""Bytes of an unused member of the archive, so that the download takes a while."""


def write_site(folder: Path) -> None:
    """Write the files that the server offers, from data in the same folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted((folder / "snli").iterdir()):
            opened.writestr(zipfile.ZipInfo(f"snli_1.0/{path.name}"), path.read_bytes())
        opened.writestr(zipfile.ZipInfo("snli_1.0/padding"), Random(1).randbytes(PADDING))
    for name, content in ((ARCHIVE, archive.getvalue()), (TABLE, (folder / "esnli/esnli_dev.csv").read_bytes())):
        path = folder / SITE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Server:
    """HTTP server of the files below a folder, slow enough to be interrupted; a context manager.

    Args:
        root: the folder; each folder of a case below it has a site of its own.
    """

    def __init__(self, root: Path):
        self._root = root
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(root))
        self._pid = 0

    def __enter__(self) -> Self:
        self._pid = os.fork()  # not a thread, because this process forks again and again
        if self._pid == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                self._server.serve_forever()
            finally:
                os._exit(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._server.server_close()

    def fill(self, command: Command, folder: Path) -> Command:
        """Return a command with the address of the site in a case's folder, where it has a place for it."""
        mirror = f"http://127.0.0.1:{self._server.server_port}/{folder.relative_to(self._root)}/{SITE}"
        words = tuple(word.replace("{mirror}", mirror) for word in command.arguments)
        return Command(command.module, words, command.prefix)


def _handler_for(root: Path) -> type[BaseHTTPRequestHandler]:
    """Return a handler that serves files, or the rest of them, in small chunks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = root / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            content = path.read_bytes()
            asked, version = self.headers["Range"], self.headers["If-Range"]
            start = int(asked[len("bytes=") : -1]) if asked and version in (None, '"1"') else 0
            if start and start >= len(content):
                self._answer(416, b"", len(content))
            else:
                self._answer(206 if start else 200, content[start:], len(content))

        def _answer(self, status: int, body: bytes, size: int) -> None:
            self.send_response(status)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(body)))
            if status == 416:
                self.send_header("Content-Range", f"bytes */{size}")
            elif status == 206:
                self.send_header("Content-Range", f"bytes {size - len(body)}-{size - 1}/{size}")
            self.end_headers()
            try:
                for begin in range(0, len(body), CHUNK):
                    self.wfile.write(body[begin : begin + CHUNK])
                    time.sleep(PAUSE_SECONDS)
            except OSError:
                pass  # the other side was killed

        def log_message(self, *_: object) -> None:
            pass

    return Handler
