import gzip
import os
import threading

import pytest

from latent_rationale.common.utils.errors import InputError

CONTENT = "id,review\n1,Café “naïve” - 5 €\n2,plain\n"
VALUES = [{"id": "1", "review": "Café “naïve” - 5 €"}, {"id": "2", "review": "plain"}]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 without a byte order mark"),
        ("utf-16-be", "UTF-16 without a byte order mark"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252 (a guess, as it is not UTF-8)"),
    ],
)
def test_encodings(encoding, name, read, told):
    assert read(CONTENT, encoding=encoding) == VALUES
    assert told() == [f"reading reviews.csv: CSV with commas, {name}, columns id, review"]
    assert read(gzip.compress(CONTENT.encode(encoding)), "reviews.csv.gz") == VALUES


@pytest.mark.parametrize("text", ["caf\xe9", "caf\xe9\n", "\x81 caf\xe9\n"])
def test_latin_1(read, text):
    assert read(("a,b\n1," + text).encode("latin-1"))[0]["b"] == text.strip("\n")


def test_a_first_accent_far_from_the_beginning(read):
    rows = "".join(f"{i},a plain text\n" for i in range(20_000))
    assert read(f"a,b\n{rows}1,caf\xe9\n", encoding="latin-1")[-1]["b"] == "caf\xe9"
    assert read(f"a,b\n{rows}1,caf\xe9\n")[-1]["b"] == "caf\xe9"


def test_emoji_and_right_to_left_text(read):
    assert read("a,b\n👩\u200d👧,שלום\n") == [{"a": "👩\u200d👧", "b": "שלום"}]


def test_bytes_that_are_no_text_cost_their_row(read, told):
    content = "a,b\n1,caf\xe9\n2,na\xefve\n".encode() + b"3,\xff\n4,x\n"
    with pytest.raises(InputError, match=r"reviews.csv:4: not UTF-8 text \(byte 0xff\)"):
        read(content)
    assert [row["a"] for row in read(content, skip_bad_rows=True)] == ["1", "2", "4"]
    assert "note: left out 1 bad row;" in told()[-1]


def test_half_a_surrogate_pair(read):
    content = "a,b\n1,x\n2,y".encode("utf-16") + b"\x3d\xd8" + "\n3,z\n".encode("utf-16-le")
    with pytest.raises(InputError, match=r"reviews.csv:3: half of a surrogate pair \(\\ud83d\)"):
        read(content)
    assert [row["a"] for row in read(content, skip_bad_rows=True)] == ["1", "3"]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (gzip.compress(CONTENT.encode() * 5000)[:-200], "a.csv.gz", "damaged gzip file"),
        (gzip.compress(CONTENT.encode())[:-8] + bytes(8), "a.csv.gz", "(CRC|cannot be read)"),
        (CONTENT.encode(), "a.csv.gz", "cannot be read .*[Nn]ot a gzip"),
        (b"PK\x03\x04rest", "a.xlsx", "an Excel workbook or a zip archive; save the table as CSV"),
        (b"PAR1rest", "a.csv", "a Parquet file under another name"),
        (CONTENT.encode("utf-16")[:-1], "a.csv", "a.csv:\\d: not UTF-16 text"),
    ],
)
def test_damaged_and_other_files_are_one_sentence(content, message, name, read):
    with pytest.raises(InputError, match=message):
        read(content, name)


def test_gzip_under_another_name(read):
    assert read(gzip.compress(CONTENT.encode())) == VALUES


def test_a_file_that_is_not_there(tmp_path):
    from latent_rationale.text.table import read_rows

    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        next(read_rows([tmp_path / "none.csv"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe(tmp_path):
    from latent_rationale.text.table import read_rows

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(CONTENT.encode() * 3000,))
    writer.start()
    assert sum(1 for _ in read_rows([pipe])) == 3 * 3000 - 1
    writer.join()
