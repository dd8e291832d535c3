"""Disks that fill up while a job writes: a small file system in memory, or a limit on the size of files."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stress_tests.cases import Stage
from stress_tests.jobs import JOBS, LIMITS, Job, Reference, reference_of, size_of
from stress_tests.material import files_of
from stress_tests.processes import run
from stress_tests.report import REFUSED, Fault, Outcome, fault_of

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
    name = f"disk-{number}"
    place = stage.root / name
    size = size_of(stage.good) + 16 * BLOCK + round(share * reference.growth) if mounts else None
    with _mounted(place, size) if size is not None else _unmounted(place), stage.folder(f"{name}/work") as folder:
        longest = max(map(len, reference.files.values()))
        limits = LIMITS if mounts else replace(LIMITS, file_size=round(share * longest))
        before = files_of(folder / "results")
        command = stage.server.fill(job.command, folder)
        ended = run(command, folder, limits)
        fault = fault_of(ended, command.prefix)
        if fault is None and ended.code == REFUSED and job.save_path is None:
            after = files_of(folder / "results")
            lost = [name for name in before if name.endswith(SURVIVORS) and after.get(name) != before[name]]
            fault = Fault(f"{lost[0]} was changed") if lost else None
        refused = ended.code == REFUSED
        if fault is None:
            if mounts:
                _remount(place, 2 * size_of(folder) + 2**26)
            command = stage.server.fill(job.next_command(folder), folder)
            if refused:
                ended = run(command, folder, LIMITS)
            fault = fault_of(ended, command.prefix)
            if fault is None and ended.code == REFUSED:
                fault = Fault(f"cannot be continued: {ended.stderr.strip()[:110]}")
        if fault is None and (difference := reference.difference(folder)):
            fault = Fault(difference)
        tried = f"{share:.0%} of the space that it needs" if mounts else f"files of up to {limits.file_size} bytes"
        repeat = stage.repeat("disk", number)
        return Outcome(KIND, job.name, tried, repeat, refused and fault is None, fault)


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


@contextmanager
def _unmounted(folder: Path) -> Iterator[None]:
    folder.mkdir()
    try:
        yield
    finally:
        folder.rmdir()


def _remount(folder: Path, size: int) -> None:
    _run("mount", "-o", f"remount,size={size}", folder)


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)
