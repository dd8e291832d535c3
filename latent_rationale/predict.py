"""``python -m latent_rationale.predict``: predicts with a model of any task, which the results folder records."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from latent_rationale.common.experiment.options import PredictOptions, TextPredictOptions
from latent_rationale.common.utils import config
from latent_rationale.common.utils.console import run_command

PROGRAM = "python -m latent_rationale.predict"
ABOUT = (
    "Predict with a trained model of any task, and show its rationales. The options below are those for models of one "
    "text; -h together with --ckpt shows the options of its task."
)
EXAMPLES = (
    "--ckpt results/sst/latent_30pct",
    '--ckpt results/sst/latent_30pct --text "A gripping, funny film."',
)


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: arguments of the command; by default those of the process.
        program: name of the command in messages.
    """
    return run_command(partial(_predict, program), arguments)


def _predict(program: str, arguments: Sequence[str]) -> None:
    # The options depend on the task, and the task on --ckpt, so --ckpt is parsed first.
    folder = config.value_of("ckpt", arguments, program)
    if folder is None:
        config.parse(TextPredictOptions, arguments, program, ABOUT, EXAMPLES)  # shows -h, or fails without --ckpt
        return
    # Imported here, so that -h does not have to import torch.
    from latent_rationale.common.experiment.commands import predict
    from latent_rationale.common.training import checkpoint
    from latent_rationale.tasks import find_task

    task_class = find_task(checkpoint.read_config(Path(folder))["task"])
    kind: type[PredictOptions] = task_class.predict_options_class
    options, named = config.parse(kind, arguments, program, ABOUT, EXAMPLES)
    predict(task_class, options, named)


if __name__ == "__main__":
    sys.exit(main())
