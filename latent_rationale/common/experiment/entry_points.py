"""Console commands that train or predict, of any task. Imports no torch, so that ``-h`` is fast."""

from pkgutil import resolve_name
from typing import Any

from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.command import Command

STOPPED = "stopped; run the command again with --resume to continue from the last state that was saved"


def train_command(
    task: str, options_class: type[TrainOptions], program: str, about: str, examples: tuple[str, ...]
) -> Command[Any]:
    """Return the command that trains a model of a task.

    Args:
        task: module and class of the task, such as ``latent_rationale.sst.task:SST``, imported when the command runs.
        options_class: options of the command.
        program: words that start the command.
        about: purpose of the command, for ``-h``.
        examples: usual arguments, for ``-h``.
    """

    def run(options: TrainOptions, named: dict[str, Any]) -> None:
        from latent_rationale.common.experiment.commands import train

        train(resolve_name(task), options, named)

    return Command(program, about, examples, options_class, run, STOPPED)


def predict_command(
    task: str, options_class: type[PredictOptions], program: str, about: str, examples: tuple[str, ...]
) -> Command[Any]:
    """Return the command that predicts with a trained model of a task; the arguments are those of ``train_command``."""

    def run(options: PredictOptions, named: dict[str, Any]) -> None:
        from latent_rationale.common.experiment.commands import predict

        predict(resolve_name(task), options, named)

    return Command(program, about, examples, options_class, run)
