"""``python -m latent_rationale.explain``: from the options to explained sentences."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tqdm import tqdm

from latent_rationale.common.commands import own_example, run_command, word_splitter
from latent_rationale.common.files import writable_folder
from latent_rationale.common.run import LOGGER, unfinished
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
    for explanation in _write(explain(session, examples, options), options)[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def explain(session: Session, examples: Sequence[Any], options: ExplainOptions) -> Iterator[Explanation]:
    """The explanations of examples of the classifier's task, one after the other."""
    subject, provenance = session.subject, options.provenance(options.method)
    predictions = subject.predictor.predict_examples(examples)
    for example, prediction in zip(tqdm(examples, unit="sentence", dynamic_ncols=True), predictions, strict=True):
        sentence, label = session.read(example), subject.explained(prediction)
        tokens = sentence.tokens
        score = session.scorer(options.method, label, sentence)
        tree = _tree(score, len(tokens), session.phrases_of(example, sentence), options)
        spans = all_spans(len(tokens), options.longest) if tree is None else tree.spans
        scores = dict(zip(spans, score(spans), strict=True))
        yield Explanation.of(tokens, scores, tree, subject.names[label], prediction, provenance)


def _tree(score: ScoreSpans, length: int, known: Collection[Span], options: ExplainOptions) -> SpanTree | None:
    """How the phrases lie inside one another, as scores or the data say."""
    if options.agg:
        return agglomerate(score, length, options.percentile)
    return SpanTree.of({*known, (0, length)}) if known else None


def _write(explanations: Iterator[Explanation], options: ExplainOptions) -> list[Explanation]:
    """Write explanations as they come."""
    path = writable_folder(options.folder) / options.file_name
    found: list[Explanation] = []
    with unfinished(path) as part, part.open("w", encoding="utf-8") as file:
        for explanation in explanations:
            line = explanation.line() if options.format == "seed" else _json(explanation)
            file.write(line + "\n")
            file.flush()
            found.append(explanation)
    LOGGER.info("%d explanations are in %s", len(found), path)
    return found


def _json(explanation: Explanation) -> str:
    return json.dumps(explanation.to_json(), ensure_ascii=False)
