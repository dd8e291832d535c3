"""How soon a prediction falls when the words that are said to matter most are taken away."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from latent_rationale.explain.evaluation.correlation import Interval
from latent_rationale.explain.hierarchy.sentence import EncodedSentence

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Of a sentence's words, how many are deleted."""


def deleted(
    sentence: EncodedSentence, scores: Sequence[float], padding_id: int, shares: Sequence[float] = SHARES
) -> Tensor:
    """A sentence of T ids without the words of the highest scores: one row for each share, ``[len(shares), T]``.

    A share is rounded to whole words, one at least.
    """
    ranks = torch.tensor(scores).argsort(descending=True, stable=True).argsort()
    ranks = ranks.repeat_interleave(torch.tensor(sentence.edges).diff())  # of the words that ids stand for
    counts = torch.tensor([max(1, round(share * len(scores))) for share in shares])
    ids = sentence.ids
    return torch.where(ranks.to(ids.device) < counts.to(ids.device).unsqueeze(1), padding_id, ids)


def plot_deletion_curves(curves: Mapping[str, Mapping[float, Interval]], path: Path) -> None:
    """Draw the mean fall for each share of deleted words, a line for each method, and save it as png."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    percents = [100 * share for share in SHARES]
    for place, (method, curve) in enumerate(curves.items()):
        axes.plot(percents, [point.value for point in curve.values()], label=method, marker="o^sv"[place % 4], ms=4)
        low, high = ([getattr(point, end) for point in curve.values()] for end in ("low", "high"))
        axes.fill_between(percents, low, high, alpha=0.12)
    axes.set_xticks(percents)
    axes.set_xlabel("deleted words (%)")
    axes.set_ylabel("fall of the probability")
    axes.legend(fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", dpi=150)
