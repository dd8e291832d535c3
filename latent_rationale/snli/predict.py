"""``python -m latent_rationale.snli.predict``"""

import sys

from latent_rationale.common.experiment.commands import predict_command
from latent_rationale.snli.task import SNLI

if __name__ == "__main__":
    sys.exit(predict_command(SNLI))
