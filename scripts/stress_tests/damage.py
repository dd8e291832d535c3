"""Damage to files: to their bytes, text, JSON values, weights and training states.

Every kind of damage changes a file in place and draws what it does from a generator of random numbers.
"""

import gzip
import io
import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch

Damage = Callable[[Path, Random], None]
Change = Callable[[bytes, Random], bytes]
JSONChange = Callable[[Any, Random], Any]

CODE_RAN = "code-ran"
"""File that the executable pickle creates in the working directory if it is executed."""
DEEP, DIGITS = "@deep@", "@digits@"
NASTY: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 10**12, 10**30, -(10**12), 10**400, 0.5, -0.0, 1e-320, 1e308),
    *(
        float("nan"),
        float("inf"),
        -float("inf"),
        "",
        " ",
        "\ud83d",
        "\x00",
        "a\nb",
        "../../x",
        "/",
        "1",
        "nan",
        "ü" * 300,
    ),
    *([], {}, [[]], [None], {"": None}, [[0, 10**12]], {"a": {"b": []}}, DEEP, DIGITS, ["x"] * 20000, "x" * 10**6),
)
NASTY_WORDS = (
    *(
        "nan",
        "inf",
        "-1",
        "1e999",
        "1000000000000",
        "0.5",
        "٣",
        "\uff15",
        "\uff11",
        "(",
        ")",
        "()",
        "\t",
        "\t\t",
        '"',
        "\\",
        ",",
    ),
    *("\x00", "\ufeff", "\u2028", "\x85", "\u00a0", "\u200b", "\r", "\n", "\n\n", "<unk>", "<pad>", "\U0001f600"),
    *("x" * 100000, "9" * 5000, "( " * 3000, "(3 " * 3000 + "x" + ")" * 3000, "{}", "[]", "<script>", "%s", "-LRB-"),
)


# Bytes


def truncate(data: bytes, rng: Random) -> bytes:
    """Cut the file off at a random byte."""
    return data[: rng.randrange(len(data) + 1)]


def flip_bits(data: bytes, rng: Random) -> bytes:
    """Flip one to sixteen bits."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 16]) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite_block(data: bytes, rng: Random) -> bytes:
    """Overwrite a block with random bytes, zeros or ones."""
    start, size = rng.randrange(len(data) + 1), rng.choice([1, 8, 64, 512])
    block = rng.choice([rng.randbytes(size), bytes(size), b"\xff" * size])
    return data[:start] + block + data[start + size :]


def remove_block(data: bytes, rng: Random) -> bytes:
    """Remove a block from the middle."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice([1, 7, 100]) :]


def insert_bytes(data: bytes, rng: Random) -> bytes:
    """Insert random bytes at a random place."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.randbytes(rng.choice([1, 4, 100])) + data[start:]


def repeat_block(data: bytes, rng: Random) -> bytes:
    """Repeat a part of the file."""
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end] * rng.choice([1, 3]) + data[end:]


def append_bytes(data: bytes, rng: Random) -> bytes:
    """Append bytes: a line break, zeros, random bytes, or the file itself."""
    return data + rng.choice([b"\n", b"\n" * 1000, bytes(4096), rng.randbytes(50), data, b"\x1a"])


def empty(data: bytes, rng: Random) -> bytes:
    """Empty the file, or leave blanks only."""
    return rng.choice([b"", b"\n", b" ", b"\xef\xbb\xbf", b"\n" * 5000, bytes(100)])


def enlarge(data: bytes, rng: Random) -> bytes:
    """Make the file huge: one long line, zeros, many brackets, or itself many times without line breaks."""
    size = 2**20
    flat = data.replace(b"\n", b" ") or b"x"
    return rng.choice([b"x" * size, bytes(size), b"[" * size, b"( " * size, flat * (size // len(flat) + 1)])


def shuffle_bytes(data: bytes, rng: Random) -> bytes:
    """Shuffle all bytes of the file."""
    changed = bytearray(data)
    rng.shuffle(changed)
    return bytes(changed)


def compress(data: bytes, rng: Random) -> bytes:
    """Compress the content, whatever the name of the file says."""
    return gzip.compress(data, mtime=0)


# Text


def shuffle_lines(data: bytes, rng: Random) -> bytes:
    """Shuffle the lines of the file."""
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def drop_lines(data: bytes, rng: Random) -> bytes:
    """Remove a part of the lines."""
    share = rng.random()
    return b"".join(line for line in data.splitlines(keepends=True) if rng.random() < share)


def repeat_lines(data: bytes, rng: Random) -> bytes:
    """Repeat single lines where they stand."""
    return b"".join(line * rng.choice([1, 1, 1, 2]) for line in data.splitlines(keepends=True))


def encode_anew(data: bytes, rng: Random) -> bytes:
    """Encode the text anew: Latin-1, UTF-16, UTF-32, with a byte order mark, or with other line breaks."""
    text = data.decode("utf-8", errors="replace")
    encoding = rng.choice(["latin-1", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "crlf", "cr"])
    if encoding in ("crlf", "cr"):
        return text.replace("\n", "\r\n" if encoding == "crlf" else "\r").encode()
    return text.encode(encoding, errors="replace")


def replace_words(data: bytes, rng: Random) -> bytes:
    """Replace one to three words by nasty ones."""
    for _ in range(rng.choice([1, 1, 3])):
        words = data.split(b" ")
        words[rng.randrange(len(words))] = rng.choice(NASTY_WORDS).encode()
        data = b" ".join(words)
    return data


def replace_characters(data: bytes, rng: Random) -> bytes:
    """Replace all or some of one character by another: tabs, brackets, quotes, digits, line breaks."""
    old, new = rng.choice(b'\t ()0123".,\n{}[]:'), rng.choice([b"", b" ", b"\t", b"(", b")", b'"', b"9", b"-", b"\n"])
    share = rng.choice([0.1, 1.0])
    return b"".join(new if byte == old and rng.random() < share else bytes([byte]) for byte in data)


def surrogates(data: bytes, rng: Random) -> bytes:
    """Insert half of a surrogate pair as CESU-8 and as an escape."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice([b"\xed\xa0\xbd", b"\\ud83d", b"\xc0\x80"]) + data[start:]


