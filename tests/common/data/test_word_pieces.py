"""Word pieces of a tokenizer of ``transformers``."""

import pytest

from latent_rationale.common.data.word_pieces import WordPieces


def spelled(pieces, ids):
    return " ".join(pieces.words[id] for id in ids)


def test_each_word_has_its_pieces(pieces):
    ids, edges = pieces.encode_with_edges(["A", "lovely", "film", "."])
    assert spelled(pieces, ids) == "a love ##ly film ."
    assert edges == [0, 1, 3, 4, 5]
    assert pieces.encode(["A", "lovely", "film", "."]) == ids


def test_the_treebanks_brackets_are_read_as_brackets(pieces):
    assert spelled(pieces, pieces.encode(["-LRB-", "film", "-RRB-"])) == "( film )"


@pytest.mark.parametrize("word", ["zzz", "\u200b", ""])
def test_every_word_has_a_piece(pieces, word):
    assert pieces.encode_with_edges(["a", word, "film"]) == ([4, pieces.unknown_id, 6], [0, 1, 2, 3])


def test_words_that_do_not_fit_are_not_read(tokenizer):
    short = WordPieces(tokenizer, 6)  # two of which stand around the text
    ids, edges = short.encode_with_edges(["a", "film", "a", "lovely", "film"])
    assert spelled(short, ids) == "a film a"
    assert edges == [0, 1, 2, 3]
    assert short.encode_with_edges(["a", "film", "a", "film", "a"])[1] == [0, 1, 2, 3, 4]


def test_of_a_first_word_that_is_too_long_the_beginning_is_read(tokenizer):
    short = WordPieces(tokenizer, 4)
    ids, edges = short.encode_with_edges(["n't", "film"])
    assert spelled(short, ids) == "n '"
    assert edges == [0, 2]


def test_pieces_are_looked_up_as_they_are(pieces):
    assert pieces.look_up(["##ly", "[PAD]", "lovely"]) == [8, 0, pieces.unknown_id]


def test_texts_in_pieces(pieces):
    assert pieces.split(["unlovely", "n't"]) == ["un", "##love", "##ly", "n", "'", "t"]


def test_what_begins_a_word(pieces):
    ids = pieces.encode(["unlovely", "n't"])
    assert [pieces.begins_word(id) for id in ids] == [True, False, False, True, True, True]


def test_what_stands_around_a_text(pieces):
    assert spelled(pieces, pieces.prefix) == "[CLS]"
    assert spelled(pieces, pieces.suffix) == "[SEP]"
