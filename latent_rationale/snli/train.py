"""``python -m latent_rationale.snli.train``: trains a classifier of sentence pairs."""

import sys

from latent_rationale.common.experiment.entry_points import train_command
from latent_rationale.snli.options import SNLIOptions

main = train_command(
    "latent_rationale.snli.task:SNLI",
    SNLIOptions,
    program="python -m latent_rationale.snli.train",
    about="Train a classifier of the relation between two sentences, with softmax attention or selected links.",
    examples=(
        "--model decomposable --dist hardkuma --selection 0.10 --save_path results/snli/latent_10pct",
        "--model recurrent --save_path results/snli/rnn",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
