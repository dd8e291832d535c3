"""``python -m latent_rationale.explain.evaluate``"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from latent_rationale.common.commands import run_command
from latent_rationale.common.errors import InputError
from latent_rationale.common.run import LOGGER, show_row, write_json
from latent_rationale.common.structures import Tokens
from latent_rationale.explain.bag_of_words import word_weights
from latent_rationale.explain.correlation import Interval, Pairs, correlation, extremes, mean
from latent_rationale.explain.deletion import deleted
from latent_rationale.explain.options import EvaluateOptions, parsed
from latent_rationale.explain.sentence import Sentence
from latent_rationale.explain.session import Session
from latent_rationale.explain.spans import Span

MEASURES = ("words", "words, extremes", "phrases", "phrases, extremes", "AOPC")
RESULT = "evaluation.json"


@dataclass
class Found:
    """What a method said, sentence by sentence.

    Attributes:
        words: scores of words, and their weights in a bag of words.
        phrases: scores of phrases of several words, and their classes in the treebank.
        falls: by how much the probability of the predicted class falls when the strongest words go.
    """

    words: list[Pairs] = field(default_factory=list)
    phrases: list[Pairs] = field(default_factory=list)
    falls: list[float] = field(default_factory=list)


def evaluate(arguments: Sequence[str]) -> None:
    """Print a table, and write it: how well each method's scores agree with what else is known of words and phrases."""
    program = "python -m latent_rationale.explain.evaluate"
    options = parsed(EvaluateOptions, arguments, program, "Which method explains a classifier best?")
    session = Session(options)
    if len(session.subject.names) != 2:
        raise InputError(f"the model has {len(session.subject.names)} classes; an evaluation needs two, --classes 2")
    examples, weights = session.examples(), _weights(session)
    results: dict[str, dict[str, Interval]] = {}
    show_row("method", *MEASURES)
    show_row(*["---"] * (1 + len(MEASURES)))
    for method in options.method:
        results[method] = summary(_run(session, method, examples, weights), options.resamples, options.seed)
        show_row(method, *map(str, results[method].values()))
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = {method: {name: asdict(value) for name, value in row.items()} for method, row in results.items()}
    write_json(options.folder / RESULT, rows)
    LOGGER.info("the numbers are in %s", options.folder / RESULT)


def summary(found: Found, resamples: int, seed: int) -> dict[str, Interval]:
    """Correlations over all scores and over the extremes alone, and the area over the deletion curve."""
    pairs = (found.words, extremes(found.words), found.phrases, extremes(found.phrases))
    numbers = [*(correlation(part, resamples, seed) for part in pairs), mean(found.falls, resamples, seed)]
    return dict(zip(MEASURES, numbers, strict=True))


def _weights(session: Session) -> dict[str, float]:
    """Of a bag of words, from the classifier's training data."""
    task = session.task
    examples = task.read_split("train")
    classes = task.targets_of(examples)
    if set(classes.flatten().tolist()) != {0, 1}:
        raise InputError("the texts to evaluate on are not of two classes")
    return word_weights([task.texts_of(example)[0] for example in examples], classes.tolist())


def _run(session: Session, method: str, examples: Sequence[Any], weights: dict[str, float]) -> Found:
    """Explain all examples."""
    found = Found()
    for example in tqdm(examples, desc=method, unit="sentence", dynamic_ncols=True):
        sentence = session.read(example)
        _add(found, session, method, sentence, session.phrases_of(example, sentence), weights)
    return found


def _add(
    found: Found,
    session: Session,
    method: str,
    sentence: Sentence,
    phrases: dict[Span, int],
    weights: dict[str, float],
) -> None:
    """What a method says of one sentence."""
    tokens = sentence.tokens
    words = [(place, place + 1) for place in range(len(tokens))]
    longer = [span for span in phrases if span[1] - span[0] > 1]
    scores = session.scorer(method, session.subject.positive, sentence)([*words, *longer])
    known = [(score, weights[word]) for score, word in zip(scores, tokens, strict=False) if word in weights]
    found.words.append(np.array(known, dtype=np.float64).reshape(-1, 2))
    labelled = list(zip(scores[len(words) :], (phrases[span] for span in longer), strict=True))
    found.phrases.append(np.array(labelled, dtype=np.float64).reshape(-1, 2))
    found.falls.append(_fall(session, sentence, scores[: len(words)]))


def _fall(session: Session, sentence: Sentence, scores: Sequence[float]) -> float:
    """The area over the perturbation curve: the mean fall of the predicted class's probability."""
    subject, label = session.subject, session.subject.positive
    whole = subject.score(Tokens.of(sentence.ids.unsqueeze(0)), label)
    sign = 1.0 if whole.item() >= 0 else -1.0
    rows = deleted(sentence, [sign * score for score in scores], subject.predictor.vocabulary.padding_id)
    left = subject.score(Tokens.of(rows), label)
    return (torch.sigmoid(sign * whole) - torch.sigmoid(sign * left)).mean().item()


if __name__ == "__main__":
    sys.exit(run_command(evaluate))
