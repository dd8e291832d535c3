"""Try to break the commands: kills, bad inputs, a full disk, two runs in one folder.

    python scripts/stress.py                                  # 100 kills, 1,000 bad inputs, disks and pairs of runs
    python scripts/stress.py --only inputs --inputs 5000 --seed 2
    python scripts/stress.py --only inputs --case 137 --keep stress_case

Data and models are small, made up and trained on the spot; nothing is downloaded. A command must end with exit code 0,
or with exit code 2 and one line on stderr; a refused command must leave the results folder as it was; and a job that
was interrupted must end with the same files as one that was not, byte by byte. A table of what was tried, in Markdown,
is printed at the end, after the mishandled cases grouped by the function at fault. The exit code is 1 if there are any.

Each case depends only on its number and the seed (and, for kills, on the speed of the machine).
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: children are forked, threads are not

if os.name != "posix":
    sys.exit("error: this script forks, sends signals and limits memory, which Linux and macOS can do; run it there")

import torch
from stress_tests import disks, inputs, kills, two_runs
from stress_tests.cases import Stage
from stress_tests.downloads import Server
from stress_tests.material import make_material
from stress_tests.processes import preload
from stress_tests.report import Outcome, faults, table

KINDS = ("kills", "inputs", "disk", "two-runs")
NO_DISK = "Small file systems need root; the size of files was limited instead."


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line, by default that of the process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="interrupted jobs (default: 100)")
    parser.add_argument("--inputs", type=int, default=1000, metavar="M", help="bad inputs (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of all cases (default: 1)")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="only these kinds of cases")
    parser.add_argument("--case", type=int, metavar="NUMBER", help="only this case of the one kind that --only names")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the folders of mishandled cases in FOLDER")
    options = parser.parse_args(arguments)
    if options.case is not None and len(options.only) != 1:
        parser.error("--case: needs --only with one kind")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the cases and print the tables; returns the exit code."""
    options = read_options(arguments)
    torch.set_num_threads(1)
    preload()
    with ExitStack() as stack:
        place = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stress-")))
        place.mkdir(parents=True, exist_ok=True)
        root = place.resolve()
        good = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stress-good-"))).resolve() / "good"
        good.mkdir()
        make_material(good)
        server = stack.enter_context(Server(root))
        stage = Stage(good, root, server, options.seed, options.keep is not None)
        mounts = disks.can_mount(root)
        outcomes: list[Outcome] = []
        try:
            outcomes.extend(_shown(_outcomes(stage, options, mounts)))
        except KeyboardInterrupt:
            print("stopped; these are the cases so far", file=sys.stderr)
    if any(outcome.fault for outcome in outcomes):
        print(faults(outcomes))
    disk_was_limited = not mounts and any(outcome.kind == disks.KIND for outcome in outcomes)
    print(table(outcomes, [NO_DISK] * disk_was_limited))
    return 1 if any(outcome.fault for outcome in outcomes) else 0


def _outcomes(stage: Stage, options: argparse.Namespace, mounts: bool) -> Iterator[Outcome]:
    counts = {"kills": options.kills, "inputs": options.inputs, "disk": disks.CASES, "two-runs": two_runs.CASES}
    for kind in options.only:
        numbers = range(1, counts[kind] + 1) if options.case is None else range(options.case, options.case + 1)
        match kind:
            case "kills":
                yield from kills.check_kills(stage, numbers)
            case "inputs":
                yield from inputs.check_inputs(stage, numbers)
            case "disk":
                yield from disks.check_disks(stage, numbers, mounts)
            case _:
                yield from two_runs.check_two_runs(stage, numbers)


def _shown(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Pass on outcomes, and report progress on stderr."""
    start, mishandled = time.monotonic(), 0
    for number, outcome in enumerate(outcomes, start=1):
        mishandled += outcome.fault is not None
        if number % 20 == 0:
            seconds = time.monotonic() - start
            print(f"{number} cases in {seconds:.0f} s, {mishandled} mishandled", file=sys.stderr, flush=True)
        yield outcome


if __name__ == "__main__":
    sys.exit(main())
