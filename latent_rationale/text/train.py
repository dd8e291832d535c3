"""``python -m latent_rationale.text.train``: trains a classifier on a table of texts."""

import sys

from latent_rationale.common.experiment.entry_points import train_command
from latent_rationale.text.options import TableOptions

main = train_command(
    "latent_rationale.text.task:TextTable",
    TableOptions,
    program="python -m latent_rationale.text.train",
    about="Train a classifier on your own table of texts, or a model that reads only words selected as its rationale.",
    examples=(
        "--train_path reviews.csv --text-column review --label-column stars --model latent --selection 0.2",
        "--train_path reviews.jsonl --label-column score --regression --save_path results/text/score",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
