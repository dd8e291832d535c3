import gzip

import numpy as np
import pytest
import torch

from latent_rationale.common.data import word_vectors
from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.common.data.word_vectors import (
    WordVectors,
    join_vectors,
    make_embedding,
    read_vectors,
    write_vectors,
)
from latent_rationale.common.utils.errors import InputError

SENTENCES = [["a", "film", "-LRB-", "a", "gem", "-RRB-"], ["and\\/or", "a", "film"]]


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("a 1 2 3\nfilm 4 5 6\n( 7 8 9\n. . . -1 -2 -3\nA 0.5 0 1e-3\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_vectors_are_read_plain_and_gzipped(vectors, zipped):
    if zipped:
        vectors = vectors.with_suffix(".txt.gz")
        vectors.write_bytes(gzip.compress(vectors.with_suffix("").read_bytes()))
    found = read_vectors(vectors, SENTENCES)
    assert found.words == ["a", "film", "(", ". . .", "A"]
    np.testing.assert_allclose(found.matrix[[0, 3, 4]], [[1, 2, 3], [-1, -2, -3], [0.5, 0, 1e-3]])
    assert found.matrix.dtype == np.float32


def test_a_header_as_of_word2vec_is_passed_over(vectors):
    content = vectors.read_text()
    vectors.write_text("5 3\n" + content)
    assert read_vectors(vectors, SENTENCES).words == ["a", "film", "(", ". . .", "A"]


def test_the_first_of_two_rows_counts(vectors):
    vectors.write_text("a 1 2\na 3 4\n")
    np.testing.assert_allclose(read_vectors(vectors, []).matrix, [[1, 2]])


def test_a_large_file_lends_only_words_of_the_data(vectors, monkeypatch):
    monkeypatch.setattr(word_vectors, "LARGE_FILE", 3)
    assert read_vectors(vectors, SENTENCES).words == ["a", "film", "("]


def test_a_large_file_lends_only_words_of_the_data_from_its_beginning_on(vectors, monkeypatch):
    vectors.write_text("zebra 0 0 0\n" + vectors.read_text() + "gem 9 9 9\nyak 0 0 0\n")
    assert len(read_vectors(vectors, SENTENCES).words) == 8
    monkeypatch.setattr(word_vectors, "LARGE_FILE", 7)
    found = read_vectors(vectors, iter(SENTENCES))
    assert found.words == ["a", "film", "(", "gem"]
    np.testing.assert_allclose(found.matrix[[0, 3]], [[1, 2, 3], [9, 9, 9]])


CASED = [["A", "Film", "FILM", "gem", "-LRB-"], ["Gem", "film"]]


def test_words_without_a_vector_get_that_of_their_lower_cased_form(vectors, monkeypatch, caplog):
    caplog.set_level("INFO")
    assert read_vectors(vectors, CASED).words == ["a", "film", "(", ". . .", "A"]
    assert "lower-cased" not in caplog.text
    found = read_vectors(vectors, iter(CASED), lowercase=True)
    assert found.words == ["a", "film", "(", ". . .", "A", "FILM", "Film"]
    np.testing.assert_allclose(found.matrix[4:], [[0.5, 0, 1e-3], [4, 5, 6], [4, 5, 6]])
    assert "note: 2 words of the data have the vector of their lower-cased form" in caplog.text
    monkeypatch.setattr(word_vectors, "LARGE_FILE", 3)
    assert read_vectors(vectors, iter([["Film", "A"]]), lowercase=True).words == ["a", "film", "A", "Film"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2 3\nb 1 2\n", r":2: expected a word and 3 numbers, got 3 fields"),
        ("a 1 2 3\nb 1 2 3 4\n", r":2: expected a word and 3 numbers"),
        ("a 1 2 3\nb 1 x 3\n", r":2: not a number"),
        ("a 1 2 3\nb 1 nan 3\n", r":2: a number is not finite"),
        ("a 1 2 3\ntel 555 1 2 3\n", r":2: expected a word and 3 numbers, got 5 fields"),
        ("a 1 2 3\nb 1 1e39 3\n", r":2: a number is not finite"),
        ("a\n", r":1: expected a word and its numbers"),
        ("", r"holds no vectors"),
    ],
)
def test_bad_rows_are_named_with_their_line(tmp_path, content, message):
    path = tmp_path / "bad.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_vectors(path, [])


ROWS = "a 1 2 3\nb 4 5 6\nc 7 8 9\n"


