from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.common.data.tokenization import find_words
from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.row import Row
from latent_rationale.text.highlights import highlights, marked
from latent_rationale.text.table import read_rows

TEXT = "It isn't  a bad film."


def found(value, unit="character"):
    return highlights(Row({"marks": value}, Path("a.csv"), 7), "marks", TEXT, unit)


def test_spans_of_characters_and_of_words_are_spans_of_characters():
    assert found([[12, 15]]) == found("[[3, 4]]", "word") == ((12, 15),)
    assert TEXT[12:15] == "bad"
    assert found([[1, 3]], "word") == ((3, 11),)
    assert found([[12, 15], [3, 8], [14, 20], [8, 9]]) == ((3, 9), (12, 20))
    assert found("[]") == ()
    assert found("") is found(None) is None


def test_rows_without_the_column():
    with pytest.raises(InputError, match="there is no column 'marks'"):
        highlights(Row({"text": TEXT}, Path("a.csv"), 7), "marks", TEXT, "word")
    assert highlights(Row({"text": TEXT}, Path("a.jsonl"), 7, is_loose=True), "marks", TEXT, "word") is None


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        ("bad", "word", "expected a list of pairs"),
        ('{"a": 1}', "word", "expected a list of pairs"),
        ([3, 4], "word", "expected a list of pairs"),
        ([[1.0, 2]], "word", "expected a list of pairs"),
        ([[True, 2]], "word", "expected a list of pairs"),
        ([[1, 2, 3]], "word", "expected a list of pairs"),
        ([[4, 6]], "word", r"\[4, 6\] is no span of a text of 5 words"),
        ([[0, 22]], "character", r"\[0, 22\] is no span of a text of 21 characters"),
        ([[-1, 2]], "character", r"\[(-1|2), 2\] is no span"),
        ([[2, 2]], "character", r"\[(-1|2), 2\] is no span"),
    ],
)
def test_what_are_no_spans(message, unit, value):
    with pytest.raises(InputError, match=f"a.csv:7: column 'marks': {message}"):
        found(value, unit)


def test_marked_words():
    words = find_words(TEXT)
    spans = found([[1, 2]], "word")
    assert [TEXT[start:end] for (start, end), mark in zip(words, marked(words, spans), strict=True) if mark] == [
        "is",
        "n't",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20)).filter(lambda span: span[0] < span[1])),
    st.text("ab .,", min_size=20, max_size=20),
)
def test_marked_words_by_enumeration(spans, text):
    row = Row({"marks": [list(span) for span in spans]}, Path("a.csv"), 1)
    joined = highlights(row, "marks", text, "character")
    characters = {i for start, end in spans for i in range(start, end)}
    assert {i for start, end in joined for i in range(start, end)} == characters
    words = find_words(text)
    assert marked(words, joined) == [bool(characters & set(range(start, end))) for start, end in words]


def test_movies(data_root):
    for row in read_rows([data_root / "movies" / "val.jsonl"]):
        text = row.values["text"]
        spans = highlights(row, "highlights", text, "word")
        pieces = [text[start:end].split() for start, end in spans]
        marks = marked(find_words(text), spans)
        assert sum(map(len, pieces)) <= sum(marks)
