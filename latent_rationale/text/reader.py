"""Reading of labelled texts from tables."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.columns import (
    class_label,
    column,
    discover_classes,
    label_set,
    number,
    optional_column,
    parse_list,
    texts,
)
from latent_rationale.text.example import TextExample
from latent_rationale.text.formats.row import Row
from latent_rationale.text.options import TableOptions
from latent_rationale.text.table import read_examples
from latent_rationale.text.targets import Classes, Labels, Number, Targets

BALANCED = "balanced"
"""Value of ``--class-weights`` that gives all classes the same share of the loss."""


class TableReader:
    """Reader of the texts of tables.

    Args:
        options: names of the columns, and what is done with malformed rows.
    """

    def __init__(self, options: TableOptions):
        self._options = options

    def labelled(self, paths: Sequence[Path], targets: Targets | None = None) -> list[TextExample]:
        """Read texts with their labels, where rows have one.

        Args:
            paths: tables.
            targets: targets of the training data; labels that it does not have are refused. None for training data.

        Raises:
            InputError: if a file or, with its line, a row cannot be used.
        """
        label_of = self._label_reader()
        numbers = count(1)

        def convert(row: Row) -> TextExample:
            label = label_of(row)
            if targets is not None and label is not None and not targets.has(label):
                raise InputError(f"the label {label!r} does not occur in the training data", row.path, row.line)
            return self._example(row, next(numbers), label)

        return list(read_examples(paths, convert, self._options.skip_bad_rows))

    def unlabelled(self, path: Path) -> Iterator[TextExample]:
        """Yield the texts of a table for prediction, with their other columns. Only one row is in memory at a time."""
        name = self._options.text_column
        numbers = count(1)

        def convert(row: Row) -> TextExample:
            others = {key: value for key, value in row.values.items() if key != name}
            return self._example(row, next(numbers), None, others)

        return read_examples([path], convert, self._options.skip_bad_rows)

    def _example(self, row: Row, position: int, label: Any, others: Mapping[str, Any] | None = None) -> TextExample:
        options = self._options
        (text,) = texts(row, [options.text_column])
        name = position if options.id_column is None else column(row, options.id_column)
        group = None if options.group_column is None or others is not None else column(row, options.group_column)
        return TextExample(text, options.max_len, label, name, others or {}, group)

    def _label_reader(self) -> Callable[[Row], Any]:
        """Return the function that reads the label of a row: a class, a tuple of classes, or a number."""
        names = self._options.label_column
        if self._options.regression:
            return lambda row: number(row, names[0])
        if len(names) > 1:
            return lambda row: label_set(row, names)
        return lambda row: label_set(row, names) if _holds_list(row, names[0]) else class_label(row, names[0])


def find_targets(examples: Sequence[TextExample], options: TableOptions) -> Targets:
    """Find out what is to be predicted from the labels of the training data.

    Raises:
        InputError: if nothing can be learned from them, or a class has a weight and does not occur.
    """
    labels = [example.label for example in examples]
    column_name = ", ".join(options.label_column)
    if options.regression:
        return Number.of(labels, column_name)
    are_sets = {isinstance(label, tuple) for label in labels}
    if len(are_sets) > 1:
        raise InputError(f"column {column_name!r} holds lists of classes in some rows and single classes in others")
    counts = count_classes(labels)
    names = options.label_column if len(options.label_column) > 1 else discover_classes(counts, column_name)
    weights = _weights(options.class_weights, counts, names)
    return Labels(names, weights) if True in are_sets else Classes(names, weights)


def count_classes(labels: Sequence[Any]) -> Counter[str]:
    """Count the classes of texts that have one class or a tuple of classes each."""
    return Counter(name for label in labels for name in (label if isinstance(label, tuple) else [label]))


def _holds_list(row: Row, name: str) -> bool:
    return parse_list(optional_column(row, name)) is not None


def _weights(given: Sequence[str], counts: Mapping[str, int], names: Sequence[str]) -> tuple[float, ...]:
    """Return the weight of each class in the loss; none for equal weights.

    Raises:
        InputError: if ``given`` is neither ``balanced`` nor pairs ``NAME=WEIGHT`` of classes that occur.
    """
    if not given:
        return ()
    if tuple(given) == (BALANCED,):
        total = sum(counts.values())
        return tuple(total / (len(names) * max(counts[name], 1)) for name in names)
    weights = {}
    for pair in given:
        name, _, weight = pair.rpartition("=")
        if name not in names:
            raise InputError(
                f"--class-weights {pair}: expected {BALANCED} or NAME=WEIGHT for one of {', '.join(names)}"
            )
        try:
            weights[name] = float(weight)
        except ValueError:
            raise InputError(f"--class-weights {pair}: {weight!r} is no number") from None
        if not 0 < weights[name] < float("inf"):
            raise InputError(f"--class-weights {pair}: expected a positive number")
    return tuple(weights.get(name, 1.0) for name in names)
