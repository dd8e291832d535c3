"""``python -m latent_rationale.text.predict``: predicts for a table of texts and shows rationales."""

import sys

from latent_rationale.common.experiment.entry_points import predict_command
from latent_rationale.text.options import TablePredictOptions

main = predict_command(
    "latent_rationale.text.task:TextTable",
    TablePredictOptions,
    program="python -m latent_rationale.text.predict",
    about="Predict for texts with a model that was trained on a table of texts, and show the selected words.",
    examples=(
        "--ckpt results/text/stars --input new_reviews.csv",
        '--ckpt results/text/stars --text "The soup was cold, but the waiter made up for it."',
    ),
)

if __name__ == "__main__":
    sys.exit(main())
