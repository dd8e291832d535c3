"""Interface between explainers and trained classifiers."""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.decomposition.split_activation import SplitActivation

MAX_BATCH = 2048
"""Sentences that go through a model at a time, unless the user names another number."""


class ExplainedModel(ABC):
    """A classifier of one text, as far as explainers may ask about it.

    Explainers work on ids: a model knows neither words nor a task. Implementations are in ``explain/models``. A model
    that cannot answer one of the questions raises an ``InputError`` that says why.

    Args:
        padding_id: id of padding, which also takes the place of words that are removed.
        device: device of the ids that the model reads.
        max_batch: sentences that go through the model at a time.

    Raises:
        InputError: if ``max_batch`` is less than 1.
    """

    def __init__(self, padding_id: int, device: torch.device, max_batch: int | None = None):
        self.padding_id = padding_id
        self.device = device
        self.max_batch = MAX_BATCH if max_batch is None else max_batch
        if self.max_batch < 1:
            raise InputError(f"max_batch: expected 1 or more, got {max_batch}")

    @abstractmethod
    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]``, before a softmax, of all sentences at once."""

    @abstractmethod
    def embed(self, ids: Tensor) -> Tensor:
        """Embed ids ``[*]`` as vectors ``[*, D]``."""

    @abstractmethod
    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded sentences ``[B, T, D]``, with gradients."""

    @abstractmethod
    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Split the scores ``[S, K, C]`` into the part that is relevant to each of S phrases and the rest.

        Args:
            contexts: ids ``[S, K, T]`` of K contexts of each phrase, the sentence itself first.
            inside: mask of each phrase, ``[S, T]``.
            kind: how activations are split.
        """

    @abstractmethod
    def recurrent(self) -> RecurrentClassifier | None:
        """Return the inside of a recurrent model; None for a model of another kind that ``decompose`` can split."""

    @final
    @torch.no_grad()
    def margins(self, tokens: Tokens, label: int) -> Tensor:
        """Compute s(x) ``[B]``, the margin of a class, of some sentences at a time.

        Raises:
            InputError: if the model does not return scores ``[B, C]``.
        """
        return torch.cat([self._margins(part, label) for part in tokens.split(self.max_batch)])

    def _margins(self, tokens: Tokens, label: int) -> Tensor:
        scores = self.scores(tokens)
        rows, shape = len(tokens.ids), list(scores.shape)
        if len(shape) != 2 or shape[0] != rows:
            raise InputError(f"expected scores of {rows} sentences of the shape [{rows}, C], got {shape}")
        return margin(scores, label)


def margin(scores: Tensor, label: int) -> Tensor:
    """Subtract the largest score of the other classes from that of a class.

    Args:
        scores: ``[B, C]``.
        label: index of the class.

    Returns:
        Margins ``[B]``; the score itself where there is only one.
    """
    if scores.shape[1] == 1:
        return scores[:, 0]
    others = torch.cat([scores[:, :label], scores[:, label + 1 :]], dim=1)
    return scores[:, label] - others.amax(1)
