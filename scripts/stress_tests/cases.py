"""Places and options that all kinds of cases share."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from stress_tests.downloads import Server
from stress_tests.material import copy_of
from stress_tests.processes import Command
from stress_tests.report import Outcome


@dataclass(frozen=True)
class Stage:
    """Place of the cases of one run of this script.

    Attributes:
        good: the folder with good data and models.
        root: the folder of the cases' folders.
        server: server of the sites in them.
        seed: seed of all cases.
        keep: keep the folders of mishandled cases.
    """

    good: Path
    root: Path
    server: Server
    seed: int
    keep: bool

    def random(self, kind: str, number: int) -> Random:
        """Return the generator of a case, which depends on nothing but seed, kind and number."""
        return Random(f"{self.seed} {kind} {number}")

    def repeat(self, kind: str, number: int) -> str:
        """Return the command that repeats a case."""
        return f"python scripts/stress.py --only {kind} --seed {self.seed} --case {number} --keep FOLDER"

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """Copy the good folder for a case, and remove the copy afterwards unless :meth:`save` was called."""
        folder = copy_of(self.good, self.root / name)
        try:
            yield folder
        finally:
            if not (folder / COMMAND_FILE).exists():
                shutil.rmtree(folder)

    def snapshot(self, folder: Path) -> None:
        """Copy the folder of a case before its command runs, if folders are kept."""
        if self.keep:
            copy_of(folder, folder.with_suffix(BEFORE))

    def save(self, outcome: Outcome, folder: Path, command: Command) -> Outcome:
        """Mark the folder of a mishandled case to be kept, with the command in a file, if folders are kept.

        A folder of which there is a snapshot is kept as it was before the command ran.
        """
        before = folder.with_suffix(BEFORE)
        if self.keep and outcome.fault is not None:
            if before.exists():
                shutil.rmtree(folder)
                before.rename(folder)
            text = (
                f"# {outcome.target}: {outcome.tried}\n# {outcome.fault.message}\npython {shlex.join(command.words)}\n"
            )
            (folder / COMMAND_FILE).write_text(text, encoding="utf-8")
        elif before.exists():
            shutil.rmtree(before)
        return outcome


BEFORE = ".before"
"""Ending of the name of a snapshot."""
COMMAND_FILE = "COMMAND.txt"
"""File in the folder of a mishandled case with the last command, to be run in that folder."""
