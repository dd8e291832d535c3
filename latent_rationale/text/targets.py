"""Kinds of targets of a table: one class, several labels, or a number; with their losses, measures and names."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.training.metrics import MeanMetric, MeanOfRatios
from latent_rationale.common.utils.errors import InputError


@dataclass(frozen=True)
class Guess:
    """Prediction of a target.

    Attributes:
        scores: probability of each class or label; in regression the number.
        label: index of the predicted class; None for other targets.
        name: predicted class, labels or number, for people.
    """

    scores: tuple[float, ...]
    label: int | None
    name: str


@dataclass(frozen=True)
class Targets(ABC):
    """Targets of a table: their names, weights, loss and measures.

    Attributes:
        kind: name of the kind in files.
        headline: names of the measures that matter most.
        names: name of each score of the model.
        weights: weight of each name in the loss; empty for equal weights.
    """

    kind: ClassVar[str]
    headline: ClassVar[tuple[str, ...]]
    names: tuple[str, ...]
    weights: tuple[float, ...] = ()

    @abstractmethod
    def has(self, label: Any) -> bool:
        """Tell whether a label can be predicted."""

    @abstractmethod
    def tensor(self, labels: Sequence[Any]) -> Tensor:
        """Return the targets of ``N`` texts, ``[N]`` or ``[N, C]``, from their labels; None stands for no label."""

    @abstractmethod
    def criterion(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of each text, ``[B]``, from scores ``[B, C]``."""

    @abstractmethod
    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, MeanMetric]:
        """Compute the measures of a batch by name, from scores ``[B, C]``."""

    @abstractmethod
    def guesses(self, scores: Tensor) -> list[Guess]:
        """Convert scores ``[B, C]`` to predictions."""

    @abstractmethod
    def name_of(self, label: Any) -> str:
        """Return the name of a label, as in ``Guess.name``."""

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` needs."""
        return {"kind": self.kind, "names": list(self.names), "weights": list(self.weights)}

    def _weight_tensor(self, like: Tensor) -> Tensor | None:
        return like.new_tensor(self.weights) if self.weights else None


@dataclass(frozen=True)
class Classes(Targets):
    """One of several classes; a label is the name of one."""

    kind = "classes"
    headline = ("acc", "macro_f1", "loss")

    def has(self, label: str) -> bool:
        """Tell whether a label is one of the classes."""
        return label in self.names

    def tensor(self, labels: Sequence[str | None]) -> Tensor:
        """Return the indices of the classes ``[N]``; -1 for texts without a label."""
        indices = {name: index for index, name in enumerate(self.names)}
        return torch.tensor([-1 if label is None else indices[label] for label in labels])

    def criterion(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Compute the cross-entropy ``[B]``, times the weight of the class."""
        return functional.cross_entropy(scores, targets, weight=self._weight_tensor(scores), reduction="none")

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, MeanMetric]:
        """Compute the accuracy, and the mean of the F1 scores of the classes."""
        guessed = functional.one_hot(scores.argmax(-1), scores.shape[-1])
        gold = functional.one_hot(targets, scores.shape[-1])
        return {
            "acc": MeanMetric((guessed & gold).sum(), torch.tensor(len(scores))),
            "macro_f1": MeanOfRatios(2 * (guessed & gold).sum(0), guessed.sum(0) + gold.sum(0)),
        }

    def guesses(self, scores: Tensor) -> list[Guess]:
        """Convert scores to probabilities and the most likely class."""
        rows = scores.softmax(-1).tolist()
        labels = [row.index(max(row)) for row in rows]
        return [Guess(tuple(row), label, self.names[label]) for row, label in zip(rows, labels, strict=True)]

    def name_of(self, label: str) -> str:
        """Return the name of the class, which is the label."""
        return label


@dataclass(frozen=True)
class Labels(Targets):
    """Any number of classes; a label is the tuple of their names."""

    kind = "labels"
    headline = ("f1", "macro_f1", "acc", "loss")
    THRESHOLD: ClassVar[float] = 0.5
    """Probability above which a class is predicted."""

    def has(self, label: tuple[str, ...]) -> bool:
        """Tell whether all classes of a label are known."""
        return set(label).issubset(self.names)

    def tensor(self, labels: Sequence[tuple[str, ...] | None]) -> Tensor:
        """Return 0 or 1 for each class, float32 ``[N, C]``; nan for texts without a label."""
        unknown = [float("nan")] * len(self.names)
        rows = (unknown if label is None else [float(name in label) for name in self.names] for label in labels)
        return torch.tensor(list(rows)).view(len(labels), len(self.names))

    def criterion(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Compute the binary cross-entropy ``[B]``, the mean over the labels, each times its weight."""
        losses = functional.binary_cross_entropy_with_logits(
            scores, targets, weight=self._weight_tensor(scores), reduction="none"
        )
        return losses.mean(1)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, MeanMetric]:
        """Compute F1 over all labels, the mean of the labels' F1, and the share of texts with all labels right."""
        guessed, gold = scores.sigmoid() > self.THRESHOLD, targets > self.THRESHOLD
        hits, chosen, marked = (x.sum(0) for x in (guessed & gold, guessed, gold))
        return {
            "f1": MeanMetric(2 * hits.sum(), (chosen + marked).sum()),
            "macro_f1": MeanOfRatios(2 * hits, chosen + marked),
            "acc": MeanMetric((guessed == gold).all(1).sum(), torch.tensor(len(scores))),
        }

    def guesses(self, scores: Tensor) -> list[Guess]:
        """Convert scores to probabilities and the labels that are more likely than not."""
        rows = scores.sigmoid().tolist()
        chosen = (tuple(name for name, p in zip(self.names, row, strict=True) if p > self.THRESHOLD) for row in rows)
        return [Guess(tuple(row), None, self.name_of(names)) for row, names in zip(rows, chosen, strict=True)]

    def name_of(self, label: tuple[str, ...]) -> str:
        """Return the names of the classes, or ``none``."""
        return ", ".join(label) or "none"


@dataclass(frozen=True)
class Number(Targets):
    """A number. The model predicts it with mean 0 and deviation 1; measures and predictions are of the data's scale.

    Attributes:
        mean: mean of the training data.
        deviation: standard deviation of the training data.
    """

    kind = "number"
    headline = ("mse", "mae", "loss")
    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def of(cls, labels: Sequence[float], name: str) -> Self:
        """Create with mean and deviation of the training data.

        Raises:
            InputError: if all numbers are equal.
        """
        numbers = torch.tensor(labels, dtype=torch.float64)
        deviation = float(numbers.std(correction=0))
        if not deviation > 0:
            raise InputError(f"all numbers of column {name!r} are equal: there is nothing to learn")
        return cls((name,), (), float(numbers.mean()), deviation)

    def has(self, label: float) -> bool:
        """Return true: any number can be predicted."""
        return True

    def tensor(self, labels: Sequence[float | None]) -> Tensor:
        """Return the scaled numbers ``[N, 1]``; nan for texts without one."""
        numbers = [float("nan") if label is None else (label - self.mean) / self.deviation for label in labels]
        return torch.tensor(numbers).unsqueeze(1)

    def criterion(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Compute the squared error ``[B]`` of the scaled numbers."""
        return (scores - targets).square().squeeze(1)

    def measure(self, scores: Tensor, targets: Tensor) -> dict[str, MeanMetric]:
        """Compute the mean squared and the mean absolute error, in the data's scale."""
        errors, count = (scores - targets) * self.deviation, torch.tensor(len(scores))
        return {"mse": MeanMetric(errors.square().sum(), count), "mae": MeanMetric(errors.abs().sum(), count)}

    def guesses(self, scores: Tensor) -> list[Guess]:
        """Convert scores to numbers."""
        numbers = (scores.squeeze(1) * self.deviation + self.mean).tolist()
        return [Guess((number,), None, self.name_of(number)) for number in numbers]

    def name_of(self, label: float) -> str:
        """Return the name of the column and the number."""
        return f"{self.names[0]} {label:.4g}"

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` needs."""
        return {**super().to_json(), "mean": self.mean, "deviation": self.deviation}


KINDS: dict[str, type[Targets]] = {kind.kind: kind for kind in (Classes, Labels, Number)}
"""Kinds of targets, by their names in files."""


def from_json(values: Any, path: Path) -> Targets:
    """Create targets from what ``Targets.to_json`` returned.

    Args:
        values: the values.
        path: file that they come from.

    Raises:
        InputError: if the values are of another form.
    """
    try:
        kind = KINDS[values["kind"]]
        others = {key: float(values[key]) for key in ("mean", "deviation") if key in values}
        return kind(tuple(map(str, values["names"])), tuple(map(float, values["weights"])), **others)
    except (TypeError, KeyError, ValueError) as error:
        raise InputError("does not hold the targets of a model", path) from error
