"""One text of a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from latent_rationale.common.data.tokenization import find_words


@dataclass(frozen=True)
class TextExample:
    """Text of a table with its target.

    Attributes:
        text: the text as it stands in the table.
        longest: maximum number of words; the rest of the text is not read.
        label: class, tuple of classes or number; None for a text without a label.
        id: name or number of the row.
        others: the other columns, which predictions repeat.
        group: value that no two splits share; None without groups.
    """

    text: str
    longest: int
    label: Any = None
    id: str | int | None = None
    others: Mapping[str, Any] = field(default_factory=dict)
    group: Any = None

    @property
    def offsets(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each word in the text."""
        return tuple(find_words(self.text)[: self.longest])

    @property
    def tokens(self) -> tuple[str, ...]:
        """Words of the text, found anew at each call: a table of texts would not fit into memory as words."""
        return words_at(self.text, self.offsets)


def words_at(text: str, offsets: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Return the words of a text, given the start and end of each."""
    return tuple(text[start:end] for start, end in offsets)