# Files


def remove(path: Path, rng: Random) -> None:
    """Remove the file, or replace it by a directory or a link to nowhere."""
    path.unlink()
    match rng.randrange(3):
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to("nowhere")


def exchange(path: Path, rng: Random) -> None:
    """Replace the file by another one that lies somewhere in the good folder."""
    root = next(folder for folder in path.parents if (folder / "texts.txt").exists())
    others = sorted(other for other in root.rglob("*") if other.is_file() and other.name != path.name)
    other = rng.choice([other for other in others if "tfevents" not in other.name])
    path.unlink()
    shutil.copyfile(other, path)


# JSON


def on_value(change: JSONChange) -> Change:
    """Apply a change of a JSON value to a file with one value, or to one line of a file with a value per line."""

    def apply(data: bytes, rng: Random) -> bytes:
        try:
            return _dump(change(json.loads(data), rng), indent=2).encode()
        except ValueError:
            lines = data.decode().splitlines()
        number = rng.randrange(len(lines))
        lines[number] = _dump(change(json.loads(lines[number]), rng))
        return "".join(line + "\n" for line in lines).encode()

    apply.__doc__ = change.__doc__
    return apply


def replace_value(value: Any, rng: Random) -> Any:
    """Replace a value by one of another type or out of range."""
    places = list(_places(value))
    if not places or rng.random() < 0.05:
        return rng.choice(NASTY)
    container, key = rng.choice(places)
    container[key] = rng.choice(NASTY)
    return value


def remove_value(value: Any, rng: Random) -> Any:
    """Remove a key or an element."""
    places = list(_places(value))
    if places:
        container, key = rng.choice(places)
        del container[key]
    return value


def wrap_value(value: Any, rng: Random) -> Any:
    """Wrap a value in a list or an object, or make it a string or a number."""
    places = list(_places(value))
    if not places:
        return [value]
    container, key = rng.choice(places)
    old = container[key]
    container[key] = rng.choice([[old], {"value": old}, str(old), [old, old], json.dumps(str(old)), 7, -7.5])
    return value


def scale_number(value: Any, rng: Random) -> Any:
    """Multiply a number by a large, a small or a negative one."""
    places = [(c, k) for c, k in _places(value) if isinstance(c[k], int | float) and not isinstance(c[k], bool)]
    if places:
        container, key = rng.choice(places)
        container[key] = rng.choice([10**12, 10**6, -1, 0, 0.37, 1e300]) * (container[key] or 1)
    return value


def add_key(value: Any, rng: Random) -> Any:
    """Add an unknown key to an object."""
    objects = [container for container, _ in _places({"": value}) if isinstance(container, dict)]
    key = rng.choice(["unknown", "", "__class__", "0", "options", "self"])
    rng.choice(objects)[key] = rng.choice(NASTY)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a nested value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _dump(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent)
    # What json.dumps cannot write, or Python would not hold.
    text = text.replace(json.dumps(DEEP), "[" * 100000 + "]" * 100000)
    return text.replace(json.dumps(DIGITS), "1" + "0" * 5000)


