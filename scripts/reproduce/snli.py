"""Train the paper's SNLI models and print what they reach (paper, section 6.3, table 3).

    python scripts/reproduce/snli.py                       # all models: hours, days on the full data
    python scripts/reproduce/snli.py --models da latent_10pct --epochs 10
    python scripts/reproduce/snli.py --table               # only the table of what is there

Whether the linked words are those that people highlighted: python -m latent_rationale.snli.agree.
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
    """Run and print. Returns the exit code."""
    runs = run_seeds("snli", MODELS, __doc__ or "", seeds=(1,), jobs=2, threads=1)
    names = ("dev_acc", "test_acc", "dev_p2h_selected", "test_p2h_selected")
    print_table(
        ["model", "seeds", "dev accuracy", "test accuracy", "dev cells linked", "test cells linked"],
        [
            [model, str(len(found)), *(interval([run.get(name, 1.0) for run in found]) for name in names)]
            for model, found in runs.items()
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
