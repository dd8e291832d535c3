"""``python -m latent_rationale.snli.predict``: predicts relations of sentence pairs and shows linked words."""

import sys

from latent_rationale.common.experiment.entry_points import predict_command
from latent_rationale.snli.options import SNLIPredictOptions

main = predict_command(
    "latent_rationale.snli.task:SNLI",
    SNLIPredictOptions,
    program="python -m latent_rationale.snli.predict",
    about="Predict the relation between two sentences with a trained model, and show the linked words.",
    examples=(
        "--ckpt results/snli/latent_10pct --plot",
        '--ckpt results/snli/latent_10pct --premise "A man sleeps." --hypothesis "A person rests."',
    ),
)

if __name__ == "__main__":
    sys.exit(main())
