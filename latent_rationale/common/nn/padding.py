"""Rearrangement of padded sequences within their lengths."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def reversed_positions(lengths: Tensor, width: int) -> Tensor:
    """Return the positions ``[B, T]`` that reverse each sentence within its length and leave padding in its place.

    Args:
        lengths: lengths of the sentences, ``[B]``.
        width: padded length, T.
    """
    positions = torch.arange(width, device=lengths.device)
    mirrored = lengths.unsqueeze(1) - 1 - positions  # [B, T], negative at padding
    return torch.where(mirrored >= 0, mirrored, positions)


def take(values: Tensor, positions: Tensor) -> Tensor:
    """Pick ``positions [B, N]`` from ``values [B, T, ...]`` along the second dimension."""
    rows = torch.arange(len(values), device=values.device).unsqueeze(1)  # [B, 1], broadcast against [B, N]
    return values[rows, positions]


def selected_first(z: Tensor) -> tuple[Tensor, Tensor]:
    """Return positions with the selected words of each sentence first, and the number of selected words.

    On a CPU, N is the largest number of selected words (at least 1). On other devices N is T, because reading that
    number would make the host wait for the device.

    Args:
        z: choices ``[B, T]``; a word with z > 0 is selected.

    Returns:
        Positions ``[B, N]``: the selected words in their order, then others; and counts ``[B]``.
    """
    selected = z > 0
    counts = selected.sum(1)
    # Sorting by "not selected" moves the selected words (0) before the others (1); a stable sort keeps their order.
    order = torch.argsort(selected.logical_not().byte(), dim=1, stable=True)
    width = max(int(counts.max()), 1) if z.device.type == "cpu" else z.shape[1]
    return order[:, :width], counts


def real_words(mask: Tensor) -> Tensor:
    """Return the flat indices ``[N]`` of the true elements of a mask ``[B, T]``.

    On other devices than a CPU all indices are returned, because finding the true ones would make the host wait for the
    device.
    """
    return (
        mask.flatten().nonzero().squeeze(1)
        if mask.device.type == "cpu"
        else torch.arange(mask.numel(), device=mask.device)
    )


def per_word(network: Callable[[Tensor], Tensor], values: Sequence[Tensor], masks: Sequence[Tensor]) -> list[Tensor]:
    """Apply a network to each word separately; the results are zero at padding.

    On a CPU the network is called once, with the real words of all sentences and without padding; on other devices,
    once for each of the padded values.

    Args:
        network: function from ``[*, D]`` to ``[*, H]``.
        values: padded sentences, ``[B, T, D]`` each.
        masks: masks of the real words, bool ``[B, T]`` each.

    Returns:
        Padded results, ``[B, T, H]`` each.
    """
    if values[0].device.type != "cpu":
        return [network(value) * mask.unsqueeze(-1) for value, mask in zip(values, masks, strict=True)]
    places = [real_words(mask) for mask in masks]
    words = [value.flatten(0, 1)[place] for value, place in zip(values, places, strict=True)]  # [N, D] each
    found = torch.split(network(torch.cat(words)), [len(place) for place in places])  # [N, H] each
    # Back to their places among zeros, [B * T, H].
    padded = (
        result.new_zeros(mask.numel(), result.shape[-1]).index_copy(0, place, result)
        for result, place, mask in zip(found, places, masks, strict=True)
    )
    return [result.view(*mask.shape, -1) for result, mask in zip(padded, masks, strict=True)]


def similar_counts(counts: Tensor) -> list[Tensor]:
    """Group sentences such that within a group no count is twice another, or all counts are at most 2.

    On other devices than a CPU all sentences form one group, because reading the counts would make the host wait for
    the device.

    Args:
        counts: number of words of each sentence, ``[B]``.

    Returns:
        Indices of the sentences of each group, ``[N]``.
    """
    if counts.device.type != "cpu":
        return [torch.arange(len(counts), device=counts.device)]
    ordered, rows = counts.sort(stable=True)
    # Group 0 holds counts up to 2, group 1 up to 4, group 2 up to 8, and so on: floor(log2(count - 1)).
    # The sizes of the groups cut the sorted rows; a group may be empty.
    sizes = torch.bincount(ordered.clamp(min=2).sub(1).double().log2().floor().long())
    return [group for group in torch.split(rows, sizes.tolist()) if len(group)]
