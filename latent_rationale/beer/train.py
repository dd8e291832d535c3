"""``python -m latent_rationale.beer.train``: trains a regression model for the scores of beer reviews."""

import sys
from typing import Any

from latent_rationale.beer.options import BeerOptions
from latent_rationale.common.utils.command import STOPPED_TRAINING, Command


def run(options: BeerOptions, named: dict[str, Any]) -> None:
    """Train with the options of the command line."""
    from latent_rationale.beer.task import Beer
    from latent_rationale.common.experiment.commands import train

    train(Beer, options, named)


main = Command(
    program="python -m latent_rationale.beer.train",
    about="Train a model that predicts the scores of beer reviews from the full text, or only from selected words.",
    examples=(
        "--model latent --aspect 0 --dependent-z --selection 0.13 --lasso 0.02 --save_path results/beer/latent_a0",
        "--model baseline --aspect -1 --save_path results/beer/baseline_multi",
    ),
    options_class=BeerOptions,
    run=run,
    stopped=STOPPED_TRAINING,
)

if __name__ == "__main__":
    sys.exit(main())
