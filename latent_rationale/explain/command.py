"""Command ``python -m latent_rationale.explain``: explains sentences and writes them to a file."""

import json
from collections.abc import Sequence
from pathlib import Path

from latent_rationale.common.experiment.commands import user_example, tokenizer_for
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import unfinished, writable_folder, write_atomically
from latent_rationale.common.utils.progress import track
from latent_rationale.explain.hierarchy.explanation import Explanation, read_explanations
from latent_rationale.explain.options import ExplainOptions
from latent_rationale.explain.session import Session
from latent_rationale.explain.settings import Phrasing
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


def run_explain(options: ExplainOptions) -> None:
    """Explain sentences of a data set, or a text of the user."""
    session = Session(options)
    if options.label is not None:
        session.texts.label_named(options.label)
    if options.text is None:
        requests = session.examples()
    else:
        split = tokenizer_for(session.task, options.tokenized)
        requests = [ExplainRequest(0, user_example(session.task, {"text": options.text}, split))]
    for explanation in _write(session.texts, requests, options)[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def _phrasing(options: ExplainOptions) -> Phrasing:
    return Phrasing(percentile=options.percentile) if options.agg else Phrasing(longest=options.longest)


def _write(texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions) -> list[Explanation]:
    """Write explanations one by one, after those that a stopped run of the same command had found."""
    path = writable_folder(options.folder) / f"{options.file_name}.jsonl"
    with unfinished(path) as part:
        found = _found_before(part, texts, requests, options)
        write_atomically(part, "".join(map(_line, found)))
        rest = requests[len(found) :]
        explanations = texts.explain(rest, options.method, _phrasing(options), options.label, options.source)
        with part.open("a", encoding="utf-8") as file:
            for explanation in track(explanations, "sentence", len(rest)):
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
    part: Path, texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions
) -> list[Explanation]:
    """Read the whole lines of an unfinished file, as long as they are what is asked for now."""
    if not part.exists():
        return []
    provenance = texts.provenance(options.method, _phrasing(options))
    found = []
    try:
        for old, request in zip(read_explanations(part), requests, strict=False):
            explained = texts.names[texts.explained_label(old.label, options.label)]
            now = provenance, options.source, request.number, texts.encode(request).tokens, explained
            if (old.provenance, old.source, old.number, old.tokens, old.explained) != now:
                break
            found.append(old)
    except InputError:
        pass  # a line that a kill cut short
    if found:
        LOGGER.info("going on after %d explanations in %s", len(found), part)
    else:
        LOGGER.info("note: what is in %s is not the beginning of this, and is replaced", part)
    return found
