"""Forms of the data files, with rows as the official files have them and with others."""

import gzip
import os
from pathlib import Path

import pytest
from data_sources import DATASETS, Download
from digests import sha256
from download_data import main
from file_forms import WrongFileError, check_form
from local_server import listing, zipped

SOURCES = {name: source for sources in DATASETS.values() for source in sources for name in source.digests}
NUMBERS = "0.25 -1 3e-2 "
EVERY_ASPECT = '"0": [], "1": [], "2": [], "3": [], "4": []'

ROWS = {
    "train.txt": ["(3 (2 It) (4 works))", "(1 (2 It) (1 fails))"],
    "train.tsv": ["sentence\tlabel", "it works \t1", "it fails \t0"],
    "annotations.json": [f'{{"x": ["a"], "y": [0.5], {EVERY_ASPECT}}}'] * 2,
    "reviews.260k.train.txt.gz": ["0.90 0.50 0.70 0.50 0.40\tit pours well", "1 1 1 1 0\tno"],
    "review+wiki.filtered.200.txt.gz": ["beer " + "0.5 " * 200, "ale " + "-1e-3 " * 200],
    "snli_1.0_dev.jsonl": ['{"gold_label": "-", "sentence1": "A.", "sentence2": "B."}'] * 2,
    "esnli_dev.csv": ["pairID,gold_label,Sentence1,Sentence2", '1,neutral,"A, or B.",C.'],
    "glove.840B.300d.txt": [", " + "0.1 " * 300, "at name@domain.com" + " 0.1" * 300],
}
"""Rows of one file of each form."""

WRONG = {
    "train.txt": [["(5 It works)"], ["(3 (2 It) (4 works))", "(3 (2 It) (4"], ["It works"]],
    "train.tsv": [["it works\t1"], ["sentence\tlabel", "it works"], ["sentence\tlabel", "it works\t2"]],
    "annotations.json": [['{"error": "log in"}'], [ROWS["annotations.json"][0], '{"x": ["a'], ["[]"], ["[" * 9000]],
    "reviews.260k.train.txt.gz": [["a review"], ["0.9 0.5\t"], ["0.9 0.5\tgood", "0.9 0."]],
    "review+wiki.filtered.200.txt.gz": [["beer" + " 0.5" * 199], ["beer" + " nan" * 200], ["beer" + " word" * 200]],
    "snli_1.0_dev.jsonl": [['{"sentence1": "A."}'], [ROWS["snli_1.0_dev.jsonl"][0], '{"gold_la']],
    "esnli_dev.csv": [
        ["404: Not Found"],
        [ROWS["esnli_dev.csv"][0], '1,neutral,"A, o'],
        [ROWS["esnli_dev.csv"][0], "1,neutral,A"],
        ["gold_label,Sentence1"],
    ],
    "glove.840B.300d.txt": [["the" + " 0.1" * 50], [", " + "0.1 " * 300, "cut 0.1 0.2"]],
}
"""Rows of files that look similar, of another kind, or cut off in the middle of a row."""

FILES = {  # files of the folder with the real data
    "train.txt": "sst/train.txt",
    "train.tsv": "sst2/train.tsv",
    "dev.tsv": "sst2/dev.tsv",
    "annotations.json": "beer/annotations.json",
    **{name: f"beer/{name}" for name in SOURCES if name.startswith("reviews.")},
    "snli_1.0_dev.jsonl": "snli/snli_1.0_dev.jsonl.gz",
    "esnli_dev.csv": "esnli/esnli_dev.csv.gz",
}


def encoded(name: str, rows: list[str], line_break: str = "\n") -> bytes:
    content = "".join(row + line_break for row in rows).encode()
    return gzip.compress(content, mtime=0) if name.endswith(".gz") else content


def check(path: Path, name: str) -> None:
    check_form(path, name, SOURCES[name].form, 10**9, "http://127.0.0.1")


@pytest.mark.parametrize("name", SOURCES)
def test_every_file_has_a_form_with_examples(name):
    assert any(SOURCES[name].form is SOURCES[example].form for example in ROWS)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n"])
def test_the_official_rows_are_accepted(name, line_break, tmp_path):
    (tmp_path / "new").write_bytes(encoded(name, ROWS[name], line_break))
    check(tmp_path / "new", name)


@pytest.mark.parametrize(("name", "rows"), [(name, rows) for name, cases in WRONG.items() for rows in cases])
def test_other_rows_are_refused(name, rows, tmp_path):
    (tmp_path / "new").write_bytes(encoded(name, rows))
    with pytest.raises(WrongFileError, match="expected rows of this form"):
        check(tmp_path / "new", name)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"<html>", b"\xff\xfe\x00", b"\x00" * 100, b'{"error": "log in"}'])
def test_other_content_is_refused(name, content, tmp_path):
    (tmp_path / "new").write_bytes(content)
    with pytest.raises(WrongFileError):
        check(tmp_path / "new", name)


@pytest.mark.parametrize(("name", "file"), FILES.items())
def test_the_real_files_are_accepted(name, file, tmp_path):
    path = Path(os.environ.get("LATENT_RATIONALE_DATA", "data")) / file
    if not path.is_file():
        pytest.skip(f"needs {file}")
    if path.suffix == ".gz" and not name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.decompress(path.read_bytes()))
        path = tmp_path / name
    check(path, name)


@pytest.mark.parametrize("name", ROWS)
def test_a_download_of_another_form_leaves_nothing(name, place, tmp_path, capsys):
    """The true file is accepted afterwards, since no digest of the wrong one is recorded."""
    official = SOURCES[name]
    member = next((member for member in official.members if member.endswith(name)), None)
    source = Download(f"{place.url}/{official.name}", {member: None} if member else {}, official.form)
    for rows, code in ((WRONG[name][0], 2), (ROWS[name], 0)):
        content = encoded(name, rows)
        place.files[f"/{official.name}"] = zipped({member: content}) if member else content
        assert main(["set", "--to", str(tmp_path)], {"set": [source]}) == code
        assert capsys.readouterr().err.count("\n") == (1 if code else 0)
        assert bool(listing(tmp_path)) == (code == 0)
    assert (tmp_path / f"set/{name}.sha256").read_text() == f"{sha256(tmp_path / 'set' / name)}  {name}\n"
