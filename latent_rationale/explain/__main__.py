"""``python -m latent_rationale.explain``"""

import sys

from latent_rationale.explain.command import explain_command

if __name__ == "__main__":
    sys.exit(explain_command())
