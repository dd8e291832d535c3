"""``python -m latent_rationale.snli.predict``: predicts relations of sentence pairs and shows linked words."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.snli.options import SNLIPredictOptions


def run(options: SNLIPredictOptions, named: dict[str, Any]) -> None:
    """Predict with the options of the command line."""
    from latent_rationale.common.experiment.commands import predict
    from latent_rationale.snli.task import SNLI

    predict(SNLI, options, named)


main = Command(
    program="python -m latent_rationale.snli.predict",
    about="Predict the relation between two sentences with a trained model, and show the linked words.",
    examples=(
        "--ckpt results/snli/latent_10pct --plot",
        '--ckpt results/snli/latent_10pct --premise "A man sleeps." --hypothesis "A person rests."',
    ),
    options_class=SNLIPredictOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
