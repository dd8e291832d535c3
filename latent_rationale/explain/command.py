"""``python -m latent_rationale.explain``: from the options to explained sentences."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from latent_rationale.common.commands import own_example, run_command, word_splitter
from latent_rationale.common.errors import InputError
from latent_rationale.common.files import writable_folder, write_atomically
from latent_rationale.common.run import LOGGER, unfinished
from latent_rationale.explain.agglomerate import ScoreSpans, agglomerate
from latent_rationale.explain.explanation import Explanation, read_explanations
from latent_rationale.explain.options import ExplainOptions, parsed
from latent_rationale.explain.session import Asked, Session
from latent_rationale.explain.spans import Span, SpanTree, all_spans

LONGEST = 3
"""Of the phrases that are explained where neither the data nor the user names any."""


def explain_command(arguments: Sequence[str] | None = None) -> int:
    """Explain sentences of a data set, or a text of the user's. Returns the exit code."""
    return run_command(_explain, arguments)


def _explain(arguments: Sequence[str]) -> None:
    about = "How much each phrase of a sentence speaks for the class that a trained model predicts."
    options = parsed(ExplainOptions, arguments, "python -m latent_rationale.explain", about)
    session = Session(options)
    if options.text is None:
        asked = session.examples()
    else:
        split = word_splitter(session.task, options.tokenized)
        asked = [Asked(0, own_example(session.task, {"text": options.text}, split))]
    for explanation in _write(session, asked, options)[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def explain(session: Session, asked: Sequence[Asked], options: ExplainOptions) -> Iterator[Explanation]:
    """The explanations of examples of the classifier's task, one after the other."""
    subject, provenance = session.subject, options.provenance(options.method)
    predictions = subject.predictor.predict_examples([one.example for one in asked])
    for one, prediction in zip(tqdm(asked, unit="sentence", dynamic_ncols=True), predictions, strict=True):
        sentence, label = session.read(one), subject.explained(prediction)
        tokens = sentence.tokens
        score = session.scorer(options.method, label, sentence)
        tree = _tree(score, len(tokens), session.phrases_of(one, sentence), options)
        spans = all_spans(len(tokens), options.longest or LONGEST) if tree is None else tree.spans
        scores = dict(zip(spans, score(spans), strict=True))
        names = options.source, one.number, tokens
        yield Explanation.of(*names, scores, tree, subject.names[label], prediction, provenance)


def _tree(score: ScoreSpans, length: int, known: Collection[Span], options: ExplainOptions) -> SpanTree | None:
    """How the phrases lie inside one another, as scores or the data say."""
    if options.agg:
        return agglomerate(score, length, options.percentile)
    return SpanTree.of({*known, (0, length)}) if known and options.longest is None else None


def _write(session: Session, asked: Sequence[Asked], options: ExplainOptions) -> list[Explanation]:
    """Write explanations as they come, after those that a run of the same command had found when it was stopped."""
    path = writable_folder(options.folder) / options.file_name
    with unfinished(path) as part:
        found = _found_before(part, session, asked, options)
        with part.open("a" if found else "w", encoding="utf-8") as file:
            for explanation in explain(session, asked[len(found) :], options):
                file.write(json.dumps(explanation.to_json(), ensure_ascii=False) + "\n")
                file.flush()
                found.append(explanation)
        if options.format == "seed":
            write_atomically(part, "".join(explanation.line() + "\n" for explanation in found))
    LOGGER.info("%d explanations are in %s", len(found), path)
    return found


def _found_before(part: Path, session: Session, asked: Sequence[Asked], options: ExplainOptions) -> list[Explanation]:
    """What there is in an unfinished file; nothing, where it is not the beginning of what is asked for now."""
    if not part.exists():
        return []
    try:
        found = read_explanations(part)
    except InputError as error:
        LOGGER.info("note: %s; it is replaced", error)
        return []
    made = [(old.provenance, old.source, old.number, old.tokens) for old in found]
    here = options.provenance(options.method), options.source
    if made != [(*here, one.number, session.read(one).tokens) for one in asked[: len(found)]]:
        LOGGER.info("note: %s is of another command, and is replaced", part)
        return []
    LOGGER.info("going on after %d explanations in %s", len(found), part)
    return found
