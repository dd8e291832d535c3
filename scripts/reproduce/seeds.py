"""Training several models over several seeds, and means over seeds: what the scripts beside it share."""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, stdev

Results = dict[str, float]
"""A run's ``results.json``."""

STUDENT_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}
"""Two-sided 95 % quantiles of Student's t, by the number of seeds."""


def run_seeds(
    task: str, models: Mapping[str, Sequence[str]], about: str, seeds: Sequence[int], jobs: int, threads: int
) -> dict[str, list[Results]]:
    """Train what the command line asks for, and read the results of what has finished, by model.

    Each run is a command of its own, printed as it starts. Runs that were interrupted go on where they stopped;
    finished ones are left alone. Ends the program with the exit code of the first run that fails.

    Args:
        task: whose ``train`` to call.
        models: the arguments of each model.
        about: what ``-h`` says.
        seeds: the default of ``--seeds``.
        jobs: the default of ``--jobs``.
        threads: of each run.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results") / task, help="folder for the runs")
    parser.add_argument("--models", nargs="+", choices=models, default=list(models))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(seeds))
    parser.add_argument("--epochs", type=int, help="instead of as many as the task trains by default")
    parser.add_argument("--jobs", type=int, default=jobs, help="runs at a time")
    parser.add_argument("--table", action="store_true", help="train nothing")
    options = parser.parse_args()
    length = [] if options.epochs is None else ["--num_iterations", str(-options.epochs)]
    folders = {model: {seed: options.to / f"{model}_seed{seed}" for seed in options.seeds} for model in options.models}
    if not options.table:
        work = [
            (folder, [*models[model], "--seed", str(seed), *length])
            for model, by_seed in folders.items()
            for seed, folder in by_seed.items()
        ]
        with ThreadPoolExecutor(options.jobs) as pool:
            codes = pool.map(lambda run: _train(task, run[0], run[1], threads), work)
        failed = [code for code in codes if code]
        if failed:
            sys.exit(failed[0])
    found = {model: [folder / "results.json" for folder in by_seed.values()] for model, by_seed in folders.items()}
    return {model: [json.loads(path.read_text()) for path in paths if path.exists()] for model, paths in found.items()}


def _train(task: str, folder: Path, arguments: Sequence[str], threads: int) -> int:
    """One run, its words in a log beside its folder. Returns its exit code."""
    if (folder / "results.json").exists():
        return 0
    command = [sys.executable, "-m", f"latent_rationale.{task}.train", *arguments, "--save_path", str(folder)]
    if (folder / "config.json").exists():
        command.append("--resume")
    print(" ".join(["python", *command[1:]]), flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.log").open("a") as log:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        return subprocess.run(command, stdout=log, stderr=log, env=environment).returncode


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As Markdown."""
    for row in (header, ["---"] * len(header), *rows):
        print(f"| {' | '.join(row)} |")


def interval(values: Sequence[float], scale: float = 100, digits: int = 1) -> str:
    """The mean with the half-width of its 95 % interval, scaled; for a single value that alone."""
    if len(values) not in STUDENT_95:
        return " ".join(f"{scale * value:.{digits}f}" for value in values) or "-"
    half = STUDENT_95[len(values)] * stdev(values) / math.sqrt(len(values))
    return f"{scale * fmean(values):.{digits}f} ± {scale * half:.{digits}f}"
