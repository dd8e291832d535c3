"""``python -m latent_rationale.explain.evaluate``"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.console import LOGGER, run_command, show_row
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json, unfinished, writable_folder, write_json
from latent_rationale.explain.evaluation.bag_of_words import word_weights
from latent_rationale.explain.evaluation.correlation import Interval, Pairs, correlation, extremes, mean
from latent_rationale.explain.evaluation.deletion import SHARES, deleted, plot_deletion_curves
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.hierarchy.spans import size
from latent_rationale.explain.options import EvaluateOptions, parsed
from latent_rationale.explain.session import Session
from latent_rationale.explain.text_explainer import ExplainRequest

MEASURES = ("words", "words, extremes", "phrases", "phrases, extremes", "AOPC")
RESULT, CURVES = "evaluation.json", "deletion.png"


@dataclass
class Found:
    """What a method said, sentence by sentence.

    Attributes:
        words: scores of words, and their weights in a bag of words.
        phrases: scores of phrases of several words, and their classes in the treebank.
        falls: by how much the probability of the predicted class falls when the strongest words go, for each share of
            them.
    """

    words: list[Pairs] = field(default_factory=list)
    phrases: list[Pairs] = field(default_factory=list)
    falls: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """How good a method is.

    Attributes:
        measures: by name; correlations, and the area over the deletion curve, which is the mean of its points.
        curve: the mean fall for each share of the words that is deleted.
        made: how its scores came about, and which sentences and resamples this is about.
    """

    measures: dict[str, Interval]
    curve: dict[float, Interval]
    made: dict[str, Any]

    @classmethod
    def of(cls, found: Found, made: dict[str, Any], resamples: int, seed: int) -> "Summary":
        """Over all scores and over the extremes alone."""
        pairs = (found.words, extremes(found.words), found.phrases, extremes(found.phrases))
        falls = np.stack(found.falls)
        numbers = [*(correlation(part, resamples, seed) for part in pairs), mean(falls.mean(1), resamples, seed)]
        points = (mean(column, resamples, seed) for column in falls.T)
        return cls(dict(zip(MEASURES, numbers, strict=True)), dict(zip(SHARES, points, strict=True)), made)

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold: the measures by name, and the points of the curve by share."""
        measures = {name: interval.to_json() for name, interval in self.measures.items()}
        points = {str(share): interval.to_json() for share, interval in self.curve.items()}
        return measures | {"deletion": points} | self.made

    @classmethod
    def from_json(cls, row: Any) -> "Summary":
        """What ``to_json`` gave.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: for anything else.
        """
        measures = {name: Interval.from_json(row[name]) for name in MEASURES}
        curve = {float(share): Interval.from_json(point) for share, point in row["deletion"].items()}
        return cls(measures, curve, {name: row[name] for name in ("provenance", "scope")})


def evaluate(arguments: Sequence[str]) -> None:
    """Print a table, and write it: how well each method's scores agree with what else is known of words and phrases."""
    program = "python -m latent_rationale.explain.evaluate"
    options = parsed(EvaluateOptions, arguments, program, "Which method explains a classifier best?")
    session = Session(options)
    if len(session.texts.names) != 2:
        names = ", ".join(session.texts.names)
        raise InputError(f"the model predicts {names}; an evaluation needs a model of two classes", options.ckpt)
    examples, weights = session.examples(), _weights(session)
    folder = writable_folder(options.folder)
    scope = options.scope | {"sentences": len(examples), "digest": _digest(session, examples, weights)}
    asked = {name: {"provenance": asdict(session.texts.provenance(name)), "scope": scope} for name in session.methods}
    with unfinished(folder / RESULT) as part, unfinished(folder / CURVES) as picture:
        results = {name: row for name, row in _found_before(part).items() if row.made == asked.get(name)}
        if results:
            LOGGER.info("going on from %s, where there is %s", part, ", ".join(results))
        show_row("method", *MEASURES)
        show_row(*["---"] * (1 + len(MEASURES)))
        for method, made in asked.items():
            if method not in results:
                found = _run(session, method, examples, weights)
                results[method] = Summary.of(found, made, options.resamples, options.seed)
            show_row(method, *map(str, results[method].measures.values()))
            write_json(part, {name: results[name].to_json() for name in asked if name in results})
        plot_deletion_curves({name: results[name].curve for name in asked}, picture)
    LOGGER.info("the numbers are in %s, the curves of deletion in %s", folder / RESULT, folder / CURVES)


def _found_before(part: Path) -> dict[str, Summary]:
    """What a run had found when it was stopped, by method; nothing, where there is no such file."""
    if not part.exists():
        return {}
    try:
        return {name: Summary.from_json(row) for name, row in read_json(part).items()}
    except (InputError, AttributeError, KeyError, TypeError, ValueError):
        LOGGER.info("note: %s is no evaluation, and is replaced", part)
        return {}


def _digest(session: Session, examples: Sequence[ExplainRequest], weights: dict[str, float]) -> str:
    """A short name for the sentences, what is known of their phrases, and the weights of words."""
    task = session.task
    known = [(one.number, *task.texts_of(one.example), task.phrases_of(one.example)) for one in examples]
    return sha256(repr((known, sorted(weights.items()))).encode()).hexdigest()[:12]


def _weights(session: Session) -> dict[str, float]:
    """Of a bag of words, from the classifier's training data."""
    task = session.task
    examples = task.read_split("train")
    classes = task.targets_of(examples)
    if set(classes.flatten().tolist()) != {0, 1}:
        raise InputError("the texts to evaluate on are not of two classes")
    return word_weights([task.texts_of(example)[0] for example in examples], classes.tolist())


def _run(session: Session, method: str, examples: Sequence[ExplainRequest], weights: dict[str, float]) -> Found:
    """Explain all examples."""
    found = Found()
    for asked in tqdm(examples, desc=method, unit="sentence", dynamic_ncols=True):
        _add(found, session, method, asked, weights)
    return found


def _add(found: Found, session: Session, method: str, asked: ExplainRequest, weights: dict[str, float]) -> None:
    """What a method says of one sentence."""
    texts = session.texts
    sentence = texts.encode(asked)
    phrases, tokens = texts.phrases_of(asked, sentence), sentence.tokens
    words = [(place, place + 1) for place in range(len(tokens))]
    longer = [span for span in phrases if size(span) > 1]
    scores = texts.scorer(method, texts.positive, sentence)([*words, *longer])
    known = [(score, weights[word]) for score, word in zip(scores, tokens, strict=False) if word in weights]
    found.words.append(np.array(known, dtype=np.float64).reshape(-1, 2))
    labelled = list(zip(scores[len(words) :], (phrases[span] for span in longer), strict=True))
    found.phrases.append(np.array(labelled, dtype=np.float64).reshape(-1, 2))
    found.falls.append(_falls(session, sentence, scores[: len(words)]))


def _falls(session: Session, sentence: EncodedSentence, scores: Sequence[float]) -> NDArray[np.float64]:
    """How far the predicted class's probability falls for each share of the words that is deleted."""
    model, label = session.texts.model, session.texts.positive
    whole = model.margins(Tokens.of(sentence.ids.unsqueeze(0)), label)
    sign = 1.0 if whole.item() >= 0 else -1.0
    rows = deleted(sentence, [sign * score for score in scores], model.padding_id)
    left = model.margins(Tokens.of(rows), label)
    return (torch.sigmoid(sign * whole) - torch.sigmoid(sign * left)).double().numpy(force=True)


if __name__ == "__main__":
    sys.exit(run_command(evaluate))
