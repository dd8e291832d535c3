"""Judgement of how commands end, and the tables of what was tried and mishandled."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stress_tests.processes import OK, REFUSED, ROOT, STOPPED, Ended

_FRAME = re.compile(r'File "([^"]+)", line (\d+)(?:,)? in (\S+)')


@dataclass(frozen=True)
class Fault:
    """Reason why a case was mishandled.

    Attributes:
        message: what is wrong.
        place: file and function of the product at fault, as far as known.
    """

    message: str
    place: str = ""


@dataclass(frozen=True)
class Outcome:
    """Result of one case.

    Attributes:
        kind: kind of the case, such as ``kills``.
        target: what was tried, such as the command or the damaged file.
        tried: description of the interruption or damage.
        repeat: options of this script that repeat the case.
        refused: whether a command refused to go on, with an error message.
        fault: reason why it was mishandled; None if it was not.
    """

    kind: str
    target: str
    tried: str
    repeat: str
    refused: bool = False
    fault: Fault | None = None


def fault_of(ended: Ended, prefix: str, may_stop: bool = False) -> Fault | None:
    """Return what is wrong with the end of a command: its exit code or its words on standard error.

    Args:
        ended: the end.
        prefix: the beginning that an error message must have.
        may_stop: whether the command was interrupted by Ctrl-C.
    """
    if ended.code is None:
        return Fault("exceeded the time limit", _last_place(ended.stderr, newest_first=True))
    if "Traceback (most recent call last)" in ended.stderr:
        return Fault(_exception(ended.stderr), _last_place(ended.stderr))
    if ended.code == OK or (may_stop and ended.code == STOPPED):
        return None
    lines = ended.stderr.splitlines()
    if ended.code != REFUSED:
        kind = f"ended by signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
        return Fault(": ".join([kind, *lines[-1:]])[:110])
    if len(lines) != 1 or not ended.stderr.startswith(prefix):
        return Fault(f"exit code 2 with {len(lines)} lines on stderr: {lines[0][:80] if lines else ''}")
    return None


def _exception(stderr: str) -> str:
    """Return the last exception of a traceback on one line, with numbers replaced so that like ones are equal."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    last = [number for number, line in enumerate(lines) if line.startswith("  File ")][-1:]
    ends = [line for line in lines[last[0] if last else 0 :] if line[0] not in " \t"]
    text = ends[0] if ends else lines[-1]
    if text.startswith("error: "):  # the traceback of another thread, which the end of the process cut off
        text = f'traceback of a background thread beside "{text}"'
    return re.sub(r"\d+", "N", text)[:110]


def _last_place(stderr: str, newest_first: bool = False) -> str:
    """Return file and function of the innermost frame of the product in a traceback."""
    frames = [(path.removeprefix(f"{ROOT}/"), function) for path, _, function in _FRAME.findall(stderr)]
    places = [
        f"{path}:{function}"
        for path, function in frames
        if path.startswith(("latent_rationale/", "scripts/")) and not path.startswith("scripts/stress")
    ]
    named = [place for place in places if not place.endswith(">")] or places  # rather than <lambda> or <genexpr>
    if not named:
        return ""
    return named[0 if newest_first else -1]


def table(outcomes: Sequence[Outcome], notes: Iterable[str]) -> str:
    """Return the Markdown table of what was tried, and notes on what could not be."""
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        counter = rows[outcome.kind, outcome.target]
        counter.update({"tried": 1, "refused": int(outcome.refused), "mishandled": int(outcome.fault is not None)})
    lines = ["| kind | target | tried | handled | of these refused | mishandled |", "|---|---|---|---|---|---|"]
    for (kind, target), n in rows.items():
        handled = n["tried"] - n["mishandled"]
        lines.append(f"| {kind} | {target} | {n['tried']} | {handled} | {n['refused']} | {n['mishandled']} |")
    total = sum(outcome.fault is not None for outcome in outcomes)
    refused = sum(outcome.refused for outcome in outcomes)
    lines.append(f"| all | | {len(outcomes)} | {len(outcomes) - total} | {refused} | {total} |")
    return "\n".join([*lines, *(f"\n{note}" for note in notes)])


def faults(outcomes: Iterable[Outcome], shown: int = 3) -> str:
    """Return the mishandled cases, grouped by place and message, the most frequent first.

    Args:
        outcomes: all outcomes.
        shown: how many cases of each group to list.
    """
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if (fault := outcome.fault) is not None:
            # Exceptions of one type at one place are one fault, whatever value each message names.
            groups[fault.place, fault.message.partition(":")[0] if fault.place else fault.message].append(outcome)
    lines = []
    for (place, kind), cases in sorted(groups.items(), key=lambda group: -len(group[1])):
        message = cases[0].fault.message if cases[0].fault else kind
        lines.append(f"{len(cases)} x {place}: {message}" if place else f"{len(cases)} x {message}")
        lines += [f"    {case.target}: {case.tried}\n      {case.repeat}" for case in cases[:shown]]
        lines += [f"    and {len(cases) - shown} more"] * (len(cases) > shown)
    return "\n".join(lines)
