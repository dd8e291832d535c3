"""Two runs at once into one folder, of which at least one must give way or both leave a whole result."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stress_tests.cases import Stage
from stress_tests.jobs import JOBS, LIMITS, NEW_SEED, Job, Reference, reference_of
from stress_tests.processes import OK, POLL_SECONDS, REFUSED, Child, Command, Ended, run
from stress_tests.report import Fault, Outcome, fault_of

KIND = "two runs"
SHARES = (0.0, 0.3, 0.8)
"""Moments at which the second run begins, as shares of the duration of the first."""
OTHER = {"explain": ("--seed", "3"), "evaluate explanations": ("--seed", "3")}
"""Arguments of the second run where it is to be another one; trainings have another seed."""


@dataclass(frozen=True)
class Pair:
    """Job that runs twice at once.

    Attributes:
        job: the job.
        resumed: both runs resume a training.
    """

    job: Job
    resumed: bool = False

    @property
    def name(self) -> str:
        """Name in the table."""
        return self.job.name + (" --resume" if self.resumed else "")

    def second(self, command: Command) -> Command:
        """Return the command of the second run, given that of the first."""
        more = OTHER.get(self.job.name, ())
        if self.job.save_path is not None:
            more = ("--seed", str(NEW_SEED + 1))
        return command if self.resumed else command.with_arguments(*more)


PAIRS = (*map(Pair, JOBS), Pair(JOBS[0], resumed=True))
CASES = len(PAIRS) * len(SHARES)


def check_two_runs(stage: Stage, numbers: range) -> Iterator[Outcome]:
    """Start a job twice per case, the second time while the first runs.

    Args:
        stage: place of the cases.
        numbers: numbers of the cases, which decide the job and when the second run begins.

    Yields:
        The outcome of each case.
    """
    references: dict[Pair, tuple[Reference, Reference]] = {}
    for number in numbers:
        pair, share = PAIRS[(number - 1) % len(PAIRS)], SHARES[(number - 1) // len(PAIRS) % len(SHARES)]
        if pair not in references:
            references[pair] = reference_of(stage, pair.job), reference_of(stage, pair.job, pair.second)
        with stage.folder(f"two-runs-{number}") as folder:
            command = stage.server.fill(pair.job.command, folder)
            if pair.resumed:
                command = _half_done(pair.job, command, folder)
            refused, fault = _run_both(pair, command, references[pair], share, folder)
            tried = f"the second begins after {share:.0%}"
            outcome = Outcome(KIND, pair.name, tried, stage.repeat("two-runs", number), refused, fault)
            yield stage.save(outcome, folder, command)


def _half_done(job: Job, command: Command, folder: Path) -> Command:
    """Run the first steps of a training and return the command that resumes it to the end."""
    run(command.with_arguments("--num_iterations", "6"), folder, LIMITS)
    return job.next_command(folder).with_arguments("--num_iterations", "60")


def _run_both(
    pair: Pair, command: Command, references: tuple[Reference, Reference], share: float, folder: Path
) -> tuple[bool, Fault | None]:
    """Run both commands; return whether one was refused, and what is wrong."""
    first = Child(command, folder, LIMITS)
    while first.age() < share * references[0].seconds:
        time.sleep(POLL_SECONDS)
    second = Child(pair.second(command), folder, LIMITS)
    ends = [first.wait(), second.wait()]
    for ended in ends:
        if (fault := fault_of(ended, command.prefix)) is not None:
            return False, fault
    refused = [ended.code == REFUSED for ended in ends]
    fault = _mixed(ends, references, folder)
    return any(refused) and fault is None, fault


def _mixed(ends: list[Ended], references: tuple[Reference, Reference], folder: Path) -> Fault | None:
    """Return what is wrong with the folder, which must hold the results of a run that ended well."""
    well = [reference for ended, reference in zip(ends, references, strict=True) if ended.code == OK]
    differences = [reference.difference(folder) for reference in well]
    if well and None not in differences:
        both = "both runs ended with 0" if len(well) == 2 else "one run was refused"
        return Fault(f"{both}, and {differences[0]}")
    return None if well else Fault(f"both runs were refused: {ends[0].stderr.strip()[:80]}")
