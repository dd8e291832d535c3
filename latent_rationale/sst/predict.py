"""``python -m latent_rationale.sst.predict``: predicts sentiments and shows rationales."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.sst.options import SSTPredictOptions


def run(options: SSTPredictOptions, named: dict[str, Any]) -> None:
    """Predict with the options of the command line."""
    from latent_rationale.common.experiment.commands import predict
    from latent_rationale.sst.task import SST

    predict(SST, options, named)


main = Command(
    program="python -m latent_rationale.sst.predict",
    about="Predict the sentiment of sentences with a trained model, and show the selected words.",
    examples=(
        "--ckpt results/sst/latent_30pct --plot",
        '--ckpt results/sst/latent_30pct --text "A gripping, funny film."',
    ),
    options_class=SSTPredictOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
