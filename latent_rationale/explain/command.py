"""``python -m latent_rationale.explain``: from the options to explained sentences."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

import latent_rationale
from latent_rationale.common import config
from latent_rationale.common.commands import run_command
from latent_rationale.common.errors import InputError
from latent_rationale.common.files import write_atomically
from latent_rationale.common.run import LOGGER
from latent_rationale.explain.agglomerate import agglomerate
from latent_rationale.explain.contexts import Context, SampledContext
from latent_rationale.explain.explainer import Explainer
from latent_rationale.explain.explanation import Explanation
from latent_rationale.explain.language_model import LanguageModel
from latent_rationale.explain.methods import METHODS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.options import FILES, ExplainOptions
from latent_rationale.explain.sampler import Language
from latent_rationale.explain.spans import Span, SpanTree, all_spans
from latent_rationale.explain.subject import Subject


def explain_command(arguments: Sequence[str] | None = None) -> int:
    """Explain sentences of a data set, or a text of the user's. Returns the exit code."""
    return run_command(_explain, arguments)


def _explain(arguments: Sequence[str]) -> None:
    about = "How much each phrase of a sentence speaks for the class that a trained model predicts."
    options, _ = config.parse(ExplainOptions, arguments, "python -m latent_rationale.explain", about)
    torch.manual_seed(options.seed)
    subject = Subject(latent_rationale.load(options.ckpt, options.device), options.max_batch)
    explanations = list(explain(subject, _examples(subject, options), options))
    folder = options.save_path or options.ckpt
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / FILES[options.format], explanations)
    for explanation in explanations[: options.show]:
        LOGGER.info("%s\n  %s", explanation.prediction.said, explanation.strongest(8))


def explain(subject: Subject, examples: Sequence[Any], options: ExplainOptions) -> Iterator[Explanation]:
    """The explanations of examples of the subject's task, one after the other."""
    task = subject.predictor.task
    sampled = _sampled(subject, options) if options.method in NEED_LANGUAGE_MODEL else None
    explainers: dict[int, Explainer] = {}
    predictions = subject.predictor.predict_examples(examples)
    for example, prediction in zip(tqdm(examples, unit="sentence", dynamic_ncols=True), predictions, strict=True):
        (tokens,) = map(tuple, task.texts_of(example))
        label = subject.explained(prediction)
        if label not in explainers:
            explainers[label] = METHODS[options.method](subject.access(label, sampled))
        spans, scores, tree = _scored(explainers[label], subject, tokens, task.phrases_of(example), options)
        yield Explanation(tokens, tuple(spans), tuple(scores), tree, subject.names[label], prediction)


def _scored(
    explainer: Explainer, subject: Subject, tokens: tuple[str, ...], known: Collection[Span], options: ExplainOptions
) -> tuple[list[Span], list[float], SpanTree | None]:
    """Phrases, their scores, and how they lie inside one another: as scores or the data say, or without."""
    ids = subject.ids_of(tokens)

    def score(spans: Sequence[Span]) -> list[float]:
        return explainer(ids, spans).tolist()

    tree = None
    if options.agg:
        tree = agglomerate(score, len(tokens), options.percentile)
    elif known:
        tree = SpanTree.of(known)
    spans = tree.spans if tree is not None else all_spans(len(tokens), options.longest)
    spans = sorted(set(spans), key=lambda span: (span[1] - span[0], span))
    return spans, score(spans), tree


def _sampled(subject: Subject, options: ExplainOptions) -> Context:
    """Contexts from the user's language model."""
    assert options.lm is not None
    predictor = latent_rationale.load(options.lm, options.device)
    if not isinstance(predictor.model, LanguageModel):
        raise InputError(f"holds a model for {predictor.task.name}, not a language model", options.lm)
    language = Language.of(predictor.model, predictor.vocabulary, subject.predictor.vocabulary)
    return SampledContext(language, options.nb_range, options.sample_n, options.share_samples)


def _examples(subject: Subject, options: ExplainOptions) -> Sequence[Any]:
    """What is to be explained: the user's text, or sentences of a data set."""
    task = subject.predictor.task
    if options.text is not None:
        tokens = options.text.split() if options.tokenized else task.tokenize(options.text)
        if not tokens:
            raise InputError("--text: has no words")
        return [task.example_of((tokens,))]
    examples = task.read_split(options.split)
    if options.start >= len(examples):
        raise InputError(f"--start: expected less than {len(examples)}, the number of sentences in {options.split}")
    return examples[options.start : options.stop]


def _write(path: Path, explanations: Sequence[Explanation]) -> None:
    if path.suffix == ".jsonl":
        lines = [json.dumps(explanation.to_json(), ensure_ascii=False) for explanation in explanations]
    else:
        lines = [explanation.line() for explanation in explanations]
    write_atomically(path, "".join(line + "\n" for line in lines))
    LOGGER.info("%d explanations are in %s", len(lines), path)
