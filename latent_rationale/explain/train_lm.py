"""``python -m latent_rationale.explain.train_lm``: trains a language model for SOC and SCD."""

import sys
from typing import Any

from latent_rationale.common.utils.command import STOPPED_TRAINING, Command
from latent_rationale.explain.language_model.options import LanguageModelOptions


def run(options: LanguageModelOptions, named: dict[str, Any]) -> None:
    """Train with the options of the command line."""
    from latent_rationale.common.experiment.commands import train
    from latent_rationale.explain.language_model.task import LanguageModelling

    train(LanguageModelling, options, named)


main = Command(
    program="python -m latent_rationale.explain.train_lm",
    about="Train a bidirectional language model on the texts of a classifier; SOC and SCD sample contexts from it.",
    examples=(
        "--ckpt results/sst/baseline2 --save_path results/sst/lm",
        "--task sst --save_path models/sst_lstm_lm --lr 0.0002",
    ),
    options_class=LanguageModelOptions,
    run=run,
    stopped=STOPPED_TRAINING,
)

if __name__ == "__main__":
    sys.exit(main())
