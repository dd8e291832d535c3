"""``python -m latent_rationale.snli.agree``: compares linked words with those that annotators highlighted."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.snli.options import AgreeOptions


def run(options: AgreeOptions, named: dict[str, Any]) -> None:
    """Compare with the options of the command line."""
    from latent_rationale.snli.agreement_table import show_agreement

    show_agreement(options)


main = Command(
    program="python -m latent_rationale.snli.agree",
    about="Compare the words that models link, and baselines, with the words that annotators highlighted (e-SNLI).",
    examples=(
        "--ckpt results/snli/da results/snli/latent_10pct",
        "--ckpt results/snli/latent_10pct --highlights data/esnli/esnli_dev.csv",
    ),
    options_class=AgreeOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
