"""What an evaluation measures. Everything is a sum and a count, so that batches add up to a data set exactly."""

from dataclasses import dataclass

import torch
from torch import Tensor

from latent_rationale.common.structures import Batch, Output, Rationale


@dataclass(frozen=True, eq=False)
class MeanMetric:
    """A sum over a part of a data set, and the number of things it is a mean of.

    Attributes:
        total: ``[]``.
        count: ``[]``, or None for a plain count, which is not divided.
    """

    total: Tensor
    count: Tensor | None

    def __add__(self, other: "MeanMetric") -> "MeanMetric":
        count = None if self.count is None or other.count is None else self.count + other.count
        return MeanMetric(self.total + other.total, count)

    def value(self) -> float:
        """The mean or count. Waits for the device."""
        return float(self.total if self.count is None else self.total / self.count.clamp(min=1))


def accuracy(output: Output, batch: Batch) -> MeanMetric:
    """The share of examples whose highest score is that of their class ``[B]``."""
    correct = output.scores.argmax(-1) == batch.targets
    return MeanMetric(correct.sum(), torch.tensor(len(correct)))


def selection_shares(rationale: Rationale) -> dict[str, MeanMetric]:
    """The shares of real words with z = 0, z = 1, z in between, and z > 0."""
    z, mask = rationale.z, rationale.mask
    words = mask.sum()
    chosen = {"p0": z == 0, "pc": (z > 0) & (z < 1), "p1": z == 1, "selected": z > 0}
    return {name: MeanMetric((which & mask).sum(), words) for name, which in chosen.items()}


def mean_runs(rationale: Rationale) -> MeanMetric:
    """How many stretches of selected words a text has, on average."""
    selected = (rationale.z > 0).long()
    starts = selected[:, :1].sum() + (selected.diff(dim=1) > 0).sum()
    return MeanMetric(starts, torch.tensor(len(selected)))


def agreement(selected: Tensor, gold: Tensor) -> dict[str, MeanMetric]:
    """How well selected words agree with those that people marked.

    Micro averages: over all words of all texts. ``macro_precision`` is the mean over the texts that select something. A
    text in which people marked nothing is passed over.

    Args:
        selected: bool ``[B, T]``.
        gold: bool ``[B, T]``.
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
"""Texts at a time whose words are compared with one another, so that all the pairs fit into memory."""


def average_precision(scores: Tensor, gold: Tensor) -> MeanMetric:
    """The area under precision and recall of each text, averaged over the texts in which people marked something.

    It is the mean, over the words that people marked, of the precision of all words that score at least as high.

    Args:
        scores: ``[B, T]``; minus infinity at padding.
        gold: bool ``[B, T]``.
    """
    asked = gold.any(1)
    scores, gold = scores[asked], gold[asked]
    total = scores.new_zeros(())
    for some_scores, some_gold in zip(torch.split(scores, _ROWS), torch.split(gold, _ROWS), strict=True):
        at_least = some_scores.unsqueeze(1) >= some_scores.unsqueeze(2)  # [B, T, T]: for each word, those not below it
        precision = (at_least & some_gold.unsqueeze(1)).sum(2) / at_least.sum(2)
        total = total + ((precision * some_gold).sum(1) / some_gold.sum(1)).sum()
    return MeanMetric(total, torch.tensor(len(scores)))
