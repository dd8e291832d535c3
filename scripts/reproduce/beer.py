"""Train the BeerAdvocate models of the paper and print their results (paper, section 6.1, tables 1 and 2).

    python scripts/reproduce/beer.py                       # all models: hours
    python scripts/reproduce/beer.py --models latent_a0 latent_a1 latent_a2 --epochs 30
    python scripts/reproduce/beer.py --table               # train nothing; print the tables of finished runs

The first table compares selected words with the human rationales of the aspect (precision, recall and so on). The
second gives the mean squared error of the predicted scores on the annotated reviews.
"""

import sys
from collections.abc import Sequence

from seeds import Results, interval, print_table, run_seeds

SMALL_BATCHES = ("--batch_size", "64")
"""Batch size; the paper uses 256, but on three (look) to nine times as many reviews, so that epochs have more steps."""

SHARES = {"0": "0.13", "1": "0.07", "2": "0.07"}
"""Target share of selected words for the aspects look, smell and palate."""

MODELS = {
    **{
        f"latent_a{aspect}": [
            *("--model", "latent", "--aspect", aspect, "--scheduler", "exponential", "--dependent-z"),
            *("--selection", share, "--lasso", "0.02", *SMALL_BATCHES),
        ]
        for aspect, share in SHARES.items()
    },
    **{
        f"rl_a{aspect}": [
            *("--model", "rl", "--aspect", aspect, "--scheduler", "multistep", "--dependent-z"),
            *("--sparsity", "0.0003", "--coherence", "2", *SMALL_BATCHES),
        ]
        for aspect in SHARES
    },
    **{
        f"rl_target_a{aspect}": [
            *("--model", "rl", "--aspect", aspect, "--scheduler", "multistep", "--dependent-z"),
            *("--selection", share, "--lasso", "0.02", "--control-variate", "rloo"),
            *("--lambda_init", "0.005", "--lagrange_lr", "0.01", *SMALL_BATCHES),
        ]
        for aspect, share in SHARES.items()
    },
    **{
        f"attention_a{aspect}": ["--model", "attention", "--aspect", aspect, "--selection", share, *SMALL_BATCHES]
        for aspect, share in SHARES.items()
    },
    **{
        f"baseline_{layer}": ["--model", "baseline", "--aspect", "-1", "--layer", layer, *SMALL_BATCHES]
        for layer in ("lstm", "rcnn")
    },
}


SELECTED = ("precision", "selected", "recall", "f1", "iou", "macro_precision")
"""Measures of selected words on the annotated reviews, as fractions."""


def main() -> int:
    """Train the models, print the tables, and return the exit code."""
    runs = run_seeds("beer", MODELS, __doc__ or "", seeds=(1,), jobs=2, threads=1)
    finished = {model: results for model, results in runs.items() if results}
    print_table(
        ["model", "epochs", *(name.replace("_", " ") for name in SELECTED), "test MSE", "dev MSE"],
        [
            [f"`{model}`", epochs(results), *(mean(results, f"test_{name}") for name in SELECTED), *errors(results)]
            for model, results in finished.items()
            if "test_precision" in results[0]  # baselines select no words
        ],
    )
    print()
    print_table(
        ["model", "epochs", "test MSE", "dev MSE"],
        [[f"`{model}`", epochs(results), *errors(results)] for model, results in finished.items()],
    )
    return 0


def epochs(results: Sequence[Results]) -> str:
    """Format the epoch of the best model and the number of epochs of each run, such as ``15 of 16``."""
    return ", ".join(f"{run['best_epoch']:.0f} of {run['epochs']}" for run in results if "epochs" in run)


def mean(results: Sequence[Results], name: str) -> str:
    """Format the mean of a measure over seeds in percent, with its interval."""
    return interval([run[name] for run in results])


def errors(results: Sequence[Results]) -> list[str]:
    """Format the mean squared errors on the annotated reviews and on dev."""
    return [interval([run[name] for run in results], 1, 4) for name in ("test_mse", "dev_mse")]


if __name__ == "__main__":
    sys.exit(main())
