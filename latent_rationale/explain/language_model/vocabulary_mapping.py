"""Mapping between the ids of a classifier and those of a language model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer


class VocabularyMapping(ABC):
    """Translation of prefixes into ids of the language model, and of sampled words into ids of the classifier."""

    @abstractmethod
    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Translate prefixes of the classifier into ids of the language model.

        Args:
            ids: the prefixes, ``[R, T]``.
            lengths: their lengths, ``[R]``.

        Returns:
            The prefixes in ids of the language model ``[R, T']`` and their lengths there ``[R]``.
        """

    @abstractmethod
    def to_classifier(self, words: Tensor) -> Tensor:
        """Translate sampled words of the language model ``[B, W]`` into as many ids of the classifier ``[B, W]``."""


@dataclass(frozen=True, eq=False)
class WordMapping(VocabularyMapping):
    """One-to-one mapping between two vocabularies; words missing from the other vocabulary become unknown words.

    Attributes:
        there: the id in the vocabulary of the language model for each id of the classifier.
        back: the id in the vocabulary of the classifier for each id of the language model.
    """

    there: Tensor
    back: Tensor

    @classmethod
    def between(cls, first: Tokenizer, second: Tokenizer, device: torch.device | None = None) -> "WordMapping":
        """Build a mapping that matches words by spelling, and padding with padding."""
        there, back = second.look_up(first.words), first.look_up(second.words)
        there[first.padding_id], back[second.padding_id] = second.padding_id, first.padding_id
        return cls(torch.tensor(there, device=device), torch.tensor(back, device=device))

    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Look up the id of each word in the vocabulary of the language model; lengths do not change."""
        return self.there[ids], lengths

    def to_classifier(self, words: Tensor) -> Tensor:
        """Look up the id of each word in the vocabulary of the classifier."""
        return self.back[words]
