"""Table of the agreement of linked words, and of baselines, with the words that annotators highlighted."""

from collections.abc import Callable, Sequence
from typing import cast

import torch

from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.utils.console import show_row
from latent_rationale.common.utils.device import find_device, set_threads
from latent_rationale.common.utils.files import find_data, plain_or_zipped
from latent_rationale.snli.agreement import WordScores, compare, content, linked, random_scores
from latent_rationale.snli.options import AgreeOptions
from latent_rationale.snli.prediction import PairPrediction
from latent_rationale.snli.reader import RELATIONS, SNLIPair, read_highlighted_pairs
from latent_rationale.snli.task import SNLI

MEASURES = ("precision", "recall", "f1", "iou", "auprc")
POOLS: dict[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "sum": sum,
    "unlinked": lambda received: 1 - max(received),
}
"""Functions that reduce the attention that a word receives from the words of the other sentence to its score."""


def show_agreement(options: AgreeOptions) -> None:
    """Print the agreement of the linked words of models, and of baselines, with the words that annotators highlighted.

    Raises:
        InputError: if the file of highlights or a results folder cannot be used.
    """
    set_threads(options.threads)
    pairs = list(read_highlighted_pairs(options.highlights or plain_or_zipped(find_data("esnli") / "esnli_dev.csv")))
    generator = torch.Generator().manual_seed(options.seed)
    show_row("method", *MEASURES, *(f"f1 {relation}" for relation in RELATIONS))
    show_row(*["---"] * (1 + len(MEASURES) + len(RELATIONS)))
    show_scores("random words", pairs, [random_scores(pair, generator) for pair in pairs])
    show_scores("content words", pairs, [content(pair) for pair in pairs])
    for folder in options.ckpt:
        predictor = Predictor.load(folder, SNLI, find_device(options.device))
        predictions = [cast(PairPrediction, prediction) for prediction in predictor.predict_examples(pairs)]
        for name, pool in POOLS.items():
            show_scores(f"{folder.name}, {name}", pairs, [linked(p, pool) for p in predictions])


def show_scores(name: str, pairs: Sequence[SNLIPair], scores: Sequence[WordScores]) -> None:
    """Print a row of the table, in percent.

    Args:
        name: name of the method that scored the words.
        pairs: pairs with highlights.
        scores: word scores of each pair.
    """
    overall = compare(pairs, scores)
    values = [*map(overall.get, MEASURES), *(compare(pairs, scores, relation).get("f1") for relation in RELATIONS)]
    show_row(name, *("-" if value is None else f"{100 * value:.1f}" for value in values))
