"""Train the paper's SST models over several seeds and print what they reach (paper, section 6.2).

    python scripts/reproduce/sst.py                        # all models, five seeds, two at a time
    python scripts/reproduce/sst.py --models latent_30pct --seeds 1 2
    python scripts/reproduce/sst.py --table                # only the table of what is there

The second table is the paper's figure 5: how much of the dev words of each sentiment class a model selects.
Each run is a command of its own, printed as it starts, with one thread per process. Runs that were interrupted go on
where they stopped; finished ones are left alone.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, stdev

from latent_rationale.sst.reader import CLASSES

MODELS = {
    "baseline": ["--model", "baseline"],
    "latent_30pct": ["--model", "latent", "--selection", "0.3"],
    "bernoulli": ["--model", "rl", "--sparsity", "0.008"],
    "bernoulli_rloo": ["--model", "rl", "--sparsity", "0.006", "--control-variate", "rloo"],
}
Results = dict[str, float]
"""A run's ``results.json``."""

STUDENT_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}
"""Two-sided 95 % quantiles of Student's t, by the number of seeds."""


def main() -> int:
    """Run and print. Returns the exit code: that of the first run that failed."""
    options = parse_options()
    jobs = [(model, seed) for model in options.models for seed in options.seeds]
    if not options.table:
        with ThreadPoolExecutor(options.jobs) as pool:
            codes = list(pool.map(lambda job: train(job[0], job[1], options.to), jobs))
        if any(codes):
            return next(filter(None, codes))
    runs = {model: finished_runs(model, options) for model in options.models}
    print_accuracy(runs)
    print_selected_by_class(runs)
    return 0


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results/sst"), help="folder for the runs")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--table", action="store_true", help="train nothing")
    return parser.parse_args()


def train(model: str, seed: int, to: Path) -> int:
    """One run, its words in a log beside its folder. Returns its exit code."""
    folder = to / f"{model}_seed{seed}"
    if (folder / "results.json").exists():
        return 0
    command = [sys.executable, "-m", "latent_rationale.sst.train", *MODELS[model]]
    command += ["--seed", str(seed), "--save_path", str(folder)]
    if (folder / "config.json").exists():
        command.append("--resume")
    print(" ".join(["python", *command[1:]]), flush=True)
    to.mkdir(parents=True, exist_ok=True)
    with (to / f"{folder.name}.log").open("a") as log:
        return subprocess.run(command, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"}).returncode


def finished_runs(model: str, options: argparse.Namespace) -> list[Results]:
    """The results of a model's finished runs."""
    paths = [options.to / f"{model}_seed{seed}" / "results.json" for seed in options.seeds]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def print_accuracy(runs: dict[str, list[Results]]) -> None:
    """Means over seeds with 95 % intervals, in per cent, as Markdown."""
    print("| model | seeds | dev accuracy | test accuracy | test selected |")
    print("|---|---|---|---|---|")
    for model, found in runs.items():
        cells = [interval([run.get(name, 1.0) for run in found]) for name in ("dev_acc", "test_acc", "test_selected")]
        print(f"| {model} | {len(found)} | {' | '.join(cells)} |")


def print_selected_by_class(runs: dict[str, list[Results]]) -> None:
    """The share of the dev words of each class that is selected, in per cent, as Markdown."""
    print(f"\n| selected of | {' | '.join(CLASSES)} |")
    print("|---|" + "---|" * len(CLASSES))
    for model, found in runs.items():
        if found and "dev_words_0" in found[0]:
            shares = ([run[f"dev_selected_words_{c}"] / run[f"dev_words_{c}"] for run in found] for c in range(5))
            print(f"| {model} | {' | '.join(map(interval, shares))} |")


def interval(values: list[float]) -> str:
    """Mean and half-width of the interval."""
    if len(values) not in STUDENT_95:
        return " ".join(f"{100 * value:.1f}" for value in values) or "-"
    return f"{100 * fmean(values):.1f} ± {100 * STUDENT_95[len(values)] * stdev(values) / math.sqrt(len(values)):.1f}"


if __name__ == "__main__":
    sys.exit(main())
