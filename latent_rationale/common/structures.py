"""Types exchanged between data, model, objective, loop and explainer.

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
        """Create from ids ``[B, T]`` and lengths ``[B]``, by default T for every sentence."""
        if lengths is None:
            lengths = ids.new_full((len(ids),), ids.shape[1])
        return cls(ids, torch.arange(ids.shape[1], device=ids.device) < lengths.unsqueeze(1), lengths)

    def split(self, size: int) -> "list[Tokens]":
        """Split into parts of at most ``size`` sentences."""
        parts = (torch.split(part, size) for part in (self.ids, self.mask, self.lengths))
        return [Tokens(*part) for part in zip(*parts, strict=True)]

    def repeated(self, copies: int) -> "Tokens":
        """Return ``copies`` copies of all sentences, one after the other."""
        return Tokens(self.ids.repeat(copies, 1), self.mask.repeat(copies, 1), self.lengths.repeat(copies))

    def to(self, device: torch.device) -> "Tokens":
        """Copy to a device; see ``_moved``."""
        return Tokens(*(_moved(x, device) for x in (self.ids, self.mask, self.lengths)))


@dataclass(frozen=True, eq=False)
class Batch:
    """Encoded examples, the input of a model.

    Attributes:
        inputs: one text, or premise and hypothesis.
        targets: ``[B]`` or ``[B, C]``.
        examples: the encoded examples, in the order of the rows.
    """

    inputs: tuple[Tokens, ...]
    targets: Tensor
    examples: Sequence[Any]

    def repeated(self, copies: int) -> "Batch":
        """Return ``copies`` copies of all examples, one after the other."""
        if copies == 1:
            return self
        inputs = tuple(tokens.repeated(copies) for tokens in self.inputs)
        return Batch(inputs, torch.cat([self.targets] * copies), [*self.examples] * copies)

    def to(self, device: torch.device) -> "Batch":
        """Copy the tensors to a device; see ``_moved``."""
        inputs = tuple(tokens.to(device) for tokens in self.inputs)
        return Batch(inputs, _moved(self.targets, device), self.examples)


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor to a device, without waiting for the copy on CUDA."""
    # On Apple's GPU a copy that is not waited for may read memory that has been freed: pytorch issue 189690.
    return tensor.to(device, non_blocking=device.type == "cuda")


@dataclass(frozen=True, eq=False)
class Rationale:
    """Selected positions, and the distribution they were sampled or decided from.

    Attributes:
        z: ``[B, *S]`` in [0, 1], exactly 0 at padding.
        mask: bool ``[B, *S]``, false at padding.
        dist: distribution of z with batch shape ``[B, *S]``; arbitrary at padding.
    """

    z: Tensor
    mask: Tensor
    dist: Selection


@dataclass(frozen=True, eq=False)
class Output:
    """Result of a model for a batch.

    Attributes:
        scores: ``[B, C]``, before a softmax or sigmoid; ``[B, T, C]`` of a model that scores positions.
        rationale: the positions that were read, or None for a model that reads everything.
        attention: softmax attention, ``[B, *S]`` each, for baselines and plots.
        mask: bool, shaped like the scores of a model that scores positions, true where it makes a prediction; None for
            a model that scores whole examples.
    """

    scores: Tensor
    rationale: Rationale | None = None
    attention: tuple[Tensor, ...] = ()
    mask: Tensor | None = None

    def is_finite(self) -> Tensor:
        """Return whether all scores, and all values of the rationale, are finite numbers, bool ``[]``."""
        finite = self.scores.isfinite().all()
        return finite if self.rationale is None else finite & self.rationale.z.isfinite().all()


@dataclass(frozen=True, eq=False)
class Loss:
    """Result of an objective for an output.

    Attributes:
        total: ``[]``, to be minimised.
        terms: detached ``[]`` tensors by name, still on the device. ``loss`` (the task loss) and ``objective`` (the
            task loss plus penalties) are always there, both as means over the batch.
    """

    total: Tensor
    terms: dict[str, Tensor]
