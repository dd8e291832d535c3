"""``python -m latent_rationale.beer.predict``: predicts scores of reviews and shows rationales."""

import sys
from typing import Any

from latent_rationale.beer.options import BeerPredictOptions
from latent_rationale.common.utils.command import Command


def run(options: BeerPredictOptions, named: dict[str, Any]) -> None:
    """Predict with the options of the command line."""
    from latent_rationale.beer.task import Beer
    from latent_rationale.common.experiment.commands import predict

    predict(Beer, options, named)


main = Command(
    program="python -m latent_rationale.beer.predict",
    about="Predict the scores of beer reviews with a trained model, and show the selected words.",
    examples=(
        "--ckpt results/beer/latent_a0",
        '--ckpt results/beer/latent_a0 --text "Pours a clear amber."',
    ),
    options_class=BeerPredictOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
