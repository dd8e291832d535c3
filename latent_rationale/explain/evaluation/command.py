"""Comparison of explanation methods, from the options to a table, a file and deletion curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.console import LOGGER, show_row
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json
from latent_rationale.common.utils.progress import track
from latent_rationale.common.utils.writing import part_of, refuse_existing, replacing, unfinished, write_json
from latent_rationale.explain.evaluation.bag_of_words import word_weights
from latent_rationale.explain.evaluation.correlation import Interval, Pairs, correlation, extremes, mean
from latent_rationale.explain.evaluation.deletion import SHARES, deleted, plot_deletion_curves
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.hierarchy.spans import size
from latent_rationale.explain.options import EvaluateOptions
from latent_rationale.explain.outputs import check_unfinished, claimed
from latent_rationale.explain.session import Session
from latent_rationale.explain.text_explainer import ExplainRequest

MEASURES = ("words", "words, extremes", "phrases", "phrases, extremes", "AOPC")


@dataclass
class MethodScores:
    """Scores of one explanation method beside their references, one array per sentence.

    Attributes:
        words: pairs ``[n, 2]`` of the score of a word and its weight in a bag-of-words model.
        phrases: pairs ``[n, 2]`` of the score of a phrase of several words and its class in the treebank.
        drops: drop of the probability of the predicted class ``[K]`` after deletion of the strongest words, for each of
            ``K`` shares of words.
    """

    words: list[Pairs] = field(default_factory=list)
    phrases: list[Pairs] = field(default_factory=list)
    drops: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """Evaluation of one explanation method.

    Attributes:
        measures: measures by name: correlations, and AOPC, the area over the deletion curve (the mean of its points).
        curve: mean drop of the probability for each share of words that is deleted.
        setup: provenance of the scores, and scope: the sentences and resamples of the evaluation.
    """

    measures: dict[str, Interval]
    curve: dict[float, Interval]
    setup: dict[str, Any]

    @classmethod
    def of(cls, scores: MethodScores, setup: dict[str, Any], resamples: int, seed: int) -> "Summary":
        """Compute the measures over all scores, and over the extreme scores alone.

        Args:
            scores: scores of the method.
            setup: see the class.
            resamples: number of bootstrap resamples for confidence intervals.
            seed: seed of the resamples.
        """
        pairs = (scores.words, extremes(scores.words), scores.phrases, extremes(scores.phrases))
        drops = np.stack(scores.drops)  # [sentences, K]
        numbers = [*(correlation(part, resamples, seed) for part in pairs), mean(drops.mean(1), resamples, seed)]
        points = (mean(column, resamples, seed) for column in drops.T)
        return cls(dict(zip(MEASURES, numbers, strict=True)), dict(zip(SHARES, points, strict=True)), setup)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: the measures by name, the points of the curve by share, and the setup."""
        measures = {name: interval.to_json() for name, interval in self.measures.items()}
        points = {str(share): interval.to_json() for share, interval in self.curve.items()}
        return measures | {"deletion": points} | self.setup

    @classmethod
    def from_json(cls, row: Any) -> "Summary":
        """Create a summary from the result of ``to_json``.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: if ``row`` has another form.
        """
        measures = {name: Interval.from_json(row[name]) for name in MEASURES}
        curve = {float(share): Interval.from_json(point) for share, point in row["deletion"].items()}
        if tuple(curve) != SHARES or any(math.isnan(point.value) for point in curve.values()):
            raise ValueError(f"deletion: expected numbers for the shares {', '.join(map(str, SHARES))}")
        return cls(measures, curve, {name: row[name] for name in ("provenance", "scope")})


def evaluate(options: EvaluateOptions) -> None:
    """Compare explanation methods; write the measures and the deletion curves to files, and print a table.

    Measures that an interrupted run with the same setup has computed are reused.

    Raises:
        InputError: if the model does not have two classes, models or data cannot be used, or files would be replaced
            unasked.
    """
    refuse_existing(options.outputs, options.overwrite)
    session = Session(options)
    if len(session.texts.names) != 2:
        names = ", ".join(session.texts.names)
        raise InputError(f"the model predicts {names}; evaluation needs a two-class model", options.ckpt)
    examples, weights = session.examples(), _weights(session)
    scope = options.scope | {"sentences": len(examples), "digest": _digest(session, examples, weights)}
    setups = {name: {"provenance": asdict(session.texts.provenance(name)), "scope": scope} for name in session.methods}
    with claimed(options.outputs, options.overwrite):
        results = _results(session, options, setups, examples, weights)
    show_row("method", *MEASURES)
    show_row(*["---"] * (1 + len(MEASURES)))
    for method, summary in results.items():
        show_row(method, *map(str, summary.measures.values()))
    LOGGER.info("the measures are in %s, the deletion curves in %s", *options.outputs)


