"""Rearranging padded sequences within their lengths."""

from collections.abc import Callable, Sequence

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


def real_words(mask: Tensor) -> Tensor:
    """Where the true values of a mask ``[B, T]`` are in it, flattened: ``[N]``.

    Elsewhere than on a processor all places are listed, because asking a device which they are would make it wait.
    """
    return (
        mask.flatten().nonzero().squeeze(1)
        if mask.device.type == "cpu"
        else torch.arange(mask.numel(), device=mask.device)
    )


def per_word(network: Callable[[Tensor], Tensor], values: Sequence[Tensor], masks: Sequence[Tensor]) -> list[Tensor]:
    """What a network makes of each word by itself, zero at padding.

    On a processor it sees the real words of all sentences at once and no padding, elsewhere the padding as well.

    Args:
        network: from ``[*, D]`` to ``[*, H]``.
        values: padded sentences, ``[B, T, D]`` each.
        masks: bool, ``[B, T]`` each.
    """
    if values[0].device.type != "cpu":
        return [network(value) * mask.unsqueeze(-1) for value, mask in zip(values, masks, strict=True)]
    places = [real_words(mask) for mask in masks]
    words = [value.flatten(0, 1)[place] for value, place in zip(values, places, strict=True)]
    found = torch.split(network(torch.cat(words)), [len(place) for place in places])
    padded = (
        result.new_zeros(mask.numel(), result.shape[-1]).index_copy(0, place, result)
        for result, place, mask in zip(found, places, masks, strict=True)
    )
    return [result.view(*mask.shape, -1) for result, mask in zip(padded, masks, strict=True)]


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
