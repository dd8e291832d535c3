"""``python -m latent_rationale.sst.predict``"""

import sys

from latent_rationale.common.experiment.commands import predict_command
from latent_rationale.sst.task import SST

if __name__ == "__main__":
    sys.exit(predict_command(SST))
