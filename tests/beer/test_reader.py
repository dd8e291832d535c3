import gzip
import json
import random

import pytest

from latent_rationale.beer.reader import ASPECTS, BeerReview, read_annotations, read_reviews
from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.common.utils.errors import InputError

GOOD = "0.4 0.5 0.6 0.7 1\ta fine beer"
ANNOTATED = {
    "x": ["pale", "and", "clear", ";", "tastes", "fine"],
    "y": [0.9, 0.5, 0, 1, 0.7],
    "0": [[0, 1], [2, 4]],
    "1": [],
    "2": [],
    "3": [[4, 6]],
    "4": [[0, 6]],
}


def reviews(path, text, **options):
    path.write_text(text, encoding="utf-8")
    return list(read_reviews(path, **options))


def annotations(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(read_annotations(path))


def without(key):
    return {name: value for name, value in ANNOTATED.items() if name != key}


def test_a_review_is_five_scores_and_words(tmp_path):
    assert reviews(tmp_path / "a.txt", GOOD) == [BeerReview(("a", "fine", "beer"), (0.4, 0.5, 0.6, 0.7, 1.0), None)]


def test_a_review_is_split_at_its_first_tab(tmp_path):
    (review,) = reviews(tmp_path / "a.txt", "0 0 0 0 0\tone\ttwo   three \r\n")
    assert review.tokens == ("one", "two", "three")


def test_scores_may_lie_at_both_ends(tmp_path):
    (review,) = reviews(tmp_path / "a.txt", "0 1 0.00 1.00 1e-3\tbeer\n")
    assert review.scores == (0, 1, 0, 1, 0.001)


def test_plain_and_gzipped_files_hold_the_same(tmp_path):
    text = f"{GOOD}\n0.1 0.1 0.1 0.1 0.1\tbière brune\n"
    plain = reviews(tmp_path / "a.txt", text)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    assert list(read_reviews(tmp_path / "a.txt.gz")) == plain
    assert plain[1].tokens == ("bière", "brune")


@pytest.mark.parametrize(("longest", "tokens"), [(1, 1), (2, 2), (3, 3), (4, 3), (None, 3)])
def test_words_after_the_longest_are_dropped(tmp_path, longest, tokens):
    (review,) = reviews(tmp_path / "a.txt", GOOD, max_length=longest)
    assert review.tokens == ("a", "fine", "beer")[:tokens]


def test_empty_lines_are_passed_over_and_counted(tmp_path):
    assert len(reviews(tmp_path / "a.txt", f"\n{GOOD}\n \t \n{GOOD}\n\n")) == 2
    with pytest.raises(InputError, match=r"a\.txt:4: expected five scores, got 1$"):
        reviews(tmp_path / "a.txt", f"\n{GOOD}\n\n0.1\tbeer\n")


@pytest.mark.parametrize("text", ["", "\n \n\t\n"])
@pytest.mark.parametrize("read", [read_reviews, read_annotations])
def test_a_file_without_reviews_is_refused(tmp_path, read, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputError) as error:
        list(read(tmp_path / "a.txt"))
    assert str(error.value) == f"{tmp_path / 'a.txt'}: holds no reviews"


@pytest.mark.parametrize("read", [read_reviews, read_annotations])
def test_a_missing_file_is_named(tmp_path, read):
    with pytest.raises(InputError) as error:
        list(read(tmp_path / "none.txt.gz"))
    assert str(error.value) == f"{tmp_path / 'none.txt.gz'}: no such file"


def test_a_damaged_gzip_file_is_named(tmp_path):
    generator = random.Random(1)
    text = "".join(f"0 0 0 0 0\tbeer {generator.random()}\n" for _ in range(999))
    content = bytearray(gzip.compress(text.encode()))
    content[100:140] = bytes(byte ^ 255 for byte in content[100:140])
    (tmp_path / "a.txt.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.txt\.gz: cannot be read"):
        list(read_reviews(tmp_path / "a.txt.gz"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a fine beer", "expected five scores, a tab and a text"),
        ("0.1 0.1 0.1 0.1 0.1 a fine beer", "expected five scores, a tab and a text"),
        ("0.1 0.1 0.1 0.1 0.1", "expected five scores, a tab and a text"),
        ("0.1 0.1 0.1 0.1 0.1\t  ", "expected five scores, a tab and a text"),
        ("\ta fine beer", "expected five scores, got 0"),
        ("0.1 0.1 0.1 0.1\ta fine beer", "expected five scores, got 4"),
        ("0.1 0.1 0.1 0.1 0.1 0.1\ta fine beer", "expected five scores, got 6"),
        ("0.1,0.1,0.1,0.1,0.1\ta fine beer", "expected five scores, got 1"),
        ("0.1 0.1 good 0.1 0.1\ta fine beer", "a score is not a number: good"),
        ("0.1 0.1 0.1 0.1 4.5\ta fine beer", "a score lies outside [0, 1]: 4.5"),
        ("-0.1 0.1 0.1 0.1 0.1\ta fine beer", "a score lies outside [0, 1]: -0.1"),
        ("0.1 nan 0.1 0.1 0.1\ta fine beer", "a score lies outside [0, 1]: nan"),
        ("0.1 0.1 0.1 inf 0.1\ta fine beer", "a score lies outside [0, 1]: inf"),
    ],
)
def test_a_malformed_review_is_named_with_its_line(tmp_path, line, message):
    path = tmp_path / "a.txt"
    with pytest.raises(InputError) as error:
        reviews(path, f"{GOOD}\n\n{line}\n{GOOD}\n")
    assert str(error.value) == f"{path}:3: {message}"


def test_an_annotated_review_has_the_stretches_of_every_aspect(tmp_path):
    words = ("pale", "and", "clear", ";", "tastes", "fine")
    spans = (((0, 1), (2, 4)), (), (), ((4, 6),), ((0, 6),))
    assert annotations(tmp_path / "a.json", ANNOTATED) == [BeerReview(words, (0.9, 0.5, 0.0, 1.0, 0.7), spans)]


def test_annotations_may_hold_more_than_is_needed(tmp_path):
    assert annotations(tmp_path / "a.json", ANNOTATED | {"5": "more"}) == annotations(tmp_path / "b.json", ANNOTATED)


@pytest.mark.parametrize("word", ["8\u00a01/2", "\u00a0", "suggest\x85", "\u2028", "\U0001f37a"])
def test_words_of_other_characters_are_read_and_can_be_saved(tmp_path, word):
    words = ["pale", word, "ale", "tastes", "fine", "."]
    (review,) = annotations(tmp_path / "a.json", ANNOTATED | {"x": words})
    assert review.tokens == tuple(words)
    vocabulary = Vocabulary.build([review.tokens])
    vocabulary.save(tmp_path / "vocabulary.txt")
    assert Vocabulary.load(tmp_path / "vocabulary.txt").words == vocabulary.words
    assert word in vocabulary.words


def test_annotations_may_be_gzipped(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(("\n" + json.dumps(ANNOTATED) + "\n").encode()))
    (review,) = read_annotations(path)
    assert review.tokens[0] == "pale"


def assert_refused(path, line, message):
    path.write_text(json.dumps(ANNOTATED) + f"\n\n{line}\n")
    with pytest.raises(InputError) as error:
        list(read_annotations(path))
    assert str(error.value).startswith(f"{path}:3: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON ("),
        ("no JSON", "not JSON ("),
        ('{"x": ["pale"]', "not JSON ("),
        ("[]", "an annotated review needs x, y, 0, 1, 2, 3, 4"),
        ("7", "an annotated review needs x, y, 0, 1, 2, 3, 4"),
        ("null", "an annotated review needs x, y, 0, 1, 2, 3, 4"),
        ('"xy01234"', "an annotated review needs x, y, 0, 1, 2, 3, 4"),
        ('{"x": [], "1": []}', "an annotated review needs y, 0, 2, 3, 4"),
        pytest.param("[" * 100_000, "not JSON (", id="too deep"),
        pytest.param('{"x": ' + "1" * 5000 + "}", "not JSON (", id="too many digits"),
    ],
)
def test_a_line_that_is_no_annotated_review(tmp_path, line, message):
    assert_refused(tmp_path / "a.json", line, message)