def _results(
    session: Session,
    options: EvaluateOptions,
    setups: Mapping[str, dict[str, Any]],
    examples: Sequence[ExplainRequest],
    weights: dict[str, float],
) -> dict[str, Summary]:
    """Evaluate all methods, and write the measures and the deletion curves to files.

    Args:
        session: the classifier.
        options: options of the command.
        setups: setup of each method; see ``Summary``.
        examples: the sentences.
        weights: weights of words in a bag-of-words model.
    """
    measures, curves = options.outputs
    results = _previous_results(part_of(measures), setups, options.overwrite)
    with unfinished(measures) as part:
        for method, setup in setups.items():
            if method not in results:
                scores = _score_all(session, method, examples, weights)
                results[method] = Summary.of(scores, setup, options.resamples, options.seed)
            results = {name: results[name] for name in setups if name in results}
            write_json(part, {name: summary.to_json() for name, summary in results.items()})
        with replacing(curves) as picture:
            plot_deletion_curves({name: summary.curve for name, summary in results.items()}, picture)
    return results


def _previous_results(part: Path, setups: Mapping[str, dict[str, Any]], overwrite: bool) -> dict[str, Summary]:
    """Read the results of an interrupted run by method; return none if there is no such file.

    Args:
        part: file of the interrupted run.
        setups: setup of each method in this run.
        overwrite: replace results of another run.

    Raises:
        InputError: if the file holds something else, or the results of another run, and ``overwrite`` is false.
    """
    if not part.exists():
        return {}
    try:
        results = {name: Summary.from_json(row) for name, row in read_json(part).items()}
    except (InputError, AttributeError, KeyError, TypeError, ValueError):
        results, foreign = {}, True
    else:
        foreign = any(row.setup != setups.get(name) for name, row in results.items())
    results = {name: row for name, row in results.items() if row.setup == setups.get(name)}
    check_unfinished(part, ", ".join(results), foreign, overwrite)
    return results


def _digest(session: Session, examples: Sequence[ExplainRequest], weights: dict[str, float]) -> str:
    """Return a digest of the sentences, their annotated phrases, and the weights of words.

    It tells whether the results of an interrupted run are for the same data.
    """
    task = session.task
    data = [(request.number, *task.texts_of(request.example), task.phrases_of(request.example)) for request in examples]
    return sha256(repr((data, sorted(weights.items()))).encode()).hexdigest()[:12]


def _weights(session: Session) -> dict[str, float]:
    """Return the weights of words in a bag-of-words model of the classifier's training data."""
    task = session.task
    examples = task.read_split("train")
    classes = task.targets_of(examples)
    if set(classes.flatten().tolist()) != {0, 1}:
        raise InputError("the training data does not have two classes, which evaluation needs")
    return word_weights([task.texts_of(example)[0] for example in examples], classes.tolist())


def _score_all(
    session: Session, method: str, examples: Sequence[ExplainRequest], weights: dict[str, float]
) -> MethodScores:
    """Score the words and phrases of all examples with one method."""
    collected = MethodScores()
    for request in track(examples, "sentence", len(examples), method):
        _add(collected, session, method, request, weights)
    return collected


def _add(
    collected: MethodScores, session: Session, method: str, request: ExplainRequest, weights: dict[str, float]
) -> None:
    """Score the words and phrases of one sentence.

    Args:
        collected: scores of the method, to which those of the sentence are added.
        session: the classifier.
        method: name of the explainer.
        request: the sentence.
        weights: weights of words in a bag-of-words model.
    """
    texts = session.texts
    sentence = texts.encode(request)
    phrases, tokens = texts.phrases_of(request, sentence), sentence.tokens
    words = [(index, index + 1) for index in range(len(tokens))]
    longer = [span for span in phrases if size(span) > 1]
    scores = texts.scorer(method, texts.positive, sentence)([*words, *longer])
    # Scores of words come first, then those of longer phrases. Words without a weight have no reference.
    weighted = [(score, weights[word]) for score, word in zip(scores, tokens, strict=False) if word in weights]
    collected.words.append(np.array(weighted, dtype=np.float64).reshape(-1, 2))
    labelled = list(zip(scores[len(words) :], (phrases[span] for span in longer), strict=True))
    collected.phrases.append(np.array(labelled, dtype=np.float64).reshape(-1, 2))
    collected.drops.append(_drops(session, sentence, scores[: len(words)]))


def _drops(session: Session, sentence: EncodedSentence, scores: Sequence[float]) -> NDArray[np.float64]:
    """Return the drop of the predicted class's probability ``[K]`` for each share of the words that is deleted.

    Args:
        session: the classifier.
        sentence: the sentence.
        scores: score of each word for the positive class.
    """
    model, label = session.texts.model, session.texts.positive
    whole = model.margins(Tokens.of(sentence.ids.unsqueeze(0)), label)
    # Scores explain the positive class. If the negative one is predicted, the strongest words are those that speak
    # against the positive one.
    sign = 1.0 if whole.item() >= 0 else -1.0
    rows = deleted(sentence, [sign * score for score in scores], model.padding_id)
    left = model.margins(Tokens.of(rows), label)
    drops = (torch.sigmoid(sign * whole) - torch.sigmoid(sign * left)).cpu().double()
    if not drops.isfinite().all():
        first = " ".join(sentence.tokens[:5])
        message = f"a probability after deletion of words is not finite in the sentence: {first} ..."
        raise InputError(message, session.texts.predictor.source)
    return drops.numpy(force=True)
