import resource

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.columns import column
from latent_rationale.text.table import read_examples, read_rows


def write(path, content):
    path.write_text(content, encoding="utf-8")
    return path


def test_several_files_in_order_with_columns_in_any_order(tmp_path, told):
    first = write(tmp_path / "a.csv", "id,text\n1,x\n")
    second = write(tmp_path / "b.tsv", "text\tid\ny\t2\n")
    assert [row.values for row in read_rows([first, second])] == [{"id": "1", "text": "x"}, {"id": "2", "text": "y"}]
    assert len(told()) == 2


def test_other_columns_are_one_sentence(tmp_path):
    first = write(tmp_path / "a.csv", "id,text\n1,x\n")
    second = write(tmp_path / "b.csv", "id,review,stars\n1,x,3\n")
    with pytest.raises(InputError, match=r"b.csv: has other columns than .*a.csv: lacks text and adds review, stars"):
        list(read_rows([first, second]))


def test_rows_that_cannot_be_converted_are_counted_with_the_others(tmp_path, told):
    path = write(tmp_path / "a.csv", "id,text\n1,x\n2\nthree,y\n4,z\n")

    def convert(row):
        try:
            return int(row.values["id"])
        except ValueError as error:
            raise InputError("no number", row.path, row.line) from error

    assert list(read_examples([path], convert, skip_bad_rows=True)) == [1, 4]
    assert told()[-1] == f"note: left out 2 bad rows; the first is {path}:3: expected 2 fields, got 1"
    with pytest.raises(InputError, match=r"a.csv:3: expected"):
        list(read_examples([path], convert))


def test_no_row_is_left(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n1\n2\n")
    with pytest.raises(InputError, match=r"all rows are bad; the first is .*a.csv:2: expected 2 fields, got 1"):
        list(read_rows([path], skip_bad_rows=True))


def test_a_missing_column_is_no_bad_row(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n1,x\n2,y\n")
    with pytest.raises(InputError, match=r"a.csv: there is no column 'review'; the columns are id, text"):
        list(read_examples([path], lambda row: column(row, "review"), skip_bad_rows=True))
    path = write(tmp_path / "a.jsonl", '{"text": "x"}\n{"review": "y"}\n')
    assert list(read_examples([path], lambda row: column(row, "review"), skip_bad_rows=True)) == ["y"]


def test_many_columns_are_abridged_in_the_log(read, told):
    read(",".join(f"c{i}" for i in range(20)) + "\n" + ",".join("x" * 20) + "\n")
    assert told()[0].endswith("c10, c11 and 8 more")


def test_reading_stops_where_it_is_left(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n" + "1,x\n" * 100_000)
    rows = read_rows([path])
    next(rows)
    rows.close()  # a file left open would be a ResourceWarning, which is an error


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n" + f'1,"{"word " * 100}"\n' * 10_000)
    next(read_rows([path]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # 200 MB in all; a list of the rows would take as much.
    assert sum(1 for _ in read_rows([path] * 40)) == 400_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
