from collections import Counter
from pathlib import Path

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.columns import (
    class_label,
    column,
    discover_classes,
    label_set,
    labelled,
    number,
    optional_column,
    texts,
)
from latent_rationale.text.formats.row import Row


def row(*, is_loose=False, **values):
    return Row(values, Path("a.csv"), 7, is_loose)


def test_a_missing_column_is_told_with_those_that_are_there():
    with pytest.raises(InputError, match=r"a.csv: there is no column 'text'; the columns are id, review"):
        column(row(id=1, review="x"), "text")
    with pytest.raises(InputError, match="there is no column 'stars'"):
        class_label(row(id=1), "stars")
    with pytest.raises(InputError, match=r"a.csv:7: there is no column 'text'; the columns are id"):
        column(row(id=1, is_loose=True), "text")
    assert class_label(row(id=1, is_loose=True), "stars") is None
    assert optional_column(row(marks=" "), "marks") is None


def test_texts_stand_as_they_are():
    assert texts(row(a=" x\n", b="y"), ["a", "b"]) == (" x\n", "y")
    for value in ("", " \n", None):
        with pytest.raises(InputError, match=r"a.csv:7: column 'a': the text is empty"):
            texts(row(a=value), ["a"])
    with pytest.raises(InputError, match="expected a text, got 3"):
        texts(row(a=3), ["a"])


@pytest.mark.parametrize(
    ("value", "label"),
    [
        *[(" pos ", "pos"), ("4", "4"), ("4.0", "4"), (4, "4"), (4.0, "4"), ("-1.00", "-1"), ("4.5", "4.5")],
        *[("04", "04"), ("v1.0", "v1.0"), (True, "True"), ("", None), ("  ", None), (None, None), ("NA", "NA")],
    ],
)
def test_classes(label, value):
    assert class_label(row(y=value), "y") == label


@pytest.mark.parametrize("value", [["a"], {"a": 1}, float("nan")])
def test_what_is_no_class(value):
    with pytest.raises(InputError, match=r"a.csv:7: column 'y': expected a class"):
        class_label(row(y=value), "y")


@pytest.mark.parametrize(("value", "expected"), [("3.5", 3.5), (" -2 ", -2.0), (4, 4.0), ("1e3", 1000.0), ("", None)])
def test_numbers(expected, value):
    assert number(row(y=value), "y") == expected


@pytest.mark.parametrize(
    "value", ["nan", "inf", float("nan"), float("-inf"), "3,5", "four", "1_000", True, [1], 10**400]
)
def test_what_is_no_number(value):
    with pytest.raises(InputError, match=r"a.csv:7: column 'y': expected a finite number, got ") as error:
        number(row(y=value), "y")
    assert len(str(error.value)) < 130


def test_sets_of_classes():
    assert label_set(row(a="1", b="0", c="1.0"), ["a", "b", "c"]) == ("a", "c")
    assert label_set(row(a=True, b=0), ["a", "b"]) == ("a",)
    assert label_set(row(a="0", b="0"), ["a", "b"]) == ()
    assert label_set(row(a="", b=None), ["a", "b"]) is None
    assert label_set(row(y=["x", "y", "x"]), ["y"]) == ("x", "y")
    assert label_set(row(y='["x", 2]'), ["y"]) == ("x", "2")
    assert label_set(row(y="[]"), ["y"]) == ()
    assert label_set(row(y=""), ["y"]) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": "2", "b": "0"}, "column 'a': expected 0 or 1, got '2'"),
        ({"a": "1", "b": ""}, "column 'b' is empty, but not all of the label columns are"),
        ({"a": "x, y"}, "column 'a': expected a JSON list of classes, got 'x, y'"),
        ({"a": ["x", ""]}, "column 'a': an empty class"),
        ({"a": [["x"]]}, "column 'a': expected a class"),
    ],
)
def test_what_is_no_set_of_classes(message, values):
    with pytest.raises(InputError, match=f"a.csv:7: {message}"):
        label_set(row(**values), list(values))


def test_unlabelled_rows_are_counted(told):
    assert list(labelled([1, None, 3, None], lambda label: label)) == [1, 3]
    assert told() == ["note: left out 2 of 4 rows, which have no label"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["10", "9", "-1", "2.5"], ("-1", "2.5", "9", "10")),
        (["class 10", "class 2", "Class 1"], ("Class 1", "class 2", "class 10")),
        (["pos", "neg"], ("neg", "pos")),
        (["1", "01", "b"], ("01", "1", "b")),
    ],
)
def test_classes_are_in_their_natural_order(classes, labels):
    for order in (labels, labels[::-1]):
        assert discover_classes(Counter(order * 2), "y") == classes


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "column 'y' has no labels"),
        (["a"] * 9, "column 'y' has the class 'a' only; a classifier needs two classes"),
        ([str(i / 7) for i in range(90)], "column 'y' has 90 classes in 90 rows; to learn numbers, set --regression"),
        ([f"id {i}" for i in range(90)] * 2 + ["id 1"] * 9, None),
        ([f"id {i}" for i in range(90)] + ["id 1"] * 9, "has 90 classes in 99 rows; it may be the wrong column"),
        (["3.1", "2.7", "4.4"], "set --regression"),
    ],
)
def test_implausible_classes(labels, message):
    if message is None:
        assert len(discover_classes(Counter(labels), "y")) == 90
        return
    with pytest.raises(InputError, match=message):
        discover_classes(Counter(labels), "y")
