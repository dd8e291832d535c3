"""Explanation of sentences or of a text: work of the command ``python -m latent_rationale.explain``."""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from latent_rationale.common.experiment.commands import user_example
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import track
from latent_rationale.common.utils.writing import part_of, refuse_existing, unfinished, write_atomically
from latent_rationale.explain.hierarchy.explanation import Explanation, read_explanations
from latent_rationale.explain.options import ExplainOptions
from latent_rationale.explain.outputs import check_unfinished, claimed
from latent_rationale.explain.session import Session
from latent_rationale.explain.settings import Phrasing
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer


def run_explain(options: ExplainOptions) -> None:
    """Explain sentences of a data set or a text of the user, and show the first explanations.

    Raises:
        InputError: if the models, the data or the text cannot be used, or files would be replaced unasked.
    """
    refuse_existing(options.outputs, options.overwrite)
    session = Session(options)
    if options.label is not None:
        session.texts.label_named(options.label)  # reports an unknown name before any work
    if options.text is None:
        requests = session.examples()
    else:
        requests = [ExplainRequest(0, user_example(session.task, {"text": options.text}, options.tokenized))]
    if options.outputs:
        with claimed(options.outputs, options.overwrite):
            explanations = _write(session.texts, requests, options)
    else:
        explanations = list(_explain(session.texts, requests, options))
    for explanation in explanations[: options.show]:
        LOGGER.info("%s\n  %s", explanation.said, explanation.strongest(8))
    if options.outputs:
        LOGGER.info("%d explanations are in %s", len(explanations), " and ".join(map(str, options.outputs)))
    else:
        LOGGER.info("the explanation is in no file; --save-path DIR or --exp-name .NAME writes it")


def _phrasing(options: ExplainOptions) -> Phrasing:
    return Phrasing(percentile=options.percentile) if options.agg else Phrasing(longest=options.longest)


def _explain(
    texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions
) -> Iterator[Explanation]:
    return texts.explain(requests, options.method, _phrasing(options), options.label, options.source)


def _write(texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions) -> list[Explanation]:
    """Write explanations to a file one by one, and return all of them.

    If an interrupted run of the same command left an unfinished file, its explanations are kept and the rest is added.

    Raises:
        InputError: if the unfinished file is of another run, and the user did not set ``--overwrite``.
    """
    path, *seed_format = options.outputs
    explanations = _previous_explanations(part_of(path), texts, requests, options)
    with unfinished(path) as part:
        # Written again, because the last line of the unfinished file may be incomplete.
        write_atomically(part, "".join(map(_line, explanations)))
        remaining = requests[len(explanations) :]
        with part.open("a", encoding="utf-8") as file:
            for explanation in track(_explain(texts, remaining, options), "sentence", len(remaining)):
                file.write(_line(explanation))
                file.flush()  # an interruption must not lose explanations, some of which take seconds
                explanations.append(explanation)
        for lines in seed_format:
            write_atomically(lines, "".join(explanation.line() + "\n" for explanation in explanations))
    return explanations


def _line(explanation: Explanation) -> str:
    return json.dumps(explanation.to_json(), ensure_ascii=False) + "\n"


def _previous_explanations(
    part: Path, texts: TextExplainer, requests: Sequence[ExplainRequest], options: ExplainOptions
) -> list[Explanation]:
    """Read the explanations of an unfinished file, up to the first one that this command would not compute again.

    That one differs from the request at its place in the model, method, settings, sentence or class.

    Raises:
        InputError: if there is such an explanation or the file holds something else, and the user did not set
            ``--overwrite``.
    """
    if not part.exists():
        return []
    found = _readable_explanations(part)
    pairs = zip(found, requests, strict=False)
    explanations = [previous for previous, _ in takewhile(lambda pair: _answers(*pair, texts, options), pairs)]
    # A run that is killed while it writes its first line leaves a single line that is cut off.
    foreign = len(explanations) < min(len(found), len(requests)) or (not found and b"\n" in part.read_bytes())
    usable = f"{len(explanations)} explanations" if explanations else ""
    check_unfinished(part, usable, foreign, options.overwrite)
    return explanations


def _answers(previous: Explanation, request: ExplainRequest, texts: TextExplainer, options: ExplainOptions) -> bool:
    """Tell whether an earlier explanation is the one that a request would give."""
    if len(previous.probabilities) != len(texts.names):
        return False
    explained = texts.names[texts.explained_label(previous.label, options.label)]
    provenance = texts.provenance(options.method, _phrasing(options))
    requested = provenance, options.source, request.number, texts.encode(request).tokens, explained
    actual = previous.provenance, previous.source, previous.number, previous.tokens, previous.explained
    return actual == requested


def _readable_explanations(part: Path) -> list[Explanation]:
    """Return the explanations of an unfinished file, up to a line that a kill cut off."""
    explanations = []
    try:
        for explanation in read_explanations(part):
            explanations.append(explanation)
    except InputError:
        pass
    return explanations
