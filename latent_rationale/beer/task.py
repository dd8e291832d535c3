"""How much people liked the look, smell, palate, taste of a beer and the beer in all, from their reviews."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latent_rationale.beer.reader import ASPECTS, BeerReview, read_annotations, read_reviews
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.prediction import TextPrediction, rationales
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, agreement, mean_runs, selection_shares
from latent_rationale.common.training.options import TextPredictOptions, TrainOptions
from latent_rationale.common.utils.config import inherited, option
from latent_rationale.common.utils.files import find_data, find_vectors

ALL_ASPECTS = -1


@dataclass(frozen=True, kw_only=True)
class BeerOptions(TrainOptions):
    """What ``beer.train`` takes beside what every task does, and its own defaults."""

    aspect: int = option(
        ALL_ASPECTS, "0 look, 1 smell, 2 palate, 3 taste, 4 overall; -1: all five", choices=(ALL_ASPECTS, 0, 1, 2, 3, 4)
    )
    train_path: tuple[Path, ...] = option((), "files of reviews (default: looked for)")
    dev_path: Path | None = option(None, "file of reviews (default: looked for)")
    test_path: Path | None = option(None, "file of annotated reviews (default: looked for)")
    embeddings: str | None = option(None, "file in GloVe's text format, or none to learn them (default: looked for)")
    max_len: int = option(256, "words after so many are dropped from training and dev reviews", within="[1, inf)")

    save_path: Path = inherited(TrainOptions, "save_path", Path("results/beer/default"))
    num_iterations: int = inherited(TrainOptions, "num_iterations", -100)
    batch_size: int = inherited(TrainOptions, "batch_size", 256)
    layer: str = inherited(TrainOptions, "layer", "rcnn")
    hidden_size: int = inherited(TrainOptions, "hidden_size", 200)
    embed_size: int = inherited(TrainOptions, "embed_size", 200)
    dropout: float = inherited(TrainOptions, "dropout", 0.2)
    lr: float = inherited(TrainOptions, "lr", 0.0004)
    min_lr: float = inherited(TrainOptions, "min_lr", 5e-5)
    lr_decay: float = inherited(TrainOptions, "lr_decay", 0.97)
    weight_decay: float = inherited(TrainOptions, "weight_decay", 2e-6)
    cooldown: int = inherited(TrainOptions, "cooldown", 0)
    lambda_init: float = inherited(TrainOptions, "lambda_init", 1e-5)
    lagrange_lr: float = inherited(TrainOptions, "lagrange_lr", 0.05)
    lagrange_alpha: float = inherited(TrainOptions, "lagrange_alpha", 0.5)
    coherence: float = option(
        0.0, "cost of a transition, as a multiple of --sparsity, with --model rl", within="[0, inf)"
    )

    @property
    def transition_cost(self) -> float:
        """As the original has it: sparsity times coherence."""
        return self.sparsity * self.coherence


@dataclass(frozen=True, kw_only=True)
class BeerPredictOptions(TextPredictOptions):
    """What ``beer.predict`` takes beside what every task does."""

    dev_path: Path | None = option(None, "file of reviews, if not where training found it")
    test_path: Path | None = option(None, "file of annotated reviews, if not where training found it")


class Beer(Task[BeerOptions]):
    """Regression of scores in [0, 1]: one aspect's, or all five in one model."""

    name = "beer"
    options_class = BeerOptions
    predict_options_class = BeerPredictOptions
    first_best_epoch = 5
    headline = ("mse", "loss", "selected", "precision", "recall", "f1")
    vectors_option = "embeddings"
    data_option = None

    @classmethod
    def resolve(cls, options: BeerOptions) -> BeerOptions:
        """Fill in the files: those of the aspect where it has its own, else those of all reviews."""
        named = (options.train_path, options.dev_path, options.test_path)
        folder = Path() if all(named) else find_data("beer")
        stem = f"reviews.aspect{options.aspect}" if options.aspect in (0, 1, 2) else "reviews.260k"
        return replace(
            options,
            train_path=options.train_path or (folder / f"{stem}.train.txt.gz",),
            dev_path=options.dev_path or folder / f"{stem}.heldout.txt.gz",
            test_path=options.test_path or folder / "annotations.json",
            embeddings=options.embeddings or str(find_vectors("beer", "beer/review+wiki.filtered.200.txt")),
        )

    def read_split(self, name: str) -> list[BeerReview]:
        """Reviews for training and dev, cut to ``--max-len``; annotated ones, whole, for test."""
        options = self.options
        if name == "test":
            return list(read_annotations(Path(options.test_path or "")))
        paths = options.train_path if name == "train" else (Path(options.dev_path or ""),)
        return [review for path in paths for review in read_reviews(path, options.max_len)]

    @property
    def aspects(self) -> tuple[int, ...]:
        """Those to predict."""
        return tuple(range(len(ASPECTS))) if self.options.aspect == ALL_ASPECTS else (self.options.aspect,)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The aspects."""
        return tuple(ASPECTS[aspect] for aspect in self.aspects)

    def texts_of(self, example: BeerReview) -> tuple[Sequence[str], ...]:
        """The review."""
        return (example.tokens,)

    def targets_of(self, examples: Sequence[BeerReview]) -> Tensor:
        """Scores ``[N, C]``; not a number where there are none."""
        unknown = (float("nan"),) * len(ASPECTS)
        return torch.tensor([[(review.scores or unknown)[aspect] for aspect in self.aspects] for review in examples])

    def example_of(self, texts: tuple[Sequence[str], ...]) -> BeerReview:
        """A review without scores."""
        (tokens,) = texts
        return BeerReview(tuple(tokens), None)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Squared error, the mean over the aspects."""
        return (output.scores.sigmoid() - batch.targets).square().mean(1)

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Squared error, shares of the words, and how the selected ones agree with those that people marked."""
        errors = self.criterion(output, batch)
        tallies = {"mse": MeanMetric(errors.sum(), torch.tensor(len(errors)))}
        if output.rationale is not None:
            tallies |= selection_shares(output.rationale)
            tallies |= {"runs": mean_runs(output.rationale)}
            if len(self.aspects) == 1 and all(review.spans is not None for review in batch.examples):
                gold = marked(batch.examples, self.options.aspect, output.rationale.z)
                tallies |= agreement(output.rationale.z > 0, gold)
        return tallies

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Scores and words."""
        rows = output.scores.sigmoid().tolist()
        return [
            TextPrediction(tuple(row), None, self._named(row), review.tokens, z)
            for review, z, row in zip(batch.examples, rationales(output), rows, strict=True)
        ]

    def gold(self, example: BeerReview) -> dict[str, Any]:
        """The gold scores, and the stretches that people marked for the aspect; None where there are none."""
        if example.scores is None:
            return {"gold": None, "gold_name": None, "gold_spans": None}
        scores = [example.scores[aspect] for aspect in self.aspects]
        spans = None
        if example.spans is not None and len(self.aspects) == 1:
            spans = [list(span) for span in example.spans[self.options.aspect]]
        return {"gold": scores, "gold_name": self._named(scores), "gold_spans": spans}

    def _named(self, scores: Sequence[float]) -> str:
        return ", ".join(f"{name} {score:.2f}" for name, score in zip(self.output_names, scores, strict=True))


def marked(reviews: Sequence[BeerReview], aspect: int, like: Tensor) -> Tensor:
    """The words that people marked for an aspect: bool, of the shape ``[B, T]`` and on the device of ``like``."""
    gold = torch.zeros(like.shape, dtype=torch.bool)
    for row, review in zip(gold, reviews, strict=True):
        for start, end in (review.spans or ())[aspect]:
            row[start:end] = True
    return gold.to(like.device)