@pytest.mark.parametrize("key", ["x", "y", "0", "1", "2", "3", "4"])
def test_what_an_annotated_review_lacks_is_named(tmp_path, key):
    assert_refused(tmp_path / "a.json", json.dumps(without(key)), f"an annotated review needs {key}")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": "pale beer"}, "x: expected a list of words"),
        ({"x": []}, "x: expected a list of words"),
        ({"x": ["pale", 7]}, "x: expected a list of words"),
        ({"x": ["pale", None]}, "x: expected a list of words"),
        ({"x": {"pale": 1}}, "x: expected a list of words"),
        ({"x": ["pale", ""]}, "x: word 1, counted from 0, is empty or has white space: ''"),
        ({"x": ["pale ale", "fine"]}, "x: word 0, counted from 0, is empty or has white space: 'pale ale'"),
        ({"x": ["pale", "ale\n"]}, r"x: word 1, counted from 0, is empty or has white space: 'ale\n'"),
        ({"x": ["ale\r", "fine"]}, r"x: word 0, counted from 0, is empty or has white space: 'ale\r'"),
        ({"x": ["\t"]}, r"x: word 0, counted from 0, is empty or has white space: '\t'"),
        ({"x": ["pale", "\ud83d"]}, r"half of a surrogate pair (\ud83d) in a string"),
        ({"y": 0.5}, "y: expected five scores"),
        ({"y": "0.1 0.1 0.1 0.1 0.1"}, "y: expected five scores"),
        ({"y": None}, "y: expected five scores"),
        ({"y": [0.1] * 4}, "expected five scores, got 4"),
        ({"y": [0.1] * 6}, "expected five scores, got 6"),
        ({"y": [0.1, 0.1, 0.1, 0.1, None]}, "a score is not a number: None"),
        ({"y": [0.1, 0.1, [0.1], 0.1, 0.1]}, "a score is not a number: [0.1]"),
        ({"y": [0.1, 0.1, 0.1, 0.1, "good"]}, "a score is not a number: good"),
        ({"y": [0.1, 0.1, 0.1, 0.1, "very\ngood"]}, "a score is not a number: "),
        ({"y": [8, 0.1, 0.1, 0.1, 0.1]}, "a score lies outside [0, 1]: 8"),
        ({"y": [0.1, 0.1, 0.1, 0.1, -0.5]}, "a score lies outside [0, 1]: -0.5"),
        ({"y": [0.1, float("nan"), 0.1, 0.1, 0.1]}, "a score lies outside [0, 1]: nan"),
        ({"y": [10**400, 0.1, 0.1, 0.1, 0.1]}, "a score"),
    ],
    ids=lambda part: str(part)[:50],
)
def test_words_and_scores_that_cannot_be(tmp_path, changed, message):
    assert_refused(tmp_path / "a.json", json.dumps(ANNOTATED | changed), message)


