"""Between the ids of a classifier and those of a language model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer


class VocabularyMapping(ABC):
    """Turns what a language model reads into its own ids, and what it draws back."""

    @abstractmethod
    def read(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Beginnings ``[R, T]`` of so many ids ``[R]``, in the ids of the language model, with their lengths there."""

    @abstractmethod
    def write(self, drawn: Tensor) -> Tensor:
        """Words ``[B, W]`` of the language model, in that many ids of the classifier ``[B, W]``."""


@dataclass(frozen=True, eq=False)
class WordMapping(VocabularyMapping):
    """Between two vocabularies of the same units; what the other does not have is unknown there.

    Attributes:
        there: for each id of the first the one in the second.
        back: the other way round.
    """

    there: Tensor
    back: Tensor

    @classmethod
    def between(cls, first: Tokenizer, second: Tokenizer, device: torch.device | None = None) -> "WordMapping":
        """By how they are spelled."""
        there, back = second.look_up(first.words), first.look_up(second.words)
        there[first.padding_id], back[second.padding_id] = second.padding_id, first.padding_id
        return cls(torch.tensor(there, device=device), torch.tensor(back, device=device))

    def read(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """One id for each."""
        return self.there[ids], lengths

    def write(self, drawn: Tensor) -> Tensor:
        """One id for each."""
        return self.back[drawn]
