"""``python -m latent_rationale.beer.train``: trains a regression model for the scores of beer reviews."""

import sys

from latent_rationale.beer.options import BeerOptions
from latent_rationale.common.experiment.entry_points import train_command

main = train_command(
    "latent_rationale.beer.task:Beer",
    BeerOptions,
    program="python -m latent_rationale.beer.train",
    about="Train a model that predicts the scores of beer reviews from the full text, or only from selected words.",
    examples=(
        "--model latent --aspect 0 --dependent-z --selection 0.13 --lasso 0.02 --save_path results/beer/latent_a0",
        "--model baseline --aspect -1 --save_path results/beer/baseline_multi",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
