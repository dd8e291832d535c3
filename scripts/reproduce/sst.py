"""Train the paper's SST models over several seeds and print what they reach (paper, section 6.2).

    python scripts/reproduce/sst.py                        # all models, five seeds, two at a time
    python scripts/reproduce/sst.py --models latent_30pct --seeds 1 2
    python scripts/reproduce/sst.py --table                # only the table of what is there

The second table is the paper's figure 5: how much of the dev words of each sentiment class a model selects.
"""

import sys

from seeds import Results, interval, print_table, run_seeds

from latent_rationale.sst.reader import CLASSES

MODELS = {
    "baseline": ["--model", "baseline"],
    "latent_30pct": ["--model", "latent", "--selection", "0.3"],
    "bernoulli_sparsity01": ["--model", "rl", "--sparsity", "0.01"],
    "bernoulli_rloo_30pct": [
        *("--model", "rl", "--selection", "0.3", "--control-variate", "rloo"),
        *("--lambda_init", "0.05", "--lagrange_lr", "0.002"),
    ],
}


def main() -> int:
    """Run and print. Returns the exit code."""
    runs = run_seeds("sst", MODELS, __doc__ or "", seeds=(1, 2, 3, 4, 5), jobs=2, threads=1)
    names = ("dev_acc", "test_acc", "test_selected")
    print_table(
        ["model", "seeds", "dev accuracy", "test accuracy", "test selected"],
        [
            [model, str(len(found)), *(interval([run.get(name, 1.0) for run in found]) for name in names)]
            for model, found in runs.items()
        ],
    )
    print()
    print_table(
        ["selected of", *CLASSES],
        [
            [model, *(interval([selected_of(run, label) for run in found]) for label in range(len(CLASSES)))]
            for model, found in runs.items()
            if found and "dev_words_0" in found[0]
        ],
    )
    return 0


def selected_of(run: Results, label: int) -> float:
    """The share of the dev words of a class that is selected."""
    return run[f"dev_selected_words_{label}"] / run[f"dev_words_{label}"]


if __name__ == "__main__":
    sys.exit(main())
