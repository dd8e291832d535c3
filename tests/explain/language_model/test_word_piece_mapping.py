"""Mapping between a classifier of word pieces and a language model of words."""

from collections import Counter

import pytest
import torch

from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.explain.language_model.word_piece_mapping import WordPieceMapping

WORDS = ["A", "a", "film", "lovely", "unlovely", "n't", "(", ".", "snowman"]
"""Words of the language model; the last one has a piece that the tokenizer does not know."""


@pytest.fixture
def words():
    return Vocabulary(Counter({word: 100 - place for place, word in enumerate(WORDS)}))


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def translation(request, pieces, words):
    return WordPieceMapping(pieces, words, request.param)


def read(translation, texts, words):
    """Map texts in pieces to words, in the order of the text."""
    turned = [row[::-1] if translation.backwards else row for row in texts]
    lengths = torch.tensor([len(row) for row in turned])
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in turned], batch_first=True)
    found, counts = translation.to_language_model(ids, lengths)
    rows = [row[:count].tolist() for row, count in zip(found, counts, strict=True)]
    return [" ".join(words.words[id] for id in (row[::-1] if translation.backwards else row)) for row in rows]


def test_pieces_are_read_as_the_longest_words_there_are(translation, pieces, words):
    texts = [pieces.encode(text.split()) for text in ("a unlovely film", "lovely film is n't (", ".")]
    assert read(translation, texts, words) == ["A unlovely film", "lovely film <unk> n't (", "."]


def test_what_is_taken_away_and_halves_of_words(translation, pieces, words):
    un, love, ly = pieces.encode(["unlovely"])
    texts = [[pieces.padding_id, pieces.padding_id, love, ly], [un, pieces.padding_id]]
    assert read(translation, texts, words) == ["<pad> <pad> <unk>", "<unk> <pad>"]


def test_words_are_written_in_pieces_as_many_as_fit(translation, pieces, words):
    drawn = torch.tensor([words.encode(text.split()) for text in ("a unlovely film .", "film a . lovely")])
    found = translation.to_classifier(drawn)
    assert found.shape == drawn.shape
    rows = [row.flip(0) if translation.backwards else row for row in found]
    spelled = [" ".join(pieces.words[id] for id in row) for row in rows]
    forwards = ["a un ##love ##ly", "film a . love"]
    backwards = ["un ##love ##ly a", "##ly . a film"]  # the first word that is drawn is nearest to the phrase
    assert spelled == (backwards if translation.backwards else forwards)
