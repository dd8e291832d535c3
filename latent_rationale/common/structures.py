"""The five types that cross the borders between data, model, objective, loop and explainer.

Shapes: ``B`` sentences, ``T`` tokens, ``C`` classes or scores; ``S`` is the shape of a rationale: ``(T,)`` for a text,
``(M, N)`` for the cells of an attention matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from latent_rationale.common.distributions import Selection


@dataclass(frozen=True, eq=False)
class Tokens:
    """Encoded sentences, padded to the longest.

    Attributes:
        ids: int64 ``[B, T]``.
        mask: bool ``[B, T]``, false at padding.
        lengths: int64 ``[B]``, at least 1.
    """

    ids: Tensor
    mask: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, ids: Tensor, lengths: Tensor | None = None) -> "Tokens":
        """Sentences ``[B, T]`` of so many words ``[B]``; of T words, unless given."""
        if lengths is None:
            lengths = ids.new_full((len(ids),), ids.shape[1])
        return cls(ids, torch.arange(ids.shape[1], device=ids.device) < lengths.unsqueeze(1), lengths)

    def split(self, size: int) -> "list[Tokens]":
        """So many sentences at a time."""
        parts = (torch.split(part, size) for part in (self.ids, self.mask, self.lengths))
        return [Tokens(*part) for part in zip(*parts, strict=True)]

    def repeated(self, copies: int) -> "Tokens":
        """All sentences once, and again."""
        return Tokens(self.ids.repeat(copies, 1), self.mask.repeat(copies, 1), self.lengths.repeat(copies))

    def to(self, device: torch.device) -> "Tokens":
        """The same on another device, without waiting for the copy."""
        return Tokens(*(x.to(device, non_blocking=True) for x in (self.ids, self.mask, self.lengths)))


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples, ready for a model.

    Attributes:
        inputs: one text, or premise and hypothesis.
        targets: ``[B]`` or ``[B, C]``.
        examples: what was encoded, in the order of the rows.
    """

    inputs: tuple[Tokens, ...]
    targets: Tensor
    examples: Sequence[Any]

    def repeated(self, copies: int) -> "Batch":
        """All examples once, and again, ``copies`` times."""
        if copies == 1:
            return self
        inputs = tuple(tokens.repeated(copies) for tokens in self.inputs)
        return Batch(inputs, torch.cat([self.targets] * copies), [*self.examples] * copies)

    def to(self, device: torch.device) -> "Batch":
        """The same with its tensors on another device."""
        inputs = tuple(tokens.to(device) for tokens in self.inputs)
        return Batch(inputs, self.targets.to(device, non_blocking=True), self.examples)


@dataclass(frozen=True, eq=False)
class Rationale:
    """Which positions the classifier may read, and the distribution that said so.

    Attributes:
        z: ``[B, *S]`` in [0, 1], exactly 0 at padding.
        mask: bool ``[B, *S]``, false at padding.
        dist: with batch shape ``[B, *S]``; its values at padding mean nothing.
    """

    z: Tensor
    mask: Tensor
    dist: Selection


@dataclass(frozen=True, eq=False)
class Output:
    """What a model says of a batch.

    Attributes:
        scores: ``[B, C]``, before a softmax or sigmoid; ``[B, T, C]`` of a model that scores positions.
        rationale: what it read, or None for a model that reads everything.
        attention: softmax attention, ``[B, *S]`` each, for baselines and plots.
        mask: bool, shaped like the scores of a model that scores positions, true where it makes a prediction; None for
            a model that scores whole examples.
    """

    scores: Tensor
    rationale: Rationale | None = None
    attention: tuple[Tensor, ...] = ()
    mask: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Loss:
    """What an objective says of an output.

    Attributes:
        total: ``[]``, to be minimised.
        terms: detached ``[]`` tensors by name, still on the device. ``loss`` (the task loss) and ``objective`` (the
            task loss plus penalties) are always there, both as means over the batch.
    """

    total: Tensor
    terms: dict[str, Tensor]
