"""``python -m latent_rationale.explain.train_lm``: trains a language model for SOC and SCD."""

import sys

from latent_rationale.common.experiment.entry_points import train_command
from latent_rationale.explain.language_model.options import LanguageModelOptions

main = train_command(
    "latent_rationale.explain.language_model.task:LanguageModelling",
    LanguageModelOptions,
    program="python -m latent_rationale.explain.train_lm",
    about="Train a bidirectional language model on the texts of a classifier; SOC and SCD sample contexts from it.",
    examples=(
        "--ckpt results/sst/baseline2 --save_path results/sst/lm",
        "--task sst --save_path models/sst_lstm_lm --lr 0.0002",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
