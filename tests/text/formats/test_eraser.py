import io
import json
import tarfile

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.eraser import eraser_splits
from latent_rationale.text.table import read_rows

DOCS = {"a.txt": "good film .\nthe end", "b.txt": "bad one"}


def evidence(document, start, end):
    return {"docid": document, "start_token": start, "end_token": end, "text": ""}


def annotation(identifier, label, evidences, **more):
    return {"annotation_id": identifier, "classification": label, "evidences": evidences, "query": "q", **more}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docs").mkdir()
    for name, text in DOCS.items():
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    rows = [
        annotation("a.txt", "POS", [[evidence("a.txt", 3, 5)], [evidence("a.txt", 0, 1)]]),
        annotation("b.txt", "NEG", []),
        annotation("both", "NEG", [[evidence("a.txt", 0, 2), evidence("b.txt", 0, 1)]]),
    ]
    write(tmp_path / "train.jsonl", rows)
    write(tmp_path / "val.jsonl", rows[:1])
    return tmp_path


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_folder_and_its_files(folder, told):
    rows = [row.values for row in read_rows([folder])]
    first = {"id": "a.txt", "split": "train", "query": "q", "text": DOCS["a.txt"], "label": "POS"}
    assert rows[0] == first | {"highlights": [[0, 1], [3, 5]]}
    assert rows[1]["highlights"] == []
    assert (rows[2]["text"], rows[2]["highlights"]) == ("good film .\nthe end\nbad one", [[0, 2], [5, 6]])
    assert rows[3] == rows[0] | {"split": "val"}
    assert [row.values for row in read_rows([folder / "train.jsonl"])] == rows[:3]
    assert list(eraser_splits(folder)) == ["train", "val"]
    assert told()[0].endswith("ERASER, columns id, split, query, text, label, highlights")


def test_documents_in_an_archive(folder):
    expected = [row.values for row in read_rows([folder])]
    with tarfile.open(folder / "docs.tar.gz", "w:gz") as archive:
        archive.add(folder / "docs", "docs")
    for path in (folder / "docs").iterdir():
        path.unlink()
    (folder / "docs").rmdir()
    assert [row.values for row in read_rows([folder])] == expected
    content = (folder / "docs.tar.gz").read_bytes()
    (folder / "docs.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"docs.tar.gz: cannot be unpacked"):
        list(read_rows([folder]))


def test_an_archive_writes_nowhere_else(folder, tmp_path):
    (folder / "docs").rename(folder / "elsewhere")
    with tarfile.open(folder / "docs.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("../../escaped.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(InputError, match="cannot be unpacked"):
        list(read_rows([folder]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (annotation("c.txt", "POS", []), r"train.jsonl:1: there is no document 'c.txt' in docs"),
        (annotation("../train.jsonl", "POS", []), r"there is no document '../train.jsonl' in docs"),
        (annotation("a.txt", "POS", [[{"docid": "a.txt"}]]), "evidences: expected lists of docid"),
        (annotation("a.txt", "POS", 3), "evidences: expected lists of docid"),
        (annotation("a.txt", "POS", [[evidence("a.txt", 0, 1)]], docids=["b.txt"]), "evidences: .*'a.txt'"),
        (annotation("a.txt", "POS", [], docids=3), "docids: expected a list"),
    ],
)
def test_annotations_that_point_nowhere(folder, message, row):
    write(folder / "train.jsonl", [row])
    with pytest.raises(InputError, match=message):
        list(read_rows([folder]))


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(InputError, match="a folder must be an ERASER data set"):
        list(read_rows([tmp_path]))


def test_json_lines_beside_other_documents_stay_json_lines(tmp_path):
    (tmp_path / "docs").mkdir()
    write(tmp_path / "a.jsonl", [{"text": "x"}])
    assert [row.values for row in read_rows([tmp_path / "a.jsonl"])] == [{"text": "x"}]


def test_movies(data_root):
    rows = list(read_rows([data_root / "movies" / "val.jsonl"]))
    assert len(rows) == 200
    for row in rows:
        words = row.values["text"].split()
        assert all(0 <= start < end <= len(words) for start, end in row.values["highlights"])
    assert {row.values["label"] for row in rows} == {"NEG", "POS"}
    with (data_root / "movies" / "val.jsonl").open(encoding="utf-8") as file:
        first = json.loads(next(file))
    spans = {" ".join(rows[0].values["text"].split()[start:end]) for start, end in rows[0].values["highlights"]}
    assert {piece["text"] for group in first["evidences"] for piece in group} == spans
