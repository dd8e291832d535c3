"""``python -m latent_rationale.explain.train_lm``"""

import sys

from latent_rationale.common.experiment.commands import train_command
from latent_rationale.explain.language_model.task import LanguageModelling

if __name__ == "__main__":
    sys.exit(train_command(LanguageModelling, module="explain.train_lm"))