# Weights


def on_header(change: JSONChange) -> Change:
    """Apply a change of a JSON value to the header of a file of safetensors."""

    def apply(data: bytes, rng: Random) -> bytes:
        (size,) = struct.unpack("<Q", data[:8])
        header = _dump(change(json.loads(data[8 : 8 + size]), rng)).encode()
        return struct.pack("<Q", len(header)) + header + data[8 + size :]

    apply.__doc__ = f"Header: {change.__doc__}"
    return apply


def wrong_header_size(data: bytes, rng: Random) -> bytes:
    """Give the header of a file of safetensors a wrong size."""
    return struct.pack("<Q", rng.choice([0, 1, 10, 10**8, 10**12, 2**63, 2**64 - 1])) + data[8:]


def wrong_weights(data: bytes, rng: Random) -> bytes:
    """Replace weights by others: not finite, huge, zero, or of other places."""
    (size,) = struct.unpack("<Q", data[:8])
    start = 8 + size + 4 * rng.randrange(max((len(data) - 8 - size) // 4, 1))
    numbers = struct.pack("<f", rng.choice([float("nan"), float("inf"), 3e38, 0.0, 1.0])) * rng.choice([1, 4, 16])
    return data[:start] + numbers[: len(data) - start] + data[start + len(numbers) :]


# Training states


class _Executes:
    """Object whose pickle calls a function when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (CODE_RAN,)


def executable_pickle(data: bytes, rng: Random) -> bytes:
    """Replace the file by a pickle that executes code, in Python's or torch's format."""
    if rng.random() < 0.5:
        return pickle.dumps({"model": _Executes()})
    return _saved({"model": _Executes()})


def on_state(change: JSONChange) -> Change:
    """Apply a change to the values of a training state."""

    def apply(data: bytes, rng: Random) -> bytes:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return _saved(change(state, rng))

    apply.__doc__ = f"State: {change.__doc__}"
    return apply


def replace_state(value: Any, rng: Random) -> Any:
    """Replace a value of a state, such as a tensor by one of another size, type or content."""
    container, key = rng.choice(list(_places(value)))
    tensors = [torch.zeros(3), torch.zeros(()), torch.full((2, 2), float("nan")), torch.tensor([True])]
    old = container[key]
    if isinstance(old, torch.Tensor):
        tensors += [old.double(), old.flatten()[:0], old * float("nan") if old.is_floating_point() else -old]
    container[key] = rng.choice([*tensors, *NASTY[:-2]])
    return value


def _saved(state: Any) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


# Tables


def on_bytes(change: Change) -> Damage:
    """Apply a change of bytes to a file; to what it holds, if it is compressed, in half of the cases."""

    def apply(path: Path, rng: Random) -> None:
        data = path.read_bytes()
        if path.suffix == ".gz" and rng.random() < 0.7:
            path.write_bytes(gzip.compress(change(gzip.decompress(data), rng), mtime=0))
        else:
            path.write_bytes(change(data, rng))

    apply.__doc__ = change.__doc__
    return apply


_BYTES = (
    *(truncate, flip_bits, overwrite_block, remove_block, insert_bytes, repeat_block, append_bytes, empty, enlarge),
    *(shuffle_bytes, compress),
)
_TEXT = (*_BYTES, shuffle_lines, drop_lines, repeat_lines, encode_anew, surrogates)
_WORDS = (*_TEXT, replace_words, replace_words, replace_words, replace_characters, replace_characters)
_VALUES = (replace_value, replace_value, replace_value, remove_value, wrap_value, scale_number, add_key)
_WEIGHTS = (*_BYTES, wrong_header_size, wrong_weights, wrong_weights, executable_pickle, *map(on_header, _VALUES))
_STATE = (*_BYTES, executable_pickle, *map(on_state, (replace_state, replace_state, replace_state, remove_value)))

FORMATS: dict[str, tuple[Damage, ...]] = {
    "words": (*map(on_bytes, _WORDS), remove, exchange),
    "json": (*map(on_bytes, (*_TEXT, *map(on_value, _VALUES * 2))), remove, exchange),
    "weights": (*map(on_bytes, _WEIGHTS), remove, exchange),
    "state": (*map(on_bytes, _STATE), remove, exchange),
    "bytes": (*map(on_bytes, _BYTES), exchange),
}
"""Kinds of damage for each format of a file."""


def name_of(damage: Damage) -> str:
    """Return the description of a kind of damage: the first line of its docstring without the full stop."""
    return (damage.__doc__ or "").partition("\n")[0].rstrip(".")
