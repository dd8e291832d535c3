import gzip

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.columns import class_label
from latent_rationale.text.table import read_rows


def test_values_stay_what_they_are_and_rows_may_differ(read, told):
    rows = read('{"text": "a\\nb", "stars": 4.0}\n\n{"text": "c", "marks": [[0, 1]], "ok": true}\r\n', "a.jsonl")
    assert rows == [{"text": "a\nb", "stars": 4.0}, {"text": "c", "marks": [[0, 1]], "ok": True}]
    assert told() == ["reading a.jsonl: JSON lines, UTF-8, columns text, stars"]


def test_rows_may_lack_columns(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b", "label": 3}\n', encoding="utf-8")
    assert [class_label(row, "label") for row in read_rows([path])] == [None, "3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_and_gzip(encoding, read):
    content = gzip.compress('{"text": "café"}\n'.encode(encoding))
    assert read(content, "a.ndjson.gz") == [{"text": "café"}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "a.jsonl:2: not JSON"),
        ("text", "a.jsonl:2: expected a JSON object on each line"),
        ("[1]", "a.jsonl:2: expected a JSON object on each line"),
        ('{"text": "\\ud83d"}', "a.jsonl:2: half of a surrogate pair"),
        (b'{"text": "\xff"}', "a.jsonl:2: not UTF-8 text"),
        ('{"a":' * 100_000, "a.jsonl:2: not JSON"),
        ('{"a": 1} {"a": 2}', "a.jsonl:2: not JSON"),
        ("9" * 5000, "a.jsonl:2: expected a JSON object"),
    ],
)
def test_rows_that_are_no_objects(line, message, read, told):
    line = line if isinstance(line, bytes) else line.encode()
    content = '{"text": "é"}\n'.encode() + line + b'\n{"text": "b"}\n'
    with pytest.raises(InputError, match=message) as error:
        read(content, "a.jsonl")
    assert "\n" not in str(error.value)
    assert [row["text"] for row in read(content, "a.jsonl", skip_bad_rows=True)] == ["é", "b"]
    assert "left out 1 bad row;" in told()[-1]


def test_blank_lines_only(read):
    with pytest.raises(InputError, match="has only blank lines"):
        read("\n\n", "a.jsonl")
