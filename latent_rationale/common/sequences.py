"""Rearranging padded sequences within their lengths."""

import torch
from torch import Tensor


def reversed_positions(lengths: Tensor, width: int) -> Tensor:
    """For every position ``[B, T]``, its mirror image within the sentence; padding stays where it is."""
    positions = torch.arange(width, device=lengths.device)
    mirrored = lengths.unsqueeze(1) - 1 - positions
    return torch.where(mirrored >= 0, mirrored, positions)


def take(values: Tensor, positions: Tensor) -> Tensor:
    """Pick ``positions [B, N]`` from ``values [B, T, ...]`` along the second dimension."""
    rows = torch.arange(len(values), device=values.device).unsqueeze(1)
    return values[rows, positions]


def selected_first(z: Tensor) -> tuple[Tensor, Tensor]:
    """Positions ``[B, N]`` that list the words with z > 0 in their order, then others; and how many there are ``[B]``.

    On a processor N is the largest number selected (at least 1). Elsewhere it stays T, because asking a device for that
    number would make it wait.
    """
    selected = z > 0
    counts = selected.sum(1)
    order = torch.argsort(selected.logical_not().byte(), dim=1, stable=True)
    width = max(int(counts.max()), 1) if z.device.type == "cpu" else z.shape[1]
    return order[:, :width], counts


def similar_counts(counts: Tensor) -> list[Tensor]:
    """Sentences in groups ``[N]``, in each of which none has twice as many words as another, or all have at most 2.

    Elsewhere than on a processor they are one group, because asking a device for the counts would make it wait.

    Args:
        counts: the number of words of each sentence, ``[B]``.
    """
    if counts.device.type != "cpu":
        return [torch.arange(len(counts), device=counts.device)]
    ordered, rows = counts.sort(stable=True)
    # Up to 2, 4, 8, ... words.
    sizes = torch.bincount(ordered.clamp(min=2).sub(1).double().log2().floor().long())
    return [group for group in torch.split(rows, sizes.tolist()) if len(group)]
