"""``python -m latent_rationale.sst.train``: trains a sentiment classifier."""

import sys
from typing import Any

from latent_rationale.common.utils.command import STOPPED_TRAINING, Command
from latent_rationale.sst.options import SSTOptions


def run(options: SSTOptions, named: dict[str, Any]) -> None:
    """Train with the options of the command line."""
    from latent_rationale.common.experiment.commands import train
    from latent_rationale.sst.task import SST

    train(SST, options, named)


main = Command(
    program="python -m latent_rationale.sst.train",
    about="Train a sentiment classifier that reads the full text, or only the words selected as its rationale.",
    examples=(
        "--model latent --selection 0.3 --save_path results/sst/latent_30pct",
        "--save_path results/sst/latent_30pct --resume --num_iterations -50",
    ),
    options_class=SSTOptions,
    run=run,
    stopped=STOPPED_TRAINING,
)

if __name__ == "__main__":
    sys.exit(main())
