"""Task of predicting the scores of a beer review: look, smell, palate, taste and overall."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latent_rationale.beer.options import ALL_ASPECTS, BeerOptions, BeerPredictOptions
from latent_rationale.beer.reader import ASPECTS, BeerReview, read_annotations, read_reviews
from latent_rationale.common.experiment.task import Task, Text
from latent_rationale.common.predictions.prediction import TextPrediction, rationales
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, agreement, mean_runs, selection_shares, transitions
from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.files import find_data, find_vectors


class Beer(Task[BeerOptions]):
    """Regression of scores in [0, 1], for one aspect or for all five in one model.

    Only the test set is annotated with rationales; training and dev reviews have scores only.
    """

    name = "beer"
    options_class = BeerOptions
    predict_options_class = BeerPredictOptions
    first_best_epoch = 5
    headline = ("mse", "loss", "selected", "precision", "recall", "f1")
    unit = "reviews"
    vectors_option = "embeddings"
    data_option = None

    @classmethod
    def resolve(cls, options: BeerOptions) -> BeerOptions:
        """Fill in the files: those of the aspect if it has files of its own, else those of all reviews.

        Dev and test sets are looked for beside the training files and nowhere else; there may be no test set.
        """
        folder = options.train_path[0].parent if options.train_path else find_data("beer")
        stem = f"reviews.aspect{options.aspect}" if options.aspect in (0, 1, 2) else "reviews.260k"
        annotations = folder / "annotations.json"
        return replace(
            options,
            train_path=options.train_path or (folder / f"{stem}.train.txt.gz",),
            dev_path=options.dev_path or folder / f"{stem}.heldout.txt.gz",
            test_path=options.test_path or (annotations if annotations.is_file() else None),
            embeddings=options.embeddings or (str(find_vectors("beer", "beer/review+wiki.filtered.200.txt")),),
        )

    @property
    def source(self) -> str:
        """Names of the training files."""
        return ", ".join(map(str, self.options.train_path))

    def read_split(self, name: str) -> list[BeerReview]:
        """Read the reviews of a split: truncated to ``--max-len`` for train and dev, whole and annotated for test."""
        options = self.options
        if name == "test":
            if options.test_path is None:
                raise AbsentDataError("there are no annotated reviews; name some with --test-path")
            if not options.test_path.is_file():  # a test set that the user named must exist
                raise InputError("no such file", options.test_path)
            return list(read_annotations(options.test_path))
        paths = options.train_path if name == "train" else (Path(options.dev_path or ""),)
        return [review for path in paths for review in read_reviews(path, options.max_len)]

    @property
    def aspects(self) -> tuple[int, ...]:
        """Indices into ``ASPECTS`` of the aspects that the model predicts."""
        return tuple(range(len(ASPECTS))) if self.options.aspect == ALL_ASPECTS else (self.options.aspect,)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the aspects that the model predicts."""
        return tuple(ASPECTS[aspect] for aspect in self.aspects)

    def texts_of(self, example: BeerReview) -> tuple[Sequence[str], ...]:
        """Return the words of the review."""
        return (example.tokens,)

    def targets_of(self, examples: Sequence[BeerReview]) -> Tensor:
        """Return the scores ``[N, C]``; nan for reviews without scores."""
        unknown = (float("nan"),) * len(ASPECTS)
        return torch.tensor([[(review.scores or unknown)[aspect] for aspect in self.aspects] for review in examples])

    def example_of(self, texts: tuple[Text, ...]) -> BeerReview:
        """Return a review without scores."""
        return BeerReview(self.words_of(texts[0]), None)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the squared error of each review, ``[B]``, the mean over the aspects."""
        return (output.scores.sigmoid() - batch.targets).square().mean(1)

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the squared error, selected shares and transitions, and agreement with annotated rationales."""
        errors = self.criterion(output, batch)
        metrics = {"mse": MeanMetric(errors.sum(), torch.tensor(len(errors)))}
        if output.rationale is not None:
            metrics |= selection_shares(output.rationale)
            metrics |= {"runs": mean_runs(output.rationale), "transitions": transitions(output.rationale)}
            # A model of all aspects has one rationale for them, but annotations are of one aspect.
            if len(self.aspects) == 1 and all(review.spans is not None for review in batch.examples):
                gold = annotated_words(batch.examples, self.options.aspect, output.rationale.z)
                metrics |= agreement(output.rationale.z > 0, gold)
        return metrics

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Convert the output to scores of the aspects and selected words."""
        rows = output.scores.sigmoid().tolist()
        return [
            TextPrediction(tuple(row), None, self._named(row), review.tokens, z)
            for review, z, row in zip(batch.examples, rationales(output), rows, strict=True)
        ]

    def gold(self, example: BeerReview) -> dict[str, Any]:
        """Return the gold scores, and the annotated spans of the aspect; None for missing ones."""
        if example.scores is None:
            return {"gold": None, "gold_name": None, "gold_spans": None}
        scores = [example.scores[aspect] for aspect in self.aspects]
        spans = None
        if example.spans is not None and len(self.aspects) == 1:
            spans = [list(span) for span in example.spans[self.options.aspect]]
        return {"gold": scores, "gold_name": self._named(scores), "gold_spans": spans}

    def _named(self, scores: Sequence[float]) -> str:
        return ", ".join(f"{name} {score:.2f}" for name, score in zip(self.output_names, scores, strict=True))


def annotated_words(reviews: Sequence[BeerReview], aspect: int, like: Tensor) -> Tensor:
    """Return the words that annotators marked for an aspect, bool ``[B, T]``.

    Args:
        reviews: ``B`` annotated reviews.
        aspect: index into ``ASPECTS``.
        like: tensor with the shape and the device of the result.
    """
    gold = torch.zeros(like.shape, dtype=torch.bool)
    for row, review in zip(gold, reviews, strict=True):
        for start, end in (review.spans or ())[aspect]:
            row[start:end] = True
    return gold.to(like.device)
