"""Do linked words agree with those that people highlighted?"""

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
"""English words that say little by themselves; what is left, and has a letter or digit, counts as content."""


@dataclass(frozen=True)
class WordScores:
    """How much a pair's words count, one number each, without the start tokens.

    Attributes:
        premise: of its words.
        hypothesis: likewise.
    """

    premise: tuple[float, ...]
    hypothesis: tuple[float, ...]


def linked(prediction: PairPrediction, pool: Callable[[Sequence[float]], float]) -> WordScores:
    """What a pool, such as ``max``, makes of the attention that each word gets from those of the other sentence.

    Start tokens neither give nor get.
    """
    towards_premise = prediction.h2p or tuple(zip(*prediction.p2h, strict=True))
    premise, hypothesis = (
        tuple(pool(given) for given in tuple(zip(*matrix[1:], strict=True))[1:])
        for matrix in (towards_premise, prediction.p2h)
    )
    return WordScores(premise, hypothesis)


def content(pair: SNLIPair) -> WordScores:
    """1 for content words, 0 for others."""
    premise, hypothesis = (
        tuple(float(word.lower() not in FUNCTION_WORDS and any(map(str.isalnum, word))) for word in words)
        for words in (pair.premise, pair.hypothesis)
    )
    return WordScores(premise, hypothesis)


def by_chance(pair: SNLIPair, generator: torch.Generator) -> WordScores:
    """Any numbers."""
    premise, hypothesis = (
        tuple(torch.rand(len(words), generator=generator).tolist()) for words in (pair.premise, pair.hypothesis)
    )
    return WordScores(premise, hypothesis)


def compare(pairs: Sequence[SNLIPair], scores: Sequence[WordScores], relation: str | None = None) -> dict[str, float]:
    """How word scores agree with what people highlighted, each annotator for herself.

    Of each sentence as large a share of the words is selected, the highest, as people highlight on average in premises
    or hypotheses; words that tie with the last one are in, words with a score of 0 never. A sentence in which an
    annotator highlighted nothing is passed over. ``auprc``, the mean area under precision and recall, needs no
    selection.

    Args:
        pairs: with highlights.
        scores: for each pair.
        relation: of these pairs only.

    Returns:
        ``precision, recall, f1, iou`` over all words, and ``auprc``.
    """
    totals: dict[str, MeanMetric] = {}
    for side in SIDES:
        rows = list(_judged(pairs, scores, side, relation))
        if rows:
            tallies = _agreement(*(pad_sequence(list(column), batch_first=True) for column in zip(*rows, strict=True)))
            totals = {name: totals[name] + tally if totals else tally for name, tally in tallies.items()}
    return {name: tally.value() for name, tally in totals.items() if name != "macro_precision"}


def _judged(
    pairs: Sequence[SNLIPair], scores: Sequence[WordScores], side: str, relation: str | None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Scores, highlighted or not, and true for each word: one row per sentence and annotator, ``[T]`` each."""
    for pair, words in zip(pairs, scores, strict=True):
        if relation is None or pair.label == RELATIONS.index(relation):
            found = torch.tensor(getattr(words, side))
            for highlight in pair.highlights:
                marked = getattr(highlight, side)
                if marked:
                    gold = torch.zeros(len(found), dtype=torch.bool)
                    gold[list(marked)] = True
                    yield found, gold, torch.ones_like(gold)


def _agreement(scores: Tensor, gold: Tensor, mask: Tensor) -> dict[str, MeanMetric]:
    """Tallies for scores, highlighted words and real words ``[K, T]``."""
    share = gold.sum() / mask.sum()
    wanted = (share * mask.sum(1)).round().long().clamp(min=1).unsqueeze(1)
    ranked = scores.masked_fill(~mask, -torch.inf)
    threshold = ranked.sort(dim=1, descending=True).values.gather(1, wanted - 1)
    selected = (ranked >= threshold) & (ranked > 0)
    return agreement(selected, gold) | {"auprc": average_precision(ranked, gold)}
