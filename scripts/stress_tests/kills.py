"""Kills at random moments, after which a job is continued until it is done."""

import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

from stress_tests.cases import Stage
from stress_tests.jobs import JOBS, LIMITS, Job, Reference, reference_of
from stress_tests.processes import REFUSED, Child, Command, run
from stress_tests.report import Fault, Outcome, fault_of

KIND = "kills"
SHARE_OF_CTRL_C, SHARE_FRESH, MORE_KILLS = 0.25, 0.1, 0.3
"""Shares of interruptions by Ctrl-C, of continuations in a fresh interpreter, and of continuations killed again."""


def check_kills(stage: Stage, numbers: range) -> Iterator[Outcome]:
    """Kill one job per case and continue it.

    Args:
        stage: place of the cases.
        numbers: numbers of the cases, which decide job, signal and moment together with the seed. The moment is a
            share of the duration of an uninterrupted run, so it is not the same to the microsecond.

    Yields:
        The outcome of each case.
    """
    references: dict[Job, Reference] = {}
    for number in numbers:
        job = JOBS[(number - 1) % len(JOBS)]
        if job not in references:
            references[job] = reference_of(stage, job)
        with stage.folder(f"kills-{number}") as folder:
            rng = stage.random(KIND, number)
            tried, command, fault = _kill_and_continue(stage, job, references[job], folder, rng)
            outcome = Outcome(KIND, job.name, tried, stage.repeat("kills", number), False, fault)
            yield stage.save(outcome, folder, command)


def _kill_and_continue(
    stage: Stage, job: Job, reference: Reference, folder: Path, rng: Random
) -> tuple[str, Command, Fault | None]:
    """Interrupt a job one or several times and let it finish; return what was tried, the last command and the fault."""
    tried = []
    while True:
        command = stage.server.fill(job.next_command(folder), folder)
        number = signal.SIGINT if rng.random() < SHARE_OF_CTRL_C else signal.SIGKILL
        share = rng.random()
        tried.append(f"{number.name} after {share:.0%}")
        ended = Child(command, folder, LIMITS).wait(share * reference.seconds, number)
        fault = None if ended.code == -signal.SIGKILL else fault_of(ended, command.prefix, number == signal.SIGINT)
        if fault is not None or ended.code == REFUSED:
            break
        if rng.random() >= MORE_KILLS:
            fresh = rng.random() < SHARE_FRESH
            tried.append("continued" + " in a fresh interpreter" * fresh)
            command = stage.server.fill(job.next_command(folder), folder)
            ended = run(command, folder, LIMITS, fresh)
            fault = fault_of(ended, command.prefix)
            break
    if fault is None and ended.code == REFUSED:
        fault = Fault(f"cannot be continued: {ended.stderr.strip().replace(str(folder), '')[:110]}")
    if fault is None and (difference := reference.difference(folder)):
        fault = Fault(difference)
    return ", ".join(tried), command, fault
