import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.delimited import LONGEST_FIELD, detect_dialect
from latent_rationale.text.table import read_rows

HARD = 'said, "so; what"\tthen | left\nlate'


def written(rows, **options):
    file = io.StringIO()
    csv.writer(file, **options).writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_line_breaks_and_quoted_fields(delimiter, line_break, read, told):
    rows = [["id", "review", "stars"], ["1", HARD, "4,5"], ["2", "plain", "3"], ["3", 'a 5" screen', "1"]]
    content = written(rows, delimiter=delimiter, lineterminator=line_break)
    assert [list(row.values()) for row in read(content)] == rows[1:]
    assert "UTF-8, columns id, review, stars" in told()[0]


@pytest.mark.parametrize(
    ("content", "name", "line"),
    [
        (
            "id;review\n1;good, bad, ugly\n2;yes, no\n3;a, b\n",
            "a.csv",
            "CSV with semicolons, UTF-8, columns id, review",
        ),
        ("review\tstars\ngood, bad\t1\nfine, well\t2\n", "a.txt", "TSV, UTF-8, columns review, stars"),
        ("a|b\nx, y|1\n", "a.csv", "CSV with pipes, UTF-8, columns a, b"),
        ("a,b\nx;y;z,1\n", "a.csv", "CSV with commas, UTF-8, columns a, b"),
        ("review\ngood, bad\nit; is\nc|d\te\n", "a.csv", "one column, UTF-8, columns review"),
        ("review\ngood, bad\n", "a.csv", "one column, UTF-8, columns review"),
        ("review,stars\n", "a.csv", "CSV with commas, UTF-8, columns review, stars"),
    ],
)
def test_delimiters_are_told_from_punctuation(content, line, name, read, told):
    try:
        read(content, name)
    except InputError:
        assert content == "review,stars\n"
    assert told() == [f"reading {name}: {line}"]


def test_quotes_that_are_escaped_or_part_of_the_text(read, told):
    assert read('a,b\n"he said \\"no\\", twice",1\n"x",2\n')[0]["a"] == 'he said "no", twice'
    assert "quotes escaped by backslashes" in told()[-1]
    values = read('a\tb\n"Good" film\t1\n"unclosed\t2\nfine\t"3\n', "a.tsv")
    assert values == [{"a": '"Good" film', "b": "1"}, {"a": '"unclosed', "b": "2"}, {"a": "fine", "b": '"3'}]
    assert told()[-1].startswith("reading a.tsv: TSV, UTF-8")
    assert read('a\tb\nx\t"open\ny\tshut"\n', "a.tsv") == [{"a": "x", "b": '"open'}, {"a": "y", "b": 'shut"'}]
    assert "quotes are part of the text" in told()[-1]


def test_blanks_after_delimiters(read, told):
    assert read('a, b\n1, "x, y"\n2, z\n') == [{"a": "1", "b": "x, y"}, {"a": "2", "b": "z"}]
    assert "CSV with commas and blanks, UTF-8" in told()[-1]
    assert read("a,b\n1, x\n") == [{"a": "1", "b": " x"}]


def test_quotes_in_tabs_that_appear_late(read):
    rows = "".join(f"row {i}\t{i}\n" for i in range(2000))
    values = read(f'a\tb\n{rows}"Good" film\t1\nlast\t2\n', "a.tsv")
    assert [row["a"] for row in values[-2:]] == ['"Good" film', "last"]
    assert len(values) == 2002


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.csv: is empty"),
        ("\n\n  \n", "a.csv: has only blank lines"),
        ("a,b\n\n", "a.csv: has a header but no rows"),
        ("a,b,a\n1,2,3\n", "a.csv:1: 2 columns are named 'a'"),
        ("a,b\n1,2\n\n3\n", "a.csv:4: expected 2 fields, got 1"),
        ('a,b\n1,"x\ny"\n1,2,3\n', "a.csv:4: expected 2 fields, got 3"),
        ('a,b\n1,2\n3,"open\n4,5\n', "a.csv:3: a quote opens in this row and is never closed"),
        ('a,b\n1,"x" y\n2,3\n', "a.csv:2: quotes in this row are not balanced or not doubled"),
        ("a,b\n1,x\0y\n", "a.csv:2: a NUL byte, which is no text"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_line(content, message, read):
    with pytest.raises(InputError) as error:
        read(content, "a.csv")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_quote_that_is_not_closed_costs_its_own_row_only(read, told):
    rows = [f"{i},text {i}\n" for i in range(50)]
    rows[10] = '10,"never closed\n'
    rows[20] = '20,"closed",and more\n'
    rows[30] = '30,"two\nlines"\n'
    values = read("a,b\n" + "".join(rows), skip_bad_rows=True)
    assert [row["a"] for row in values] == [str(i) for i in range(50) if i not in (10, 20)]
    assert values[28] == {"a": "30", "b": "two\nlines"}
    assert told()[-1].startswith("note: left out 2 bad rows; the first is ")
    assert "reviews.csv:12: quotes" in told()[-1]


def test_rows_of_delimiters_alone_and_columns_without_a_name(read):
    assert read(",text,\n1,a,\n,,\n  \n2,b,x\n") == [
        {"column 1": "1", "text": "a", "column 3": ""},
        {"column 1": "2", "text": "b", "column 3": "x"},
    ]


def test_lines_are_those_at_which_rows_begin(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('\na,b\n\n1,"x\n\ny"\n\n2,z\n', encoding="utf-8")
    assert [(row.line, row.path) for row in read_rows([path])] == [(4, path), (8, path)]


def test_a_long_text_and_a_quote_that_runs_too_far(read, monkeypatch):
    words = "word " * 50_000
    assert read(f'a,b\n"{words}",1\n') == [{"a": words, "b": "1"}]
    csv.field_size_limit(131_072)
    monkeypatch.setattr("latent_rationale.text.formats.delimited.LONGEST_FIELD", 131_072)
    with pytest.raises(InputError, match=":3: a quote opens in this row and is never closed"):
        read('a,b\n1,2\n1,"' + "x\n" * 100_000 + '"\n')
    assert LONGEST_FIELD > 4_000_000


FIELD = st.text(st.sampled_from("ab ,;|\t\n'\"."), max_size=8)


@given(
    rows=st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
def test_a_dialect_reads_what_it_wrote(delimiter, rows):
    content = written([("id", "review", "stars"), *rows], delimiter=delimiter, quoting=csv.QUOTE_ALL)
    dialect = detect_dialect(content.splitlines(keepends=True))
    assert dialect.delimiter == delimiter


def test_a_table_of_real_texts_comes_back(tmp_path, data_root):
    from latent_rationale.common.utils.files import read_lines

    texts = [text for _, text in read_lines(data_root / "yelp" / "sentiment.dev.0.gz")][:3000]
    draw = random.Random(1)
    rows = [[str(i), draw.choice(["", '"q" ']) + "\n".join(draw.choices(texts, k=2))] for i in range(2000)]
    path = tmp_path / "yelp.csv"
    path.write_text(written([["id", "text"], *rows]), encoding="utf-8", newline="")
    assert [list(row.values.values()) for row in read_rows([path])] == rows
