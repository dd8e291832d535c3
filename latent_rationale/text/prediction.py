"""Predictions for texts of a table, in which the rationale is shown in the text as it was written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latent_rationale.common.predictions.prediction import TextPrediction


@dataclass(frozen=True)
class TablePrediction(TextPrediction):
    """Prediction for a text of a table.

    Attributes:
        id: name or number of the row.
        text: the text as it stands in the table.
        offsets: start and end of each word in the text.
        others: other columns of the row.
    """

    id: str | int | None
    text: str
    offsets: tuple[tuple[int, int], ...]
    others: Mapping[str, Any]

    @property
    def rationale(self) -> list[tuple[int, int]] | None:
        """Spans of characters ``(start, end)`` of the selected words; neighbours are joined. None without rationale."""
        if self.z is None:
            return None
        spans: list[tuple[int, int]] = []
        before = False  # whether the word before is selected
        for (start, end), value in zip(self.offsets, self.z, strict=True):
            if value > 0:
                spans[-1:] = [(spans[-1][0], end)] if before else [*spans[-1:], (start, end)]
            before = value > 0
        return spans

    def to_json(self) -> dict[str, Any]:
        """Return the prediction with the rationale as spans of characters, and the row's other columns."""
        ours = {"id": self.id, "label": self.label, "label_name": self.label_name, "scores": list(self.scores)}
        words = {"rationale": self.rationale, "text": self.text, "offsets": self.offsets, "z": self.z}
        return {**ours, **words, "row": dict(self.others)}

    def joined(self, words: Sequence[str], shown: Callable[[str], str]) -> str:
        """Join words, which may have marks, with what stands between them in the text."""
        parts, place = [], 0
        for word, (start, end) in zip(words, self.offsets, strict=True):
            parts += [shown(self.text[place:start]), word]
            place = end
        return "".join([*parts, shown(self.text[place:])])
