"""Text files in any of the common encodings, plain or .gz."""

import codecs
import gzip
import io
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from latent_rationale.common.utils.errors import InputError

_BLOCK = 1 << 16
_GZIP = b"\x1f\x8b"

# The byte order mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
_OTHER_FILES = {b"PK\x03\x04": "an Excel workbook or a zip archive", b"PAR1": "a Parquet file under another name"}

_DAMAGE = re.compile("[\0\ud800-\udfff]")


class Encoding(NamedTuple):
    """Encoding of a file: its codec in Python, and its name for the log."""

    codec: str
    name: str


class Text(NamedTuple):
    r"""Text file that is open for reading.

    Attributes:
        encoding: name of the encoding for the log.
        lines: lines with their line breaks, which are ``\n``, ``\r\n`` or ``\r``. What cannot be decoded is left in
            them, for :func:`damage_of`.
    """

    encoding: str
    lines: Iterator[str]


@contextmanager
def open_text(path: Path) -> Iterator[Text]:
    """Open a text file whose encoding is detected: UTF-8, UTF-16 or UTF-32, otherwise Windows-1252 or Latin-1.

    Raises:
        InputError: if the file cannot be opened, is empty or is not text; while lines are read, if it is damaged.
    """
    with ExitStack() as stack:
        with _readable(path):
            file = stack.enter_context(_open_bytes(path))
            encoding = detect_encoding(file, path)
            file.seek(0)
        errors = "surrogatepass" if encoding.codec.startswith(("utf-16", "utf-32")) else "surrogateescape"
        text = io.TextIOWrapper(file, encoding.codec, errors, newline="")
        yield Text(encoding.name, _lines(stack.enter_context(text), encoding, path))


def detect_encoding(file: BinaryIO, path: Path) -> Encoding:
    """Detect the encoding of a file from its byte order mark or its first characters that are not ASCII.

    Raises:
        InputError: if the file is empty or is not a text file.
    """
    block = file.read(_BLOCK)
    if not block:
        raise InputError("is empty", path)
    for start, kind in _OTHER_FILES.items():
        if block.startswith(start):
            raise InputError(f"is {kind}; save the table as CSV", path)
    for mark, encoding in _MARKS.items():
        if block.startswith(mark):
            return Encoding(*encoding)
    # ASCII characters in UTF-16 are every second byte; the others are 0.
    zeros = [block[parity::2].count(0) / max(1, len(block[parity::2])) for parity in (0, 1)]
    if max(zeros) > 0.4 and min(zeros) < 0.1:
        return Encoding("utf-16-le" if zeros[1] > zeros[0] else "utf-16-be", "UTF-16 without a byte order mark")
    while block and block.isascii():
        block = file.read(_BLOCK)
    return _encoding_of(block)


def damage_of(text: str, encoding: str) -> str | None:
    """Describe the first character of a line that cannot stand in a text; None if there is none.

    Args:
        text: the line.
        encoding: name of the file's encoding.
    """
    if text.isascii() and "\0" not in text:
        return None
    match = _DAMAGE.search(text)
    if match is None:
        return None
    code = ord(match[0])
    if code == 0:
        return "a NUL byte, which is no text; the file may be damaged"
    if 0xDC80 <= code <= 0xDCFF and not encoding.startswith("UTF-16"):
        return f"not {encoding} text (byte 0x{code - 0xDC00:02x})"
    return f"half of a surrogate pair (\\u{code:04x}), which is no character"


def _encoding_of(block: bytes) -> Encoding:
    """Return the encoding of bytes of which one at least is not ASCII, and the first begins a character."""
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(block, final=len(block) < _BLOCK)
    undecoded = sum("\udc80" <= character <= "\udcff" for character in text)
    # A few damaged characters do not make a UTF-8 file one of another encoding.
    if undecoded <= sum(not character.isascii() for character in text) - undecoded:
        return Encoding("utf-8", "UTF-8")
    try:
        block.decode("cp1252")
    except UnicodeDecodeError:
        return Encoding("latin-1", "Latin-1 (a guess, as it is not UTF-8)")
    return Encoding("cp1252", "Windows-1252 (a guess, as it is not UTF-8)")


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacked if it is gzip, so that it can be read twice; pipes are copied to a temporary file."""
    with open(path, "rb") as file, tempfile.SpooledTemporaryFile(_BLOCK) as copy:
        seekable: BinaryIO = file
        if not file.seekable():
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            seekable = cast(BinaryIO, copy)
        is_gzip = path.suffix.lower() == ".gz" or seekable.read(len(_GZIP)) == _GZIP
        seekable.seek(0)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=seekable)) if is_gzip else seekable


def _lines(file: io.TextIOWrapper, encoding: Encoding, path: Path) -> Iterator[str]:
    number = 0
    with _readable(path):
        try:
            for line in file:
                number += 1
                yield line
        except UnicodeDecodeError as error:
            raise InputError(f"not {encoding.name} text ({error.reason})", path, number + 1) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"damaged gzip file ({error})", path, number + 1) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn the errors of opening and reading a file into an ``InputError``."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError("no such file", path) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be read ({error})", path) from error
