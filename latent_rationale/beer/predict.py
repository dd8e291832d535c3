"""``python -m latent_rationale.beer.predict``: predicts scores of reviews and shows rationales."""

import sys

from latent_rationale.beer.options import BeerPredictOptions
from latent_rationale.common.experiment.entry_points import predict_command

main = predict_command(
    "latent_rationale.beer.task:Beer",
    BeerPredictOptions,
    program="python -m latent_rationale.beer.predict",
    about="Predict the scores of beer reviews with a trained model, and show the selected words.",
    examples=(
        "--ckpt results/beer/latent_a0",
        '--ckpt results/beer/latent_a0 --text "Pours a clear amber."',
    ),
)

if __name__ == "__main__":
    sys.exit(main())
