"""Train the paper's BeerAdvocate models and print what they reach (paper, section 6.1, tables 1 and 2).

    python scripts/reproduce/beer.py                       # everything: hours
    python scripts/reproduce/beer.py --models latent_a0 latent_a1 latent_a2 --epochs 30
    python scripts/reproduce/beer.py --table               # only the tables of what is there

The first table is about the words: how many of those selected lie in what people marked for the aspect. The second is
about the scores: squared error on the annotated reviews.
"""

import sys

from seeds import interval, print_table, run_seeds

SMALL_BATCHES = ("--batch_size", "64")
"""The paper's batches are of 256 reviews, of three (look) or nine times as many: an epoch has so few steps here."""

SHARES = {"0": "0.13", "1": "0.07", "2": "0.07"}
"""The share of the words to select for look, smell and palate."""

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


def main() -> int:
    """Run and print. Returns the exit code."""
    runs = run_seeds("beer", MODELS, __doc__ or "", seeds=(1,), jobs=2, threads=1)
    measures = ("precision", "selected", "recall", "f1", "macro_precision", "iou")
    print_table(
        ["model", "seeds", *measures],
        [
            [model, str(len(found)), *(interval([run[f"test_{name}"] for run in found]) for name in measures)]
            for model, found in runs.items()
            if found and "test_precision" in found[0]
        ],
    )
    print()
    print_table(
        ["model", "seeds", "dev MSE", "test MSE"],
        [
            [
                model,
                str(len(found)),
                *(interval([run[name] for run in found], 1, 4) for name in ("dev_mse", "test_mse")),
            ]
            for model, found in runs.items()
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
