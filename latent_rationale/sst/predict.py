"""``python -m latent_rationale.sst.predict``: predicts sentiments and shows rationales."""

import sys

from latent_rationale.common.experiment.entry_points import predict_command
from latent_rationale.sst.options import SSTPredictOptions

main = predict_command(
    "latent_rationale.sst.task:SST",
    SSTPredictOptions,
    program="python -m latent_rationale.sst.predict",
    about="Predict the sentiment of sentences with a trained model, and show the selected words.",
    examples=(
        "--ckpt results/sst/latent_30pct --plot",
        '--ckpt results/sst/latent_30pct --text "A gripping, funny film."',
    ),
)

if __name__ == "__main__":
    sys.exit(main())
