"""Deletion curves: the fall of a predicted probability as the words with the highest scores are deleted."""

from collections.abc import Mapping, Sequence
from typing import IO

import torch
from matplotlib.figure import Figure
from torch import Tensor

from latent_rationale.explain.evaluation.correlation import Interval
from latent_rationale.explain.hierarchy.sentence import EncodedSentence

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of the words of a sentence that are deleted, one per point of the curve."""


def deleted(
    sentence: EncodedSentence, scores: Sequence[float], padding_id: int, shares: Sequence[float] = SHARES
) -> Tensor:
    """Replace the words with the highest scores by padding.

    Args:
        sentence: a sentence of W words and T ids.
        scores: one score per word.
        padding_id: the id that replaces each id of a deleted word.
        shares: the shares of the words to delete, each rounded to a number of words, at least one.

    Returns:
        Ids ``[len(shares), T]``.
    """
    # The inverse of the sorting permutation gives each word its rank [W], 0 for the highest score.
    ranks = torch.tensor(scores).argsort(descending=True, stable=True).argsort()
    # A word is deleted with all its pieces: every id takes the rank of its word, [T].
    ranks = ranks.repeat_interleave(torch.tensor(sentence.edges).diff())
    counts = torch.tensor([max(1, round(share * len(scores))) for share in shares])
    ids = sentence.ids
    return torch.where(ranks.to(ids.device) < counts.to(ids.device).unsqueeze(1), padding_id, ids)


def plot_deletion_curves(curves: Mapping[str, Mapping[float, Interval]], file: IO[bytes]) -> None:
    """Plot the mean fall of the probability against the share of deleted words and save the figure as PNG.

    Args:
        curves: for each method, one curve with its confidence band: the mean fall by share.
        file: the open file to write to.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    percents = [100 * share for share in SHARES]
    for index, (method, curve) in enumerate(curves.items()):
        axes.plot(percents, [point.value for point in curve.values()], label=method, marker="o^sv"[index % 4], ms=4)
        low, high = ([getattr(point, end) for point in curve.values()] for end in ("low", "high"))
        axes.fill_between(percents, low, high, alpha=0.12)
    axes.set_xticks(percents)
    axes.set_xlabel("deleted words (%)")
    axes.set_ylabel("fall of the predicted probability")
    axes.legend(fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, format="png", dpi=150)
