"""Metrics as sums and counts, so that batches add up to the exact value over a data set."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from latent_rationale.common.structures import Batch, Output, Rationale


@dataclass(frozen=True, eq=False)
class MeanMetric:
    """Mean over a data set, kept as a sum and a count that add up over batches.

    Attributes:
        total: ``[]``.
        count: ``[]``, or None for a plain total, which is not divided.
    """

    total: Tensor
    count: Tensor | None

    def __add__(self, other: "MeanMetric") -> Self:
        count = None if self.count is None or other.count is None else self.count + other.count
        return type(self)(self.total + other.total, count)

    def value(self) -> float:
        """Return the mean, or the plain total. Waits for the device."""
        return float(self.total if self.count is None else self.total / self.count.clamp(min=1))


@dataclass(frozen=True, eq=False)
class MeanOfRatios(MeanMetric):
    """Mean of several ratios over a data set, such as the F1 scores of classes: ``total [C]`` over ``count [C]``."""

    def value(self) -> float:
        """Return the mean of the ratios; 0 / 0 counts as 0. Waits for the device."""
        assert self.count is not None
        return float((self.total / self.count.clamp(min=1)).mean())


def accuracy(output: Output, batch: Batch) -> MeanMetric:
    """Compute the share of examples whose highest score is that of their class ``targets [B]``."""
    correct = output.scores.argmax(-1) == batch.targets
    return MeanMetric(correct.sum(), torch.tensor(len(correct)))


def selection_shares(rationale: Rationale) -> dict[str, MeanMetric]:
    """Compute the shares of real words with z = 0, z = 1, z in between, and z > 0."""
    z, mask = rationale.z, rationale.mask
    words = mask.sum()
    chosen = {"p0": z == 0, "pc": (z > 0) & (z < 1), "p1": z == 1, "selected": z > 0}
    return {name: MeanMetric((which & mask).sum(), words) for name, which in chosen.items()}


def transitions(rationale: Rationale) -> MeanMetric:
    """Compute the number of changes between selected and other words per word, within texts ``[B, T]``."""
    changes = (rationale.z > 0).diff(dim=1) & rationale.mask[:, 1:]  # a change to the padding is none
    return MeanMetric(changes.sum(), rationale.mask.sum())


def mean_runs(rationale: Rationale) -> MeanMetric:
    """Compute the mean number of contiguous runs of selected words per text."""
    # A run starts at a selected first word, or where a word is selected and the one before it is not.
    selected = (rationale.z > 0).long()
    starts = selected[:, :1].sum() + (selected.diff(dim=1) > 0).sum()
    return MeanMetric(starts, torch.tensor(len(selected)))


def agreement(selected: Tensor, gold: Tensor) -> dict[str, MeanMetric]:
    """Compute the agreement of selected words with human annotations.

    Micro averages are over all words of all texts, ``macro_precision`` is the mean over the texts with a selected word.
    Texts without annotated words are ignored.

    Args:
        selected: bool ``[B, T]``.
        gold: annotated words, bool ``[B, T]``.
    """
    asked = gold.any(1, keepdim=True)
    selected, both = selected & asked, selected & gold
    hits, chosen, marked = both.sum(), selected.sum(), gold.sum()
    precisions = both.sum(1) / selected.sum(1)  # not a number where nothing was selected
    return {
        "precision": MeanMetric(hits, chosen),
        "macro_precision": MeanMetric(precisions.nansum(), selected.any(1).sum()),
        "recall": MeanMetric(hits, marked),
        "f1": MeanMetric(2 * hits, chosen + marked),
        "iou": MeanMetric(hits, chosen + marked - hits),
    }


_ROWS = 1024
"""Number of texts whose words are compared pairwise at a time, so that the pairs fit into memory."""


def average_precision(scores: Tensor, gold: Tensor) -> MeanMetric:
    """Compute the area under the precision-recall curve of each text, averaged over texts with annotated words.

    It is the mean, over the annotated words, of the precision among all words that score at least as high.

    Args:
        scores: ``[B, T]``; minus infinity at padding.
        gold: bool ``[B, T]``.
    """
    asked = gold.any(1)
    scores, gold = scores[asked], gold[asked]
    total = scores.new_zeros(())
    for some_scores, some_gold in zip(torch.split(scores, _ROWS), torch.split(gold, _ROWS), strict=True):
        # [B, T, T]: for each word (dim 1), the words that score at least as high (dim 2).
        at_least = some_scores.unsqueeze(1) >= some_scores.unsqueeze(2)
        precision = (at_least & some_gold.unsqueeze(1)).sum(2) / at_least.sum(2)
        total = total + ((precision * some_gold).sum(1) / some_gold.sum(1)).sum()
    return MeanMetric(total, torch.tensor(len(scores)))
