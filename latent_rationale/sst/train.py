"""``python -m latent_rationale.sst.train``"""

import sys

from latent_rationale.common.experiment.commands import train_command
from latent_rationale.sst.task import SST

if __name__ == "__main__":
    sys.exit(train_command(SST))
