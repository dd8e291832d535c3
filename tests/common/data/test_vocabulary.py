import gzip
import hashlib

import numpy as np
import pytest
import torch

from latent_rationale.common.data import vocabulary
from latent_rationale.common.data.vocabulary import Vocabulary, make_embedding, read_vectors
from latent_rationale.common.utils.errors import InputError

SENTENCES = [["a", "film", "-LRB-", "a", "gem", "-RRB-"], ["and\\/or", "a", "film"]]


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("a 1 2 3\nfilm 4 5 6\n( 7 8 9\n. . . -1 -2 -3\nA 0.5 0 1e-3\n", encoding="utf-8")
    return path


def test_ids_survive_saving(tmp_path):
    built = Vocabulary.build(SENTENCES, ["extra", "two words"])
    built.save(tmp_path / "v.txt")
    loaded = Vocabulary.load(tmp_path / "v.txt")
    assert loaded.words == built.words
    assert loaded.encode(["a", "extra", "two words", "?"]) == built.encode(["a", "extra", "two words", "?"])


def test_frequent_words_come_first_after_unknown_and_padding():
    built = Vocabulary.build(SENTENCES)
    assert built.words[:4] == ["<unk>", "<pad>", "a", "film"]
    assert built.padding_id == 1
    assert built.encode(["nowhere"]) == [0]


def test_unknown_words_fall_into_classes_by_their_md5_sums(tmp_path):
    built = Vocabulary.build(SENTENCES, unknown=7)
    words = [f"nowhere{number}" for number in range(40)]
    classes = built.encode(words)
    assert {built.words[id] for id in classes} == {"<unk>", *(f"<unk{number}>" for number in range(1, 7))}
    sums = [int(hashlib.md5(word.encode()).hexdigest(), 16) % 7 for word in words]
    assert len(set(zip(classes, sums, strict=True))) == 7
    assert built.encode(["film"]) not in [[id] for id in classes]
    built.save(tmp_path / "v.txt")
    assert Vocabulary.load(tmp_path / "v.txt").encode([*words, "film"]) == [*classes, *built.encode(["film"])]


def test_a_word_that_looks_like_a_class_is_none(tmp_path):
    built = Vocabulary.build([["film", "film", "<unk3>"]])
    built.save(tmp_path / "v.txt")
    assert Vocabulary.load(tmp_path / "v.txt").encode(["nowhere", "<unk3>"]) == built.encode(["nowhere", "<unk3>"])


def test_looking_up_does_not_add_words():
    built = Vocabulary.build(SENTENCES)
    size = len(built)
    built.encode(["nowhere"])
    assert "nowhere" not in built
    assert len(built) == size


def test_escapes_are_looked_up_as_what_they_stand_for():
    built = Vocabulary.build(SENTENCES)
    assert built.encode(["-LRB-", "and\\/or"]) == built.encode(["(", "and/or"])
    assert 0 not in built.encode(["(", "and/or"])
    assert "-LRB-" not in built.words


def test_a_file_that_is_no_vocabulary_is_refused(tmp_path):
    (tmp_path / "v.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match="not a vocabulary"):
        Vocabulary.load(tmp_path / "v.txt")


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
    monkeypatch.setattr(vocabulary, "LARGE_FILE", 3)
    assert read_vectors(vectors, SENTENCES).words == ["a", "film", "("]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2 3\nb 1 2\n", r":2: expected a word and 3 numbers, got 3 fields"),
        ("a 1 2 3\nb 1 2 3 4\n", r":2: expected a word and 3 numbers"),
        ("a 1 2 3\nb 1 x 3\n", r":2: not a number"),
        ("a 1 2 3\nb 1 nan 3\n", r":2: a number is not finite"),
        ("a 1 2 3\n\n", r":2: expected a word and 3 numbers"),
        ("a\n", r":1: expected a word and its numbers"),
        ("", r"holds no vectors"),
    ],
)
def test_bad_rows_are_named_with_their_line(tmp_path, content, message):
    path = tmp_path / "bad.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_vectors(path, [])


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
