"""``python -m latent_rationale.sst.train``: trains a sentiment classifier."""

import sys

from latent_rationale.common.experiment.entry_points import train_command
from latent_rationale.sst.options import SSTOptions

main = train_command(
    "latent_rationale.sst.task:SST",
    SSTOptions,
    program="python -m latent_rationale.sst.train",
    about="Train a sentiment classifier that reads the full text, or only the words selected as its rationale.",
    examples=(
        "--model latent --selection 0.3 --save_path results/sst/latent_30pct",
        "--save_path results/sst/latent_30pct --resume --num_iterations -50",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
