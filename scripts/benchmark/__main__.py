"""Measure the speed of training and explanations, beside plain implementations and what the processor could do.

    python scripts/benchmark sst
    python scripts/benchmark snli
    python scripts/benchmark beer          # minutes
    python scripts/benchmark beer --ckpt results/beer/latent_a0      # of a trained model, which selects unevenly
    python scripts/benchmark explain --ckpt results/sst/baseline2 --lm results/sst/lm      # minutes
    python scripts/benchmark pieces --ckpt results/sst/baseline2 --lm results/sst/lm       # minutes

Times the training steps of the latent model with the options of the paper, for SNLI those of decomposable attention
and its predictions too. Ours and the plain one take turns on the same data, so that a noisy machine slows both; shown
are medians, after a warm-up. ``pieces`` prints a table of the compiled operators, each on and off in the commands that
it serves, with one thread and with two. Needs the data and its word vectors. Threads wait as in the commands.
"""

import argparse
import sys
from pathlib import Path

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.process import prepare_process


def main() -> int:
    """Run the benchmark that the command line names. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["sst", "beer", "snli", "explain", "pieces"])
    parser.add_argument("--rounds", type=int, default=12, help="how often the implementations take turns")
    parser.add_argument("--steps", type=int, help="steps per turn (default: 25, for beer 2)")
    parser.add_argument("--ckpt", type=Path, help="beer: the results folder of a latent model with dependent z")
    parser.add_argument("--lm", type=Path, help="explain, pieces: that of a language model; --ckpt is a classifier's")
    parser.add_argument("--only", default="", metavar="TEXT", help="pieces: rows with this in their names")
    options = parser.parse_args()
    prepare_process()
    try:
        run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    """Run the benchmark that the options name.

    Raises:
        InputError: if models, data or word vectors are missing.
    """
    # Imported here, since torch reads the settings of the process when it is loaded.
    from explanations import benchmark_explain
    from pieces import benchmark_pieces
    from training import benchmark_beer, benchmark_snli, benchmark_sst, benchmark_trained_beer

    if options.task in ("explain", "pieces") and (options.ckpt is None or options.lm is None):
        raise InputError(f"{options.task} needs --ckpt, a classifier of the treebank, and --lm, a language model")
    if options.task == "sst":
        benchmark_sst(options.rounds, options.steps or 25)
    elif options.task == "snli":
        benchmark_snli(options.rounds, options.steps or 25)
    elif options.task == "explain":
        benchmark_explain(options.ckpt, options.lm, options.rounds)
    elif options.task == "pieces":
        benchmark_pieces(options.ckpt, options.lm, options.rounds, options.only)
    elif options.ckpt is None:
        benchmark_beer(options.rounds, options.steps or 2)
    else:
        benchmark_trained_beer(options.ckpt, options.rounds, options.steps or 2)


if __name__ == "__main__":
    sys.exit(main())