@pytest.mark.parametrize(
    "found",
    [None, 3, "02", [0, 2], [[0]], [[0, 1, 2]], [["a", "b"]], [[0, None]], [[0, float("nan")]], [[0, float("inf")]]],
    ids=str,
)
@pytest.mark.parametrize("aspect", ["0", "4"])
def test_stretches_that_are_no_pairs_of_numbers(tmp_path, aspect, found):
    line = json.dumps(ANNOTATED | {aspect: found})
    assert_refused(tmp_path / "a.json", line, f"{aspect}: expected a list of [start, end)")


@pytest.mark.parametrize("found", [[[0.7, 2.9]], ["12"], {"12": 0}, [["0", "2"]]], ids=str)
def test_stretches_of_anything_but_whole_numbers(tmp_path, found):
    line = json.dumps(ANNOTATED | {"1": found})
    assert_refused(tmp_path / "a.json", line, "1: expected a list of [start, end)")


@pytest.mark.parametrize(("start", "end"), [(0, 7), (-1, 2), (3, 3), (4, 2), (6, 7), (0, 0)])
def test_stretches_outside_the_words(tmp_path, start, end):
    line = json.dumps(ANNOTATED | {"2": [[0, 6], [start, end]]})
    assert_refused(tmp_path / "a.json", line, f"2: [{start}, {end}) does not lie within 6 words")


def test_the_real_annotations_are_read_in_full(data_root):
    found = list(read_annotations(data_root / "beer" / "annotations.json"))
    assert len(found) == 994
    assert sum(len(review.tokens) for review in found) == 126_047
    assert max(len(review.tokens) for review in found) == 413
    marked = [sum(bool(review.spans[aspect]) for review in found) for aspect in range(len(ASPECTS))]
    assert marked == [960, 922, 828, 976, 942]
    words = [sum(end - start for review in found for start, end in review.spans[aspect]) for aspect in range(5)]
    assert words == [22_457, 18_282, 13_320, 35_264, 30_689]
    assert found[0].tokens[:4] == ("clear", ",", "burnished", "copper-brown")
    assert found[0].scores == (0.8, 0.8, 0.9, 1.0, 0.9)
    assert found[0].spans[2] == ((80, 92), (92, 99))


SCORES_OF_THE_FIRST = {
    "260k.train": (0.9, 0.7, 0.9, 0.9, 0.6),
    "260k.heldout": (0.4, 0.6, 0.6, 0.5, 0.6),
    "aspect0.train": (0.4, 0.5, 0.6, 0.5, 0.5),
    "aspect0.heldout": (0.9, 0.5, 0.7, 0.5, 0.4),
    "aspect1.train": (0.7, 0.7, 0.5, 0.4, 0.4),
    "aspect1.heldout": (0.9, 0.5, 0.7, 0.6, 0.6),
    "aspect2.train": (0.8, 0.8, 0.8, 0.5, 0.6),
    "aspect2.heldout": (0.6, 0.8, 0.5, 0.6, 0.8),
}
COUNTS = {"260k.train": 33_795, "260k.heldout": 2_000, "train": 9_000, "heldout": 1_000}


@pytest.mark.parametrize("name", SCORES_OF_THE_FIRST)
def test_real_reviews(data_root, name):
    found = list(read_reviews(data_root / "beer" / f"reviews.{name}.txt.gz", max_length=256))
    assert len(found) == COUNTS.get(name, COUNTS[name.partition(".")[2]])
    assert found[0].scores == SCORES_OF_THE_FIRST[name]
    assert max(len(review.tokens) for review in found) == 256


def test_the_union_of_all_reviews_holds_no_heldout_or_annotated_one(data_root):
    folder = data_root / "beer"
    names = ["reviews.260k", *(f"reviews.aspect{aspect}" for aspect in (0, 1, 2))]
    judged = {review.tokens for name in names for review in read_reviews(folder / f"{name}.heldout.txt.gz")}
    judged |= {review.tokens for review in read_annotations(folder / "annotations.json")}
    training = {review.tokens for review in read_reviews(folder / "reviews.260k.train.txt.gz")}
    assert not training & judged
