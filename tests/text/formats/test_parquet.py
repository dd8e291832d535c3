import sys

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.table import read_rows


def test_without_pyarrow_one_sentence_says_what_is_missing(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"a.parquet: Parquet needs the package pyarrow \(pip install pyarrow\)"):
        read(b"PAR1", "a.parquet")


def test_rows_of_all_row_groups(tmp_path, told):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    columns = {"text": [f"text {i}" for i in range(5000)], "stars": list(range(5000)), "marks": [[[0, 1]]] * 5000}
    parquet.write_table(pyarrow.table(columns), path, row_group_size=700)
    rows = list(read_rows([path]))
    assert rows[4321].values == {"text": "text 4321", "stars": 4321, "marks": [[0, 1]]}
    assert [row.line for row in rows] == list(range(1, 5001))
    assert told() == ["reading a.parquet: Parquet, columns text, stars, marks"]


def test_damaged_parquet(read, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    with pytest.raises(InputError, match=r"a.parquet: not a Parquet file") as error:
        read(b"no table", "a.parquet")
    assert "\n" not in str(error.value)
    path = tmp_path / "b.parquet"
    parquet.write_table(pyarrow.table({"text": [f"text {i}" for i in range(5000)]}), path)
    content = bytearray(path.read_bytes())
    content[100:3000] = bytes(2900)
    with pytest.raises(InputError, match=r"b.parquet: damaged Parquet file"):
        read(bytes(content), "b.parquet")
