"""Agreement of attention with the words that annotators highlighted (e-SNLI)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from latent_rationale.common.training.metrics import MeanMetric, agreement, average_precision
from latent_rationale.snli.prediction import PairPrediction
from latent_rationale.snli.reader import RELATIONS, SNLIPair

SIDES = ("premise", "hypothesis")

_FUNCTION_WORDS = (
    "a an the this that these those some any each every no another other such both all few many much more most several "
    "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs who whom whose "
    "which what himself herself itself themselves someone something there here "
    "am is are was were be been being do does did doing done have has had having will would shall should can could may "
    "might must not n't 's 're 've 'd 'll to of in on at by for from with without into onto over under above below "
    "near behind between through across around along against about after before during while as if than then so and or "
    "but nor because until up down out off just very too also only"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English function words; every other word with a letter or digit is a content word."""


@dataclass(frozen=True)
class WordScores:
    """Importance of each word of a pair, without start tokens.

    Attributes:
        premise: one score for each word of the premise.
        hypothesis: one score for each word of the hypothesis.
    """

    premise: tuple[float, ...]
    hypothesis: tuple[float, ...]


def linked(prediction: PairPrediction, pool: Callable[[Sequence[float]], float]) -> WordScores:
    """Score each word by the attention that it receives from the words of the other sentence.

    Args:
        prediction: prediction with its attention matrices, in which row and column 0 belong to start tokens.
        pool: reduces the weights that a word receives to its score, such as ``max`` or ``sum``.
    """
    # A matrix row holds the weights that one word gives, so a word's received weights are a column: of h2p for the
    # premise, of p2h for the hypothesis. [1:] drops what the start token gives, and then what it receives.
    towards_premise = prediction.h2p or tuple(zip(*prediction.p2h, strict=True))
    premise, hypothesis = (
        tuple(pool(received) for received in tuple(zip(*matrix[1:], strict=True))[1:])
        for matrix in (towards_premise, prediction.p2h)
    )
    return WordScores(premise, hypothesis)


def content(pair: SNLIPair) -> WordScores:
    """Score content words 1 and other words 0, as a baseline."""
    premise, hypothesis = (
        tuple(float(word.lower() not in FUNCTION_WORDS and any(map(str.isalnum, word))) for word in words)
        for words in (pair.premise, pair.hypothesis)
    )
    return WordScores(premise, hypothesis)


def random_scores(pair: SNLIPair, generator: torch.Generator) -> WordScores:
    """Score words by random numbers, uniform in [0, 1), as a baseline."""
    premise, hypothesis = (
        tuple(torch.rand(len(words), generator=generator).tolist()) for words in (pair.premise, pair.hypothesis)
    )
    return WordScores(premise, hypothesis)


def compare(pairs: Sequence[SNLIPair], scores: Sequence[WordScores], relation: str | None = None) -> dict[str, float]:
    """Compare word scores with the highlights of each annotator.

    In each sentence the words with the highest scores are selected, in the same proportion as annotators highlight on
    average, for premises and hypotheses separately. Ties with the last selected word are selected too; words with a
    score of 0 are not. A sentence in which an annotator highlighted nothing is skipped for this annotator.

    Args:
        pairs: pairs with highlights.
        scores: word scores of each pair.
        relation: relation to restrict the comparison to; None for all pairs.

    Returns:
        ``precision``, ``recall``, ``f1`` and ``iou`` over all words, and ``auprc``, the mean area under the
        precision-recall curve of a sentence, which does not depend on the selection.
    """
    totals: dict[str, MeanMetric] = {}
    for side in SIDES:
        rows = list(_annotations(pairs, scores, side, relation))
        if rows:
            # Each column of the rows becomes one tensor [K, T]: scores, gold (padded with False), mask.
            metrics = _agreement(*(pad_sequence(list(column), batch_first=True) for column in zip(*rows, strict=True)))
            totals = {name: totals[name] + metric if totals else metric for name, metric in metrics.items()}
    return {name: metric.value() for name, metric in totals.items() if name != "macro_precision"}


def _annotations(
    pairs: Sequence[SNLIPair], scores: Sequence[WordScores], side: str, relation: str | None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield word scores, highlighted words and a mask of true, each ``[T]``, per sentence and annotator.

    Args:
        pairs: pairs with highlights.
        scores: word scores of each pair.
        side: sentence of the pair, premise or hypothesis.
        relation: relation to restrict the pairs to; None for all pairs.
    """
    for pair, words in zip(pairs, scores, strict=True):
        if relation is None or pair.label == RELATIONS.index(relation):
            word_scores = torch.tensor(getattr(words, side))
            for highlight in pair.highlights:
                highlighted = getattr(highlight, side)
                if highlighted:
                    gold = torch.zeros(len(word_scores), dtype=torch.bool)
                    gold[list(highlighted)] = True
                    yield word_scores, gold, torch.ones_like(gold)


def _agreement(scores: Tensor, gold: Tensor, mask: Tensor) -> dict[str, MeanMetric]:
    """Return the metrics of agreement as sums over ``K`` sentences.

    Args:
        scores: word scores ``[K, T]``.
        gold: true at highlighted words, bool ``[K, T]``.
        mask: true at real words, bool ``[K, T]``.
    """
    # Number of words to select in each sentence, at least one.
    share = gold.sum() / mask.sum()
    counts = (share * mask.sum(1)).round().long().clamp(min=1).unsqueeze(1)  # [K, 1]
    ranked = scores.masked_fill(~mask, -torch.inf)
    # The score of the last selected word is the threshold. A comparison with it, unlike topk, treats ties alike,
    # whatever their positions.
    threshold = ranked.sort(dim=1, descending=True).values.gather(1, counts - 1)  # [K, 1]
    selected = (ranked >= threshold) & (ranked > 0)
    return agreement(selected, gold) | {"auprc": average_precision(ranked, gold)}
