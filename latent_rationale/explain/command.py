"""Explanation of sentences or of a text: work of the command ``python -m latent_rationale.explain``."""

import json
from collections.abc import Sequence
from pathlib import Path

from latent_rationale.common.experiment.commands import tokenizer_for, user_example
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import track
from latent_rationale.common.utils.writing import unfinished, writable_folder, write_atomically
from latent_rationale.explain.hierarchy.explanation import Explanation, read_explanations
from latent_rationale.explain.options import ExplainOptions
from latent_rationale.explain.session import Session
from latent_rationale.explain.settings import Phrasing
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


def run_explain(options: ExplainOptions) -> None:
    """Explain sentences of a data set or a text of the user, and show the first explanations.

    Raises:
        InputError: if the models, the data or the text cannot be used.
    """
    session = Session(options)
    if options.label is not None:
        session.texts.label_named(options.label)  # reports an unknown name before any work
    if options.text is None:
        requests = session.examples()
    else:
        tokenize = tokenizer_for(session.task, options.tokenized)
        requests = [ExplainRequest(0, user_example(session.task, {"text": options.text}, tokenize))]
    for explanation in _write(session.texts, requests, options)[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))


def _phrasing(options: ExplainOptions) -> Phrasing:
    return Phrasing(percentile=options.percentile) if options.agg else Phrasing(longest=options.longest)


def _write(texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions) -> list[Explanation]:
    """Write explanations to a file one by one, and return all of them.

    If an interrupted run of the same command left an unfinished file, its explanations are kept and the rest is added.
    """
    path = writable_folder(options.folder) / f"{options.file_name}.jsonl"
    with unfinished(path) as part:
        explanations = _previous_explanations(part, texts, requests, options)
        # Written again, because the last line of the unfinished file may be incomplete.
        write_atomically(part, "".join(map(_line, explanations)))
        remaining = requests[len(explanations) :]
        new = texts.explain(remaining, options.method, _phrasing(options), options.label, options.source)
        with part.open("a", encoding="utf-8") as file:
            for explanation in track(new, "sentence", len(remaining)):
                file.write(_line(explanation))
                file.flush()  # an interruption must not lose explanations, some of which take seconds
                explanations.append(explanation)
    LOGGER.info("%d explanations are in %s", len(explanations), path)
    if options.format == "seed":
        lines = path.with_suffix(".txt")
        write_atomically(lines, "".join(explanation.line() + "\n" for explanation in explanations))
        LOGGER.info("the same explanations in the format of the original implementation are in %s", lines)
    return explanations


def _line(explanation: Explanation) -> str:
    return json.dumps(explanation.to_json(), ensure_ascii=False) + "\n"


def _previous_explanations(
    part: Path, texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions
) -> list[Explanation]:
    """Read the explanations of an unfinished file that this command would compute again.

    They count only up to the first one whose model, method, settings, sentence or class differs from the request at its
    place.
    """
    if not part.exists():
        return []
    provenance = texts.provenance(options.method, _phrasing(options))
    explanations = []
    try:
        for previous, request in zip(read_explanations(part), requests, strict=False):
            explained = texts.names[texts.explained_label(previous.label, options.label)]
            requested = provenance, options.source, request.number, texts.encode(request).tokens, explained
            actual = previous.provenance, previous.source, previous.number, previous.tokens, previous.explained
            if actual != requested:
                break
            explanations.append(previous)
    except InputError:
        pass  # the last line is incomplete if the process was killed while it was written
    if explanations:
        LOGGER.info("continuing after %d explanations in %s", len(explanations), part)
    else:
        LOGGER.info("note: %s belongs to another run and is replaced", part)
    return explanations
