import gzip
from pathlib import Path

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import find_data, find_vectors, parse_json, read_json, read_lines
from latent_rationale.common.utils.writing import write_atomically


@pytest.fixture
def roots(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path / "named"))
    return tmp_path / "named", tmp_path / "data"


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def test_data_is_found_where_the_environment_says_and_then_in_data(roots):
    named, local = roots
    (local / "sst").mkdir(parents=True)
    assert find_data("sst") == Path("data/sst")
    (named / "sst").mkdir(parents=True)
    assert find_data("sst") == named / "sst"


def test_data_without_the_variable(roots, monkeypatch):
    monkeypatch.delenv("LATENT_RATIONALE_DATA")
    (roots[0] / "sst").mkdir(parents=True)
    with pytest.raises(InputError, match=r"data/sst.*download_data.py sst"):
        find_data("sst")


def test_vectors_by_the_originals_name_come_before_others(roots):
    named, local = roots
    with pytest.raises(InputError, match=r"glove\.sst\.txt"):
        find_vectors("sst", "sst/glove.sst.txt")
    other = touch(named / "vectors" / "mine.sst.txt.gz")
    touch(named / "vectors" / "mine.beer.txt.gz")
    assert find_vectors("sst", "sst/glove.sst.txt") == other
    touch(local / "sst" / "glove.sst.txt.gz")
    assert find_vectors("sst", "sst/glove.sst.txt") == Path("data/sst/glove.sst.txt.gz")


def test_lines_of_plain_and_gzipped_files(tmp_path):
    text = "erste Zeile\r\n\nletzte\x85Zeile"
    (tmp_path / "a.txt").write_bytes(text.encode())
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    expected = [(1, "erste Zeile"), (2, ""), (3, "letzte\x85Zeile")]
    assert list(read_lines(tmp_path / "a.txt")) == expected
    assert list(read_lines(tmp_path / "a.txt.gz")) == expected


def test_a_carriage_return_inside_a_line_is_kept(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\rb\r\nc\r")
    assert list(read_lines(tmp_path / "a.txt")) == [(1, "a\rb"), (2, "c")]
    (tmp_path / "a.txt").write_bytes(b"one line\r")
    assert list(read_lines(tmp_path / "a.txt")) == [(1, "one line")]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf(3 film)\n")
    assert list(read_lines(tmp_path / "a.txt")) == [(1, "(3 film)")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt.gz", b"not gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(b"some text " * 100)[:-20], "cannot be read"),
        ("a.txt", b"good\n\xff\xfe\n", "not UTF-8"),
        ("a.txt", "A film".encode("utf-16"), r"a\.txt:1: holds the character NUL.*UTF-16"),
        ("a.txt", "A film\n".encode("utf-16-le"), r"a\.txt:1: holds the character NUL"),
        ("a.txt.gz", gzip.compress(b"A film\n\nA\0film\n"), r"a\.txt\.gz:3: holds the character NUL"),
        ("a.txt", b"A film\rAnother\r", r"a\.txt:1: lines end in carriage returns alone"),
    ],
)
def test_unreadable_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        list(read_lines(tmp_path / name))
    assert str(error.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("line", [1, 2, 5000])
def test_the_line_that_is_not_utf_8_is_named(tmp_path, line):
    rows = [b"(3 film)\n"] * 6000
    rows[line - 1] = b"caf\xe9\n"
    (tmp_path / "a.txt").write_bytes(b"".join(rows))
    with pytest.raises(InputError, match=rf"a\.txt:{line}: not UTF-8"):
        list(read_lines(tmp_path / "a.txt"))


def test_a_folder_or_nothing_is_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_lines(tmp_path / "missing"))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_lines(tmp_path))


def test_malformed_json_is_named_with_its_line(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1,\n b}')
    with pytest.raises(InputError, match=r"a\.json:2: not JSON"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    "value",
    [
        r'"\ud83d"',
        r'"\uDE00 later"',
        r'{"a": ["b", "c \ud83d d"]}',
        r'{"\udc00": 1}',
        r'"\ud83d\ud83d\ude00"',
        r'"\\\ud83d"',
    ],
)
def test_half_a_surrogate_pair_is_refused_with_its_line(tmp_path, value):
    with pytest.raises(InputError, match=r"a\.jsonl:7: half of a surrogate pair \(\\ud[0-9a-f]{3}\)"):
        parse_json(value, tmp_path / "a.jsonl", 7)
    (tmp_path / "a.json").write_text('{"a": "\\ud83d\\ude00",\n"b": 1,\n"c": ' + value + "\n}\n")
    with pytest.raises(InputError, match=r"a\.json:3: half of a surrogate pair"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("text", "value"),
    [(r'"\ud83d\ude00"', "\U0001f600"), (r'"\\ud83d"', r"\ud83d"), (r'{"\u00e9": "\u2028"}', {"é": "\u2028"})],
)
def test_other_escapes_are_read(tmp_path, text, value):
    assert parse_json(text, tmp_path / "a.json") == value


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
