"""Train the SNLI models of the paper and print their results (paper, section 6.3, table 3).

    python scripts/reproduce/snli.py                       # all models: hours; on the full data, days
    python scripts/reproduce/snli.py --models da latent_10pct --epochs 10
    python scripts/reproduce/snli.py --table               # train nothing; print the table of finished runs

``python -m latent_rationale.snli.agree`` compares the attention of a model with human highlights (e-SNLI).
"""

import sys

from seeds import interval, print_table, run_seeds

MODELS = {
    "da": ["--model", "decomposable"],
    "da_self_attention": ["--model", "decomposable", "--self-attention"],
    "latent_10pct": ["--model", "decomposable", "--dist", "hardkuma", "--selection", "0.10"],
    "rnn": ["--model", "recurrent"],
}


def main() -> int:
    """Train the models, print the table, and return the exit code."""
    runs = run_seeds("snli", MODELS, __doc__ or "", seeds=(1,), jobs=2, threads=1)
    names = ("dev_acc", "test_acc", "dev_p2h_selected", "test_p2h_selected")
    print_table(
        ["model", "seeds", "dev accuracy", "test accuracy", "dev attention > 0", "test attention > 0"],
        [
            # Softmax attention, which the other models have, is above 0 everywhere: a share of 1.
            [model, str(len(results)), *(interval([run.get(name, 1.0) for run in results]) for name in names)]
            for model, results in runs.items()
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
