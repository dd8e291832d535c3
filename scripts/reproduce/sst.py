"""Train the paper's SST models over several seeds and print test accuracy and selected share (paper, section 6.2).

    python scripts/reproduce/sst.py                        # all models, five seeds, two at a time
    python scripts/reproduce/sst.py --models latent_30pct --seeds 1 2
    python scripts/reproduce/sst.py --table                # only the table of what is there

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

MODELS = {
    "baseline": ["--model", "baseline"],
    "latent_30pct": ["--model", "latent", "--selection", "0.3"],
    "bernoulli": ["--model", "rl", "--sparsity", "0.008"],
    "bernoulli_rloo": ["--model", "rl", "--sparsity", "0.006", "--control-variate", "rloo"],
}
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
    print_table(options)
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


def print_table(options: argparse.Namespace) -> None:
    """Means over seeds with 95 % intervals, in per cent, as Markdown."""
    print("| model | seeds | dev accuracy | test accuracy | test selected |")
    print("|---|---|---|---|---|")
    for model in options.models:
        paths = [options.to / f"{model}_seed{seed}" / "results.json" for seed in options.seeds]
        runs = [json.loads(path.read_text()) for path in paths if path.exists()]
        cells = [interval([run.get(name, 1.0) for run in runs]) for name in ("dev_acc", "test_acc", "test_selected")]
        print(f"| {model} | {len(runs)} | {' | '.join(cells)} |")


def interval(values: list[float]) -> str:
    """Mean and half-width of the interval."""
    if len(values) not in STUDENT_95:
        return " ".join(f"{100 * value:.1f}" for value in values) or "-"
    return f"{100 * fmean(values):.1f} ± {100 * STUDENT_95[len(values)] * stdev(values) / math.sqrt(len(values)):.1f}"


if __name__ == "__main__":
    sys.exit(main())
