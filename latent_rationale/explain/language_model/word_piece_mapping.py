"""Mapping between the word pieces of a classifier and the words of a language model."""

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping


class WordPieceMapping(VocabularyMapping):
    """Mapping that joins word pieces into words by longest match, and splits sampled words into word pieces.

    A sampled word occupies as many positions as it has pieces. Positions are filled from the phrase outwards; the last
    word is truncated at its far end if it does not fit.

    Args:
        pieces: the tokenizer of the classifier.
        words: the vocabulary of the language model.
        backwards: whether texts are reversed, from their last piece to their first.
        device: the device of the ids.
    """

    def __init__(self, pieces: WordPieces, words: Tokenizer, backwards: bool, device: torch.device | None = None):
        self.pieces = pieces
        self.backwards = backwards
        self.unknown_id, self.padding_id = words.look_up([""])[0], words.padding_id
        spelled = [pieces.pieces_of(word) for word in words.words]
        spelled[words.padding_id] = [pieces.padding_id]
        # Words with the same pieces, such as "A" and "a" for a lower-casing tokenizer, are read as the more frequent
        # one. It comes first in the vocabulary; in reversed order it is inserted last and wins. Words that the
        # tokenizer cannot spell are never read.
        known = [(tuple(ids), number) for number, ids in enumerate(spelled) if pieces.unknown_id not in ids]
        self.ids = dict(reversed(known))
        self.longest = max(map(len, self.ids))
        # Tables for writing: the number of pieces of each word [V], and the pieces in writing order [V, longest].
        self.counts = torch.tensor([len(ids) for ids in spelled], device=device)
        ordered = [torch.tensor(ids[::-1] if backwards else ids) for ids in spelled]
        self.spelled = _table(ordered, pieces.padding_id).to(device)

    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Join the pieces of each prefix into words of the language model.

        Args:
            ids: the prefixes in pieces, ``[R, T]``; reversed if the mapping is.
            lengths: their numbers of pieces, ``[R]``.

        Returns:
            Word ids ``[R, T']`` in the same direction, with T' <= T, and the numbers of words ``[R]``.
        """
        rows = [row[:length] for row, length in zip(ids.tolist(), lengths.tolist(), strict=True)]
        found = [torch.tensor(self._words(row[::-1])[::-1] if self.backwards else self._words(row)) for row in rows]
        counts = lengths.new_tensor([len(row) for row in found])
        return _table(found, self.padding_id).to(ids), counts

    def _words(self, row: list[int]) -> list[int]:
        """Segment pieces, in reading order, into words by longest match from the left.

        A word may only end where the tokenizer could start another one; a stretch that no known word matches becomes
        one unknown word up to the next such position.
        """
        found, place = [], 0
        while place < len(row):
            ends = (end for end in range(min(len(row), place + self.longest), place, -1) if self._is_end(row, end))
            known = next((end for end in ends if tuple(row[place:end]) in self.ids), None)
            if known is None:
                found.append(self.unknown_id)
                place = next(end for end in range(place + 1, len(row) + 1) if self._is_end(row, end))
            else:
                found.append(self.ids[tuple(row[place:known])])
                place = known
        return found

    def _is_end(self, row: list[int], end: int) -> bool:
        """Return whether a word can end before position ``end``.

        That is so at the end of the row, next to padding, and before a piece that begins a word.
        """
        if end == len(row) or self.pieces.padding_id in row[end - 1 : end + 1]:
            return True
        return self.pieces.begins_word(row[end])

    def to_classifier(self, words: Tensor) -> Tensor:
        """Write the pieces of sampled words ``[B, W]`` one after the other until W positions are filled, ``[B, W]``.

        Every word has at least one piece, so W words always fill W positions.
        """
        ends = self.counts[words].cumsum(1)  # position after the last piece of each word, [B, W]
        places = torch.arange(words.shape[1], device=words.device).expand_as(words).contiguous()
        # The word at a position is the first one that ends after it; the piece is counted from the word's start.
        which = torch.searchsorted(ends, places, right=True)
        spelled = words.gather(1, which)
        inside = places - (ends.gather(1, which) - self.counts[spelled])
        return self.spelled[spelled, inside]


def _table(rows: list[Tensor], filler: int) -> Tensor:
    """Stack R rows of ids into a table ``[R, longest]``, padded on the right with ``filler``."""
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)
