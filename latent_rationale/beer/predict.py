"""``python -m latent_rationale.beer.predict``"""

import sys

from latent_rationale.beer.task import Beer
from latent_rationale.common.experiment.commands import predict_command

if __name__ == "__main__":
    sys.exit(predict_command(Beer))
