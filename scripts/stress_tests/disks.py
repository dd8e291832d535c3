"""Disks that fill up while a job writes: a small file system in memory, or a limit on the size of files."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from stress_tests.cases import Stage
from stress_tests.jobs import JOBS, LIMITS, Job, Reference, reference_of, size_of
from stress_tests.material import files_of
from stress_tests.processes import OK, REFUSED, Limits, run
from stress_tests.report import Fault, Outcome, fault_of

KIND = "full disk"
SHARES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
"""Sizes of the disk, as shares of what the job needs."""
CASES = len(JOBS) * len(SHARES)
BLOCK = 4096
SURVIVORS = ("best.safetensors", "vocabulary.txt", "config.json")
"""Files of a trained model that a command other than training must leave as they were."""


def can_mount(folder: Path) -> bool:
    """Return whether this process may mount a small file system."""
    if os.geteuid() != 0:
        return False
    try:
        with _mounted(folder / "probe", 2**20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def check_disks(stage: Stage, numbers: range, mounts: bool) -> Iterator[Outcome]:
    """Run one job per case on a disk that is too small, then continue it with enough space.

    Args:
        stage: place of the cases.
        numbers: numbers of the cases, which decide job and size.
        mounts: mount a small file system; else the size of each file is limited instead of their sum.

    Yields:
        The outcome of each case.
    """
    references: dict[Job, Reference] = {}
    for number in numbers:
        job, share = JOBS[(number - 1) % len(JOBS)], SHARES[(number - 1) // len(JOBS) % len(SHARES)]
        if job not in references:
            references[job] = reference_of(stage, job)
        yield _check_disk(stage, job, share, number, references[job], mounts)


def _check_disk(stage: Stage, job: Job, share: float, number: int, reference: Reference, mounts: bool) -> Outcome:
    """Run a job on a disk with a share of the space that it needs."""
    place = stage.root / f"disk-{number}"
    need = reference.growth + sum(map(len, reference.files.values()))
    repeat = stage.repeat("disk", number)
    if mounts:
        with _mounted(place, 2 * (size_of(stage.good) + need) + 2**20), stage.folder(f"{place.name}/work") as folder:
            filler = _fill(place, round(share * need))
            refused, fault = _run_out_of_space(stage, job, reference, folder, LIMITS, filler)
        return Outcome(KIND, job.name, f"{share:.0%} of the space that it needs", repeat, refused, fault)
    with stage.folder(place.name) as folder:
        limits = replace(LIMITS, file_size=round(share * max(map(len, reference.files.values()))))
        refused, fault = _run_out_of_space(stage, job, reference, folder, limits)
    return Outcome(KIND, job.name, f"files of up to {limits.file_size} bytes", repeat, refused, fault)


def _run_out_of_space(
    stage: Stage, job: Job, reference: Reference, folder: Path, limits: Limits, filler: Path | None = None
) -> tuple[bool, Fault | None]:
    """Run a job without enough space and continue it with enough; return whether it was refused, and what is wrong.

    Args:
        stage: place of the cases.
        job: the job.
        reference: its results with enough space.
        folder: its working directory.
        limits: limits of the first run.
        filler: file that occupies the disk, which is removed after the first run.
    """
    before = files_of(folder / "results")
    command = stage.server.fill(job.command, folder)
    ended = run(command, folder, limits)
    refused = ended.code == REFUSED
    if (fault := fault_of(ended, command.prefix)) is not None:
        return False, fault
    if refused and job.save_path is None:
        after = files_of(folder / "results")
        lost = [name for name in before if name.endswith(SURVIVORS) and after.get(name) != before[name]]
        if lost:
            return True, Fault(f"{lost[0]} was changed")
    if filler is not None:
        filler.unlink()
    if refused:
        command = stage.server.fill(job.next_command(folder), folder)
        ended = run(command, folder, LIMITS)
        if ended.code != OK:
            return True, fault_of(ended, command.prefix) or Fault(f"cannot be continued: {ended.stderr.strip()[:110]}")
    difference = reference.difference(folder)
    return refused, Fault(difference) if difference else None


def _fill(disk: Path, free: int) -> Path:
    """Fill a disk with a file of zeros but for some bytes, and return the file."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(bytes(BLOCK)):
                pass
        file.truncate(max(file.tell() - free, 0))
    return filler


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system of a size in bytes, in memory, on a new folder."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        try:
            yield
        finally:
            _run("umount", "--lazy", folder)
    finally:
        folder.rmdir()


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)
