"""``python -m latent_rationale.beer.train``"""

import sys

from latent_rationale.beer.task import Beer
from latent_rationale.common.experiment.commands import train_command

if __name__ == "__main__":
    sys.exit(train_command(Beer))
