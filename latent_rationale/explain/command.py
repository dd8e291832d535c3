"""``python -m latent_rationale.explain``: from the options to explained sentences."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from latent_rationale.common.experiment.commands import own_example, tokenizer_for
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import unfinished, writable_folder, write_atomically
from latent_rationale.explain.hierarchy.agglomeration import ScoreSpans, agglomerate
from latent_rationale.explain.hierarchy.explanation import Explanation, read_explanations
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, all_spans, shorter_first
from latent_rationale.explain.options import ExplainOptions, parsed
from latent_rationale.explain.session import ExplainRequest, Session

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
        split = tokenizer_for(session.task, options.tokenized)
        asked = [ExplainRequest(0, own_example(session.task, {"text": options.text}, split))]
    for explanation in _write(session, asked, options)[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def explain(session: Session, asked: Sequence[ExplainRequest], options: ExplainOptions) -> Iterator[Explanation]:
    """The explanations of examples of the classifier's task, one after the other."""
    subject, provenance = session.subject, session.provenance(options.method)
    predictions = subject.predictor.predict_examples([one.example for one in asked])
    for one, prediction in zip(tqdm(asked, unit="sentence", dynamic_ncols=True), predictions, strict=True):
        sentence, label = session.read(one), subject.explained(prediction)
        length = len(sentence.tokens)
        score = session.scorer(options.method, label, sentence)
        tree = _tree(score, length, session.phrases_of(one, sentence), options)
        spans = all_spans(length, options.longest or LONGEST) if tree is None else shorter_first(tree.spans)
        yield Explanation(
            source=options.source,
            number=one.number,
            tokens=sentence.tokens,
            spans=tuple(spans),
            scores=tuple(score(spans)),
            tree=tree,
            explained=subject.names[label],
            said=prediction.summary,
            label=prediction.label,
            probabilities=prediction.scores,
            provenance=provenance,
        )


def _tree(score: ScoreSpans, length: int, known: Collection[Span], options: ExplainOptions) -> SpanTree | None:
    """How the phrases lie inside one another, as scores or the data say."""
    if options.agg:
        return agglomerate(score, length, options.percentile)
    return SpanTree.of({*known, (0, length)}) if known and options.longest is None else None


def _write(session: Session, asked: Sequence[ExplainRequest], options: ExplainOptions) -> list[Explanation]:
    """Write explanations as they come, after those that a run of the same command had found when it was stopped."""
    path = writable_folder(options.folder) / f"{options.file_name}.jsonl"
    with unfinished(path) as part:
        found = _found_before(part, session, asked, options)
        write_atomically(part, "".join(map(_line, found)))
        with part.open("a", encoding="utf-8") as file:
            for explanation in explain(session, asked[len(found) :], options):
                file.write(_line(explanation))
                file.flush()
                found.append(explanation)
    LOGGER.info("%d explanations are in %s", len(found), path)
    if options.format == "seed":
        write_atomically(path.with_suffix(".txt"), "".join(explanation.line() + "\n" for explanation in found))
        LOGGER.info("the original's lines are in %s", path.with_suffix(".txt"))
    return found


def _line(explanation: Explanation) -> str:
    return json.dumps(explanation.to_json(), ensure_ascii=False) + "\n"


def _found_before(
    part: Path, session: Session, asked: Sequence[ExplainRequest], options: ExplainOptions
) -> list[Explanation]:
    """What there is in an unfinished file, as far as it is whole and the beginning of what is asked for now."""
    if not part.exists():
        return []
    here = session.provenance(options.method), options.source
    found = []
    try:
        for old, one in zip(read_explanations(part), asked, strict=False):
            if (old.provenance, old.source, old.number, old.tokens) != (*here, one.number, session.read(one).tokens):
                break
            found.append(old)
    except InputError:
        pass  # a line that a kill cut short
    if found:
        LOGGER.info("going on after %d explanations in %s", len(found), part)
    else:
        LOGGER.info("note: what is in %s is not the beginning of this, and is replaced", part)
    return found
