"""Mapping between a classifier of word pieces and a language model of words."""

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping


class WordPieceMapping(VocabularyMapping):
    """Mapping of pieces to the longest words that the language model has, and of words to their pieces.

    A sampled word fills as many positions as it has pieces. A word that does not fit is cut at its far end.

    Args:
        pieces: tokenizer of the classifier.
        words: vocabulary of the language model.
        backwards: texts are reversed, from their last piece to their first.
        device: device of the ids.
    """

    def __init__(self, pieces: WordPieces, words: Tokenizer, backwards: bool, device: torch.device | None = None):
        self.pieces = pieces
        self.backwards = backwards
        self.unknown_id, self.padding_id = words.look_up([""])[0], words.padding_id
        spelled = [pieces.pieces_of(word) for word in words.words]
        spelled[words.padding_id] = [pieces.padding_id]
        # Where two words are the same in pieces, as in lower case, the more frequent one, which comes first, is read.
        known = [(tuple(ids), number) for number, ids in enumerate(spelled) if pieces.unknown_id not in ids]
        self.ids = dict(reversed(known))
        self.longest = max(map(len, self.ids))
        self.counts = torch.tensor([len(ids) for ids in spelled], device=device)
        ordered = [torch.tensor(ids[::-1] if backwards else ids) for ids in spelled]
        self.spelled = _table(ordered, pieces.padding_id).to(device)

    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Combine pieces into words, of which there may be fewer."""
        rows = [row[:length] for row, length in zip(ids.tolist(), lengths.tolist(), strict=True)]
        found = [torch.tensor(self._words(row[::-1])[::-1] if self.backwards else self._words(row)) for row in rows]
        counts = lengths.new_tensor([len(row) for row in found])
        return _table(found, self.padding_id).to(ids), counts

    def _words(self, row: list[int]) -> list[int]:
        """Return the words of pieces in reading order, at each position the longest word that is known."""
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
        """Tell whether a word ends before position ``end``."""
        if end == len(row) or self.pieces.padding_id in row[end - 1 : end + 1]:
            return True
        return self.pieces.begins_word(row[end])

    def to_classifier(self, words: Tensor) -> Tensor:
        """Spell the words in pieces, one after the other, until all positions are filled."""
        ends = self.counts[words].cumsum(1)
        places = torch.arange(words.shape[1], device=words.device).expand_as(words).contiguous()
        which = torch.searchsorted(ends, places, right=True)  # index of the word at each position
        spelled = words.gather(1, which)
        inside = places - (ends.gather(1, which) - self.counts[spelled])  # index of the piece within its word
        return self.spelled[spelled, inside]


def _table(rows: list[Tensor], filler: int) -> Tensor:
    """Pad rows of ids to a table ``[R, longest]``."""
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)
