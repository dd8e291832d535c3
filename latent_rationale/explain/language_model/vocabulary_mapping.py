"""Mappings between the ids of a classifier and the ids of a language model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer


class VocabularyMapping(ABC):
    """Mapping between the ids of a classifier and the ids of a language model that reads in one direction."""

    @abstractmethod
    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Translate texts that the language model is to read.

        Args:
            ids: R texts in ids of the classifier, ``[R, T]``.
            lengths: number of ids of each text, ``[R]``.

        Returns:
            Ids ``[R, T']`` of the language model, and their numbers ``[R]``.
        """

    @abstractmethod
    def to_classifier(self, words: Tensor) -> Tensor:
        """Translate sampled words ``[B, W]`` of the language model into as many ids ``[B, W]`` of the classifier."""


@dataclass(frozen=True, eq=False)
class WordMapping(VocabularyMapping):
    """Mapping between two vocabularies of the same units. Words that the other vocabulary lacks are unknown there.

    Attributes:
        there: for each id of the classifier the id of the language model.
        back: for each id of the language model the id of the classifier.
    """

    there: Tensor
    back: Tensor

    @classmethod
    def between(cls, first: Tokenizer, second: Tokenizer, device: torch.device | None = None) -> "WordMapping":
        """Match the words of a classifier and of a language model by their spelling."""
        there, back = second.look_up(first.words), first.look_up(second.words)
        there[first.padding_id], back[second.padding_id] = second.padding_id, first.padding_id
        return cls(torch.tensor(there, device=device), torch.tensor(back, device=device))

    def to_language_model(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Look up one id for each id."""
        return self.there[ids], lengths

    def to_classifier(self, words: Tensor) -> Tensor:
        """Look up one id for each word."""
        return self.back[words]
