"""Measures of word vectors on toy data whose result is known."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from reproduce.vectors import accuracies, beer_rows, explained, gensim_methods, mean_vector, own_methods, palate_shares

from latent_rationale.common.data.word_vectors import WordVectors
from latent_rationale.sst.reader import SSTExample
from latent_rationale.vectors.options import VectorsOptions

SCORES = [0.5] * 5


@pytest.fixture
def annotations(tmp_path):
    """A file of two annotated reviews, one of which has overlapping stretches about the palate."""
    rows = [
        {"x": ["thin", "thin", "malt", "."], "y": SCORES, "2": [[0, 1], [0, 2]]},
        {"x": ["thin", "body", "."], "y": SCORES, "2": [[1, 2]]},
    ]
    path = tmp_path / "annotations.json"
    path.write_text("".join(json.dumps({"0": [], "1": [], "3": [], "4": []} | row) + "\n" for row in rows))
    return path


def test_shares_of_words_in_marked_stretches(annotations):
    assert palate_shares(annotations, 1) == {"thin": 2 / 3, "malt": 0, "body": 1, ".": 0}
    assert palate_shares(annotations, 3).keys() == {"thin"}


def test_shares_that_are_linear_in_the_vectors_are_explained_and_random_ones_are_not():
    draw = np.random.default_rng(1)
    matrix = draw.normal(size=(200, 4)).astype(np.float32)
    vectors = WordVectors([f"w{row}" for row in range(200)], matrix)
    shares = {f"w{row}": 0.5 + matrix[row, 0] for row in range(150)} | {"unknown": 0.3}
    assert explained(vectors, shares, 1) == ["150", "1.00"]
    shuffled = dict(zip(shares, draw.permutation(list(shares.values())), strict=True))
    assert float(explained(vectors, shuffled, 1)[1]) < 0.2


def test_sentences_are_classified_by_their_mean_vector():
    vectors = WordVectors(["good", "bad", "("], np.array([[1, 0], [-1, 0], [0, 4]], dtype=np.float32))
    sentence = SSTExample(("good", "-LRB-", "unknown", "bad"), 1)
    assert mean_vector(sentence, vectors, {"good": 0, "bad": 1, "(": 2}).tolist() == [0, 1]
    part = [SSTExample((word, "unknown"), label) for word, label in (("good", 1), ("bad", 0))] * 10
    assert accuracies(vectors, {"train": part, "dev": part, "test": part[:1]}) == ["100.0", "100.0"]


def test_every_choice_has_a_row(annotations, tmp_path, monkeypatch):
    folder = tmp_path / "beer"
    folder.mkdir()
    (folder / "annotations.json").write_text(annotations.read_text() * 20)
    (folder / "review+wiki.filtered.200.txt").write_text("thin 1 2\nmalt 0 1\nbody 2 1\n. 3 0\n")
    reviews = b"0 0 0 0 0\tthin body .\n1 1 1 1 1\tmalt thin thin .\n" * 9
    (folder / "reviews.260k.train.txt.gz").write_bytes(gzip.compress(reviews))
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path))
    monkeypatch.setattr("reproduce.vectors.FOLDS", 2)
    choices = VectorsOptions(input=(), output=tmp_path, size=2)
    rows = list(beer_rows(own_methods(choices, [2, 3], [1]), choices))
    names = ["PPMI and SVD, --window 2 --min-count 1", "PPMI and SVD, --window 3 --min-count 1"]
    assert [row[0] for row in rows] == ["review+wiki.filtered.200.txt", *names]
    assert [row[2] for row in rows] == ["4", "4", "4"]


def test_gensim_is_optional(monkeypatch):
    monkeypatch.setattr("reproduce.vectors.find_spec", lambda name: None)
    assert gensim_methods(VectorsOptions(input=(), output=Path("x"))) == {}
