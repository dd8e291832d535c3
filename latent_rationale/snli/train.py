"""``python -m latent_rationale.snli.train``"""

import sys

from latent_rationale.common.experiment.commands import train_command
from latent_rationale.snli.task import SNLI

if __name__ == "__main__":
    sys.exit(train_command(SNLI))
