"""Word pieces of the tokenizers of the ``transformers`` library."""

from collections.abc import Iterable, Sequence
from typing import Any

from latent_rationale.common.data.vocabulary import Tokenizer, unescape

CONTINUES = "##"
"""Prefix of pieces inside a word, in vocabularies that mark these (WordPiece)."""

BEGINS = ("Ġ", "▁")
"""Prefixes of pieces that begin a word, in vocabularies that mark these (byte-level BPE, SentencePiece)."""


class WordPieces(Tokenizer):
    """Adapter for a tokenizer of ``transformers``, whose vocabulary consists of pieces of words.

    ``words`` are the pieces, by id. Escapes of the treebank are replaced first: ``-LRB-`` becomes ``(``.

    Args:
        tokenizer: a fast tokenizer, one that keeps track of the word that each piece belongs to.
        longest: the maximum number of ids that the model reads, special tokens included.

    Attributes:
        prefix: the special ids before every text, such as ``[CLS]``.
        suffix: the special ids after every text, such as ``[SEP]``.
        unknown_id: the id of unknown pieces.
    """

    def __init__(self, tokenizer: Any, longest: int):
        self.tokenizer = tokenizer
        self.words = list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
        # Not every tokenizer has an unknown or a padding piece: fall back on another special piece.
        self.unknown_id = int(_first(tokenizer.unk_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, 0))
        self.padding_id = int(_first(tokenizer.pad_token_id, self.unknown_id))
        # Special ids are those before and after the ids of a word in an encoded text.
        probe = tokenizer(["a"], is_split_into_words=True)
        inside = [place for place, word in enumerate(probe.word_ids()) if word is not None]
        self.prefix = probe["input_ids"][: inside[0]]
        self.suffix = probe["input_ids"][inside[-1] + 1 :]
        self.longest = longest - len(self.prefix) - len(self.suffix)
        self._ids = {piece: number for number, piece in enumerate(self.words)}
        self._pieces: dict[str, list[int]] = {}
        # Vocabularies mark either the pieces inside a word or those that begin one.
        self._marks_insides = any(piece.startswith(CONTINUES) for piece in self.words)

    def pieces_of(self, word: str) -> list[int]:
        """Return the ids of the pieces of a word, at least one; results are cached."""
        if word not in self._pieces:
            found = self.tokenizer([unescape(word)], is_split_into_words=True, add_special_tokens=False)["input_ids"]
            # Some words have no pieces, such as a zero-width space, but every word needs a position to be explained.
            self._pieces[word] = found or [self.unknown_id]
        return self._pieces[word]

    def encode_with_edges(self, tokens: Sequence[str]) -> tuple[list[int], list[int]]:
        """Encode the words that fit into the maximum length; a first word that is too long is truncated.

        Args:
            tokens: the words, at least one.

        Returns:
            The ids of the W words that fit, and W + 1 positions in them: the first id of each word, and the end of the
            last word.
        """
        ids, edges = self.pieces_of(tokens[0])[: self.longest], [0]
        for word in tokens[1:]:
            edges.append(len(ids))
            more = self.pieces_of(word)
            if len(ids) + len(more) > self.longest:
                return ids, edges
            ids = ids + more
        return ids, [*edges, len(ids)]

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of the words that fit into the maximum length."""
        return self.encode_with_edges(tokens)[0]

    def split(self, tokens: Iterable[str]) -> list[str]:
        """Split all words into pieces, whatever their number."""
        return [self.words[id] for word in tokens for id in self.pieces_of(word)]

    def look_up(self, words: Sequence[str]) -> list[int]:
        """Return the ids of pieces; pieces that are not in the vocabulary get ``unknown_id``."""
        return [self._ids.get(piece, self.unknown_id) for piece in words]

    def begins_word(self, id: int) -> bool:
        """Return whether a piece begins a word."""
        piece = self.words[id]
        return not piece.startswith(CONTINUES) if self._marks_insides else piece.startswith(BEGINS)


def _first(*ids: int | None) -> int:
    """Return the first id that is not None."""
    return next(id for id in ids if id is not None)