@pytest.mark.parametrize(
    "content",
    [
        "film\t0.1 0.2 0.3\na\t1 2 3\n",
        "film\t0.1\t0.2\t0.3\na\t1\t2\t3\n",
        "film  0.1  0.2 0.3 \n a 1 2 3\n",
        "film\r 0.1 0.2 0.3\r\na 1 2 3\n",
        "\nfilm 0.1 0.2 0.3\n  \n\na 1 2 3\n\n",
        "2 3\nfilm 0.1 0.2 0.3\na 1 2 3\n",
    ],
    ids=["tab", "tabs", "repeated blanks", "carriage returns", "blank lines", "header"],
)
def test_blanks_and_tabs_separate_fields_and_blank_lines_are_skipped(tmp_path, caplog, content):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content.encode())
    found = read_vectors(path, [])
    assert found.words == ["film", "a"]
    np.testing.assert_allclose(found.matrix, [[0.1, 0.2, 0.3], [1, 2, 3]], rtol=1e-6)
    assert not caplog.records


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (" 1 2 3", "expected a word and 3 numbers, got 3 fields"),
        ("tel 555 1 2 3", "expected a word and 3 numbers, got 5 fields"),
        ("d 1 2", "expected a word and 3 numbers, got 3 fields"),
        ("d", "expected a word and 3 numbers, got 1 fields"),
        ("d 1 x 3", "not a number: 'x'"),
        ("d 1 inf 3", "a number is not finite"),
    ],
    ids=["empty word", "word with a number", "short row", "no numbers", "text", "infinity"],
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_an_odd_row_is_skipped_and_counted_in_one_note(tmp_path, caplog, row, message, place):
    lines = ROWS.splitlines()
    lines.insert(place, row)
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(lines))
    caplog.set_level("INFO", "latent_rationale")
    found = read_vectors(path, [])
    assert found.words == ["a", "b", "c"]
    np.testing.assert_allclose(found.matrix, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    (record,) = caplog.records
    first = f"the first is line {place + 1}: {message}"
    assert record.getMessage() == f"note: skipped 1 of 4 rows of {path} that cannot be read; {first}"


def test_several_odd_rows_make_one_note(tmp_path, caplog):
    path = tmp_path / "vectors.txt"
    path.write_text(f"{ROWS}\nx 1\ny\n")
    caplog.set_level("INFO", "latent_rationale")
    assert read_vectors(path, []).words == ["a", "b", "c"]
    (record,) = caplog.records
    assert "skipped 2 of 5 rows" in record.getMessage()
    assert "line 5" in record.getMessage()


def test_the_dimension_is_that_of_most_of_the_first_rows(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(f". . . 1 2 3\nd 1\n{ROWS}")
    assert read_vectors(path, []).words == [". . .", "a", "b", "c"]


def test_a_file_whose_rows_are_mostly_odd_is_refused_with_the_first_of_them(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("\na 1 2\nb 4 5\nc 7\nd 7 8 9\ne 7 8 9 10\n")
    with pytest.raises(InputError) as error:
        read_vectors(path, [])
    assert str(error.value) == f"{path}:4: expected a word and 2 numbers, got 2 fields (3 of 5 rows cannot be read)"


def test_words_keep_white_space_other_than_blanks_and_tabs(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("8\u00a01/2 1 2\nnext\x85line 3 4\n", encoding="utf-8")
    found = read_vectors(path, [])
    assert found.words == ["8\u00a01/2", "next\x85line"]
    words = Vocabulary.build([], found.words)
    words.save(tmp_path / "v.txt")
    assert Vocabulary.load(tmp_path / "v.txt").words == words.words


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
def test_what_is_written_is_read(tmp_path, name):
    words = ["film", "(", "5", "8\u00a01/2", "żółć", "1/2"]
    matrix = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
    write_vectors(tmp_path / name, WordVectors(words, matrix))
    found = read_vectors(tmp_path / name, [])
    assert found.words == words
    np.testing.assert_allclose(found.matrix, matrix, atol=5.1e-5)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_single_dimension_is_not_taken_for_a_header(tmp_path):
    write_vectors(tmp_path / "v.txt", WordVectors(["5", "film"], np.array([[3], [-1]], dtype=np.float32)))
    assert read_vectors(tmp_path / "v.txt", []).words == ["5", "film"]


@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz"])
def test_files_that_cannot_be_written_keep_their_content(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match="zip"):
        write_vectors(tmp_path / name, WordVectors(["a", "b"], np.ones((1, 2), dtype=np.float32)))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(InputError, match="cannot be written"):
        write_vectors(tmp_path / "no/v.txt", WordVectors(["a"], np.ones((1, 2), dtype=np.float32)))


def test_joined_vectors_stand_side_by_side_with_zeros_for_missing_words():
    first = WordVectors(["a", "b"], np.array([[1, 2], [3, 4]], dtype=np.float32))
    second = WordVectors(["c", "b"], np.array([[5], [6]], dtype=np.float32))
    joined = join_vectors([first, second])
    assert joined.words == ["a", "b", "c"]
    assert joined.matrix.tolist() == [[1, 2, 0], [3, 4, 6], [0, 0, 5]]
    assert joined.matrix.dtype == np.float32
    assert join_vectors([first]) is first


def test_an_embedding_starts_from_the_vectors(vectors):
    found = read_vectors(vectors, SENTENCES)
    words = Vocabulary.build(SENTENCES, found.words)
    embedding = make_embedding(words, 3, found, trained=False)
    ids = torch.tensor(words.encode(["film", "-LRB-"]))
    torch.testing.assert_close(embedding(ids), torch.tensor([[4.0, 5, 6], [7, 8, 9]]))
    unknown = embedding(torch.tensor([0, *words.encode(["gem"])]))
    assert unknown.abs().min() > 0
    assert unknown.abs().max() <= 0.05
    assert embedding(torch.tensor([words.padding_id])).abs().max() == 0
    assert not embedding.weight.requires_grad
    assert make_embedding(words, 7).weight.requires_grad
    assert make_embedding(words, 7).embedding_dim == 7


def test_a_file_with_a_bracket_and_its_escape_keeps_them_apart(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("( 1 1\n-LRB- 9 9\n")
    found = read_vectors(path, SENTENCES)
    words = Vocabulary.build(SENTENCES, found.words)
    embedding = make_embedding(words, 2, found)
    torch.testing.assert_close(embedding(torch.tensor(words.encode(["-LRB-"]))), torch.ones(1, 2))
