"""``python -m latent_rationale.explain``: from the options to explained sentences."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from latent_rationale.common.commands import own_example, run_command, word_splitter
from latent_rationale.common.files import write_atomically
from latent_rationale.common.run import LOGGER
from latent_rationale.explain.agglomerate import ScoreSpans, agglomerate
from latent_rationale.explain.explanation import Explanation
from latent_rationale.explain.options import ExplainOptions, parsed
from latent_rationale.explain.session import Session
from latent_rationale.explain.spans import Span, SpanTree, all_spans


def explain_command(arguments: Sequence[str] | None = None) -> int:
    """Explain sentences of a data set, or a text of the user's. Returns the exit code."""
    return run_command(_explain, arguments)


def _explain(arguments: Sequence[str]) -> None:
    about = "How much each phrase of a sentence speaks for the class that a trained model predicts."
    options = parsed(ExplainOptions, arguments, "python -m latent_rationale.explain", about)
    session = Session(options)
    if options.text is None:
        examples = session.examples()
    else:
        split = word_splitter(session.task, options.tokenized)
        examples = [own_example(session.task, {"text": options.text}, split)]
    explanations = list(explain(session, examples, options))
    options.folder.mkdir(parents=True, exist_ok=True)
    _write(options.folder / options.file_name, explanations)
    for explanation in explanations[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def explain(session: Session, examples: Sequence[Any], options: ExplainOptions) -> Iterator[Explanation]:
    """The explanations of examples of the classifier's task, one after the other."""
    subject = session.subject
    predictions = subject.predictor.predict_examples(examples)
    for example, prediction in zip(tqdm(examples, unit="sentence", dynamic_ncols=True), predictions, strict=True):
        sentence, label = session.read(example), subject.explained(prediction)
        tokens = sentence.tokens
        score = session.scorer(options.method, label, sentence)
        tree = _tree(score, len(tokens), session.phrases_of(example, sentence), options)
        spans = all_spans(len(tokens), options.longest) if tree is None else tree.spans
        scores = dict(zip(spans, score(spans), strict=True))
        yield Explanation.of(tokens, scores, tree, subject.names[label], prediction)


def _tree(score: ScoreSpans, length: int, known: Collection[Span], options: ExplainOptions) -> SpanTree | None:
    """How the phrases lie inside one another, as scores or the data say."""
    if options.agg:
        return agglomerate(score, length, options.percentile)
    return SpanTree.of({*known, (0, length)}) if known else None


def _write(path: Path, explanations: Sequence[Explanation]) -> None:
    if path.suffix == ".jsonl":
        lines = [json.dumps(explanation.to_json(), ensure_ascii=False) for explanation in explanations]
    else:
        lines = [explanation.line() for explanation in explanations]
    write_atomically(path, "".join(line + "\n" for line in lines))
    LOGGER.info("%d explanations are in %s", len(lines), path)
