"""Tokenizers of ``transformers``, which split words into pieces."""

from collections.abc import Iterable, Sequence
from typing import Any

from latent_rationale.common.data.vocabulary import Tokenizer, unescape

CONTINUES = "##"
"""Prefix of a piece inside a word, in vocabularies that mark such pieces."""

BEGINS = ("Ġ", "▁")
"""Prefixes of a piece at the beginning of a word, in vocabularies that mark such pieces."""


class WordPieces(Tokenizer):
    """A tokenizer of ``transformers``. An id stands for a piece of a word; ``words`` are the pieces.

    The treebank's escapes are read as what they stand for: ``-LRB-`` as ``(``.

    Args:
        tokenizer: a fast tokenizer of the library.
        longest: the largest number of ids of a text, prefix and suffix included. Further words are not read.

    Attributes:
        prefix: ids that the tokenizer puts before every text.
        suffix: ids that the tokenizer puts after every text.
        unknown_id: id of unknown pieces.
    """

    def __init__(self, tokenizer: Any, longest: int):
        self.tokenizer = tokenizer
        self.words = list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
        self.unknown_id = int(_first(tokenizer.unk_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, 0))
        self.padding_id = int(_first(tokenizer.pad_token_id, self.unknown_id))
        probe = tokenizer(["a"], is_split_into_words=True)
        inside = [place for place, word in enumerate(probe.word_ids()) if word is not None]
        self.prefix = probe["input_ids"][: inside[0]]
        self.suffix = probe["input_ids"][inside[-1] + 1 :]
        self.longest = longest - len(self.prefix) - len(self.suffix)
        self._ids = {piece: number for number, piece in enumerate(self.words)}
        self._pieces: dict[str, list[int]] = {}
        self._marks_insides = any(piece.startswith(CONTINUES) for piece in self.words)

    def pieces_of(self, word: str) -> list[int]:
        """Return the ids of a word's pieces, at least one."""
        if word not in self._pieces:
            found = self.tokenizer([unescape(word)], is_split_into_words=True, add_special_tokens=False)["input_ids"]
            self._pieces[word] = found or [self.unknown_id]
        return self._pieces[word]

    def encode_with_edges(self, tokens: Sequence[str]) -> tuple[list[int], list[int]]:
        """Encode the words that fit. Of a first word that alone is too long, the beginning is encoded."""
        ids, edges = self.pieces_of(tokens[0])[: self.longest], [0]
        for word in tokens[1:]:
            edges.append(len(ids))
            more = self.pieces_of(word)
            if len(ids) + len(more) > self.longest:
                return ids, edges
            ids = ids + more
        return ids, [*edges, len(ids)]

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of the words that fit."""
        return self.encode_with_edges(tokens)[0]

    def split(self, tokens: Iterable[str]) -> list[str]:
        """Split all words into pieces."""
        return [self.words[id] for word in tokens for id in self.pieces_of(word)]

    def look_up(self, words: Sequence[str]) -> list[int]:
        """Return the id of each piece; the unknown id for others."""
        return [self._ids.get(piece, self.unknown_id) for piece in words]

    def begins_word(self, id: int) -> bool:
        """Tell whether a piece stands at the beginning of a word."""
        piece = self.words[id]
        return not piece.startswith(CONTINUES) if self._marks_insides else piece.startswith(BEGINS)


def _first(*ids: int | None) -> int:
    """Return the first id that is not None."""
    return next(id for id in ids if id is not None)
