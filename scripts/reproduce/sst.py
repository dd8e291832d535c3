"""Train the SST models of the paper with several seeds and print their results (paper, section 6.2).

    python scripts/reproduce/sst.py                        # all models, five seeds, two runs at a time
    python scripts/reproduce/sst.py --models latent_30pct --seeds 1 2
    python scripts/reproduce/sst.py --table                # train nothing; print the tables of finished runs

The second table corresponds to figure 5 of the paper: the share of selected words among the dev words of each sentiment
class.
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
    """Train the models, print the tables, and return the exit code."""
    runs = run_seeds("sst", MODELS, __doc__ or "", seeds=(1, 2, 3, 4, 5), jobs=2, threads=1)
    names = ("dev_acc", "test_acc", "test_selected")
    print_table(
        ["model", "seeds", "dev accuracy", "test accuracy", "test selected"],
        [
            # Baselines have no rationale and read all words: a share of 1.
            [model, str(len(results)), *(interval([run.get(name, 1.0) for run in results]) for name in names)]
            for model, results in runs.items()
        ],
    )
    print()
    print_table(
        ["selected of", *CLASSES],
        [
            [model, *(interval([selected_share(run, label) for run in results]) for label in range(len(CLASSES)))]
            for model, results in runs.items()
            if results and "dev_words_0" in results[0]
        ],
    )
    return 0


def selected_share(run: Results, label: int) -> float:
    """Return the share of selected words among the dev words of a class."""
    return run[f"dev_selected_words_{label}"] / run[f"dev_words_{label}"]


if __name__ == "__main__":
    sys.exit(main())
