"""Training with several seeds, confidence intervals over seeds, and tables; shared by the reproduction scripts."""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from statistics import fmean, stdev

Results = dict[str, float]
"""Contents of the ``results.json`` of a run."""

STUDENT_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}
"""Two-sided 95 % quantiles of Student's t distribution, by the number of seeds."""


def run_seeds(
    task: str, models: Mapping[str, Sequence[str]], about: str, seeds: Sequence[int], jobs: int, threads: int
) -> dict[str, list[Results]]:
    """Parse the command line, train the selected models with the selected seeds, and return their results.

    Each run is a separate process, whose command is printed at its start. Interrupted runs are resumed; finished runs
    are not repeated. If a run fails, the program exits with the exit code of the first failed run.

    Args:
        task: the task whose ``train`` command is run.
        models: the arguments of ``train`` for each model.
        about: the text of ``-h``.
        seeds: the default of ``--seeds``.
        jobs: the default of ``--jobs``.
        threads: the number of threads of each run.

    Returns:
        The results of the finished runs of each model, one per seed.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results") / task, help="folder for the runs")
    parser.add_argument("--models", nargs="+", choices=models, default=list(models))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(seeds))
    parser.add_argument("--epochs", type=int, help="number of epochs (default: that of the task)")
    parser.add_argument("--jobs", type=int, default=jobs, help="number of runs at the same time")
    parser.add_argument("--table", action="store_true", help="train nothing; print the tables of finished runs")
    options = parser.parse_args()
    length = [] if options.epochs is None else ["--num_iterations", str(-options.epochs)]
    folders = {model: {seed: options.to / f"{model}_seed{seed}" for seed in options.seeds} for model in options.models}
    if not options.table:
        runs = [
            (folder, [*models[model], "--seed", str(seed), *length])
            for model, by_seed in folders.items()
            for seed, folder in by_seed.items()
        ]
        # Threads suffice: each one only waits for the process of its run.
        with ThreadPoolExecutor(options.jobs) as pool:
            codes = pool.map(lambda run: _train(task, run[0], run[1], threads), runs)
        failed = [code for code in codes if code]
        if failed:
            sys.exit(failed[0])
    return {
        model: [read_results(folder) for folder in by_seed.values() if (folder / "results.json").exists()]
        for model, by_seed in folders.items()
    }


def read_results(folder: Path) -> Results:
    """Read ``results.json`` of a run, with ``epochs`` and ``best_epoch`` if the run was evaluated once per epoch."""
    results: Results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if (folder / "metrics.jsonl").exists():
        rows = map(json.loads, (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
        evaluations = [row["iteration"] for row in rows if row["split"] == "dev"]
        results |= {"epochs": len(evaluations), "best_epoch": results["best_iter"] / evaluations[0]}
    return results


def _train(task: str, folder: Path, arguments: Sequence[str], threads: int) -> int:
    """Run one training, or resume it, with its output in a log file beside its folder.

    Args:
        task: the task whose ``train`` command is run.
        folder: the results folder.
        arguments: the arguments of ``train``.
        threads: the number of threads of OpenMP.

    Returns:
        The exit code; 0 if the run had finished before.
    """
    if (folder / "results.json").exists():
        return 0
    command = [sys.executable, "-m", f"latent_rationale.{task}.train", *arguments, "--save_path", str(folder)]
    # Results are written at the end of a run, and the configuration at its start: only the latter means interrupted.
    if (folder / "config.json").exists():
        command.append("--resume")
    print(" ".join(["python", *command[1:]]), flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.log").open("a", encoding="utf-8") as log:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        return subprocess.run(command, stdout=log, stderr=log, env=environment).returncode


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, each row as soon as it is there."""
    for row in chain((header, ["---"] * len(header)), rows):
        print(f"| {' | '.join(row)} |", flush=True)


def interval(values: Sequence[float], scale: float = 100, digits: int = 1) -> str:
    """Format the mean of values and the half-width of its 95 % confidence interval (Student's t).

    Args:
        values: one value per seed. A single value is formatted without an interval, no value as ``-``.
        scale: the factor that mean and half-width are multiplied by; 100 gives percent.
        digits: the number of decimal places.
    """
    if len(values) not in STUDENT_95:
        return " ".join(f"{scale * value:.{digits}f}" for value in values) or "-"
    half = STUDENT_95[len(values)] * stdev(values) / math.sqrt(len(values))
    return f"{scale * fmean(values):.{digits}f} ± {scale * half:.{digits}f}"
