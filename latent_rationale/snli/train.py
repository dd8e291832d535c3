"""``python -m latent_rationale.snli.train``: trains a classifier of sentence pairs."""

import sys
from typing import Any

from latent_rationale.common.utils.command import STOPPED_TRAINING, Command
from latent_rationale.snli.options import SNLIOptions


def run(options: SNLIOptions, named: dict[str, Any]) -> None:
    """Train with the options of the command line."""
    from latent_rationale.common.experiment.commands import train
    from latent_rationale.snli.task import SNLI

    train(SNLI, options, named)


main = Command(
    program="python -m latent_rationale.snli.train",
    about="Train a classifier of the relation between two sentences, with softmax attention or selected links.",
    examples=(
        "--model decomposable --dist hardkuma --selection 0.10 --save_path results/snli/latent_10pct",
        "--model recurrent --save_path results/snli/rnn",
    ),
    options_class=SNLIOptions,
    run=run,
    stopped=STOPPED_TRAINING,
)

if __name__ == "__main__":
    sys.exit(main())
