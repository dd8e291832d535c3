"""Splits of a data set: parts that are split off, and texts that occur more than once."""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError

FOLDS = 10
"""Number of folds that rows are divided into; each part that is split off is one of them."""

MOST_BALANCED_GROUPS = 5000
"""Number of groups above which folds are not balanced by the rows and classes of each group. It would take minutes, and
with so many groups they come out similar."""


class Split(NamedTuple):
    """Row numbers of the training data and of the parts split off, each in ascending order."""

    train: list[int]
    parts: tuple[list[int], ...]


def split_off(
    count: int,
    parts: int,
    seed: int,
    classes: Sequence[Hashable] | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Split:
    """Split off a tenth of the rows for each part. The result depends on the arguments only.

    Args:
        count: number of rows.
        parts: number of parts, such as 2 for dev and test.
        seed: seed of the random choice.
        classes: class of each row, if all parts are to have the same shares of classes.
        groups: group of each row, if rows of a group are to stay together.

    Raises:
        InputError: if there are too few rows or groups.
    """
    units = count if groups is None else len(set(groups))
    if units <= parts:
        what = "rows" if groups is None else "groups"
        raise InputError(f"{units:,} {what} are too few to split off dev and test; give them as files")
    folds = min(FOLDS, units)
    strata = None if classes is None else _strata(classes, folds)
    if groups is None:
        found = _folds(count, folds, seed, strata)
    else:
        found = _group_folds(_numbers(groups), folds, seed, strata)
    # A group may be larger than a part should be.
    nearest = sorted(found, key=lambda fold: abs(len(fold) * folds - count))[:parts]
    chosen = [np.sort(fold).tolist() for fold in nearest]
    if not all(chosen):
        raise InputError("the groups are too few or too uneven to split off dev and test; give them as files")
    taken = {row for part in chosen for row in part}
    return Split([row for row in range(count) if row not in taken], tuple(chosen))


class Duplicates(NamedTuple):
    """Numbers of texts that occurred before.

    Attributes:
        within: per split, number of texts that occurred earlier in it.
        between: per pair of splits, number of texts of the second that occur in the first.
    """

    within: dict[str, int]
    between: dict[tuple[str, str], int]

    def report(self) -> None:
        """Log the numbers that are not zero, in one line."""
        found = [f"{count:,} within {split}" for split, count in self.within.items() if count]
        found += [f"{count:,} of {second} also in {first}" for (first, second), count in self.between.items() if count]
        if found:
            LOGGER.info("note: duplicate texts, without regard to case and white space: %s", ", ".join(found))


def text_keys(rows: Iterable[tuple[str, ...]]) -> list[bytes]:
    """Return 8 bytes per row that are the same for texts that differ in case and white space only.

    As ``groups`` of :func:`split_off` they keep duplicates together, so that no part holds a text of the training data.

    Args:
        rows: one or several texts per row.
    """
    return [_digest(row) for row in rows]


def find_duplicates(splits: Mapping[str, Iterable[tuple[str, ...]]]) -> Duplicates:
    """Count texts that are the same but for case and white space. Only 8 bytes per text are kept.

    Args:
        splits: texts of each split; those of a pair of texts are compared together.
    """
    digests: dict[str, set[bytes]] = {}
    within: dict[str, int] = {}
    between: dict[tuple[str, str], int] = {}
    for split, rows in splits.items():
        found = text_keys(rows)
        digests[split] = set(found)
        within[split] = len(found) - len(digests[split])
        for earlier in list(digests)[:-1]:
            between[earlier, split] = sum(digest in digests[earlier] for digest in found)
    return Duplicates(within, between)


def _digest(texts: tuple[str, ...]) -> bytes:
    folded = "\0".join(" ".join(text.lower().split()) for text in texts)
    return hashlib.blake2b(folded.encode("utf-8"), digest_size=8).digest()


def _numbers(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    """Number labels by their first occurrence ``[N]``."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _strata(classes: Sequence[Hashable], folds: int) -> NDArray[np.int64]:
    """Number the strata ``[N]``: frequent classes, and one of all classes that have fewer rows than there are folds."""
    numbers = _numbers(classes)
    counts = np.bincount(numbers)
    rare = counts < folds
    if 0 < counts[rare].sum() < folds:  # too few for a stratum of their own
        return np.where(rare[numbers], counts.argmax(), numbers)
    return np.where(rare[numbers], len(counts), numbers)


def _folds(count: int, folds: int, seed: int, strata: NDArray[np.int64] | None) -> list[NDArray[np.int64]]:
    rows = np.zeros(count)
    if strata is None:
        splits = KFold(folds, shuffle=True, random_state=seed).split(rows)
    else:
        splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, strata)
    return [held_out for _, held_out in splits]


def _group_folds(
    groups: NDArray[np.int64], folds: int, seed: int, strata: NDArray[np.int64] | None
) -> list[NDArray[np.int64]]:
    if groups.max() >= MOST_BALANCED_GROUPS:
        return _folds_of_many_groups(groups, folds, seed, strata)
    rows = np.zeros(len(groups))
    if strata is None:
        splits = GroupKFold(folds, shuffle=True, random_state=seed).split(rows, groups=groups)
    else:
        splits = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(rows, strata, groups)
    return [held_out for _, held_out in splits]


def _folds_of_many_groups(
    groups: NDArray[np.int64], folds: int, seed: int, strata: NDArray[np.int64] | None
) -> list[NDArray[np.int64]]:
    """Divide groups as if each were one row, of the stratum of its first row."""
    _, first_rows = np.unique(groups, return_index=True)
    group_strata = None if strata is None else _strata(strata[first_rows].tolist(), folds)
    fold_of_group = np.empty(len(first_rows), dtype=np.int64)
    for number, fold in enumerate(_folds(len(first_rows), folds, seed, group_strata)):
        fold_of_group[fold] = number
    return [np.flatnonzero(fold_of_group[groups] == number) for number in range(folds)]
