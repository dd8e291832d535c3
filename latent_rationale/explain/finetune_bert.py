"""``python -m latent_rationale.explain.finetune_bert``"""

import sys

from latent_rationale.common.experiment.commands import train_command
from latent_rationale.explain.models.finetuning import FineTuning

if __name__ == "__main__":
    sys.exit(train_command(FineTuning, module="explain.finetune_bert"))
