"""Classifiers that show which words they used."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_rationale.common.utils.errors import InputError

if TYPE_CHECKING:
    from latent_rationale.common.experiment.predictor import Predictor

__version__ = "0.1.0"
__all__ = ["InputError", "load", "train"]


def load(folder: Path | str, device: str = "auto") -> "Predictor":
    """A trained model, from the folder that ``train --save_path`` wrote.

    Example:
        >>> model = load("results/sst/latent_30pct")  # doctest: +SKIP
        >>> model.predict(["A gripping, funny film."])[0].label_name  # doctest: +SKIP
        'positive'

    Args:
        folder: the results folder.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: if the folder holds no model.
    """
    # Imported here, so that `import latent_rationale` does not wait for torch.
    from latent_rationale.common.experiment.predictor import Predictor
    from latent_rationale.common.training import checkpoint
    from latent_rationale.common.utils.device import find_device
    from latent_rationale.tasks import find_task

    task_class = find_task(checkpoint.read_config(Path(folder))["task"])
    return Predictor.load(Path(folder), task_class, find_device(device))


def train(task: str, **options: Any) -> "Predictor":
    """Train a model as the command does, and return it as ``load`` does, with its measures in ``results``.

    Example:
        >>> model = train("sst", model="latent", selection=0.3, save_path="results/sst/latent_30pct")  # doctest: +SKIP
        >>> model.results["test_acc"]  # doctest: +SKIP
        0.44

    Args:
        task: the name of a task, such as ``sst``.
        options: options of its ``train`` command, by their names with underscores.

    Raises:
        InputError: for options or data that cannot be used.
    """
    # Imported here, as in ``load``.
    from latent_rationale.common.experiment import commands
    from latent_rationale.common.utils.config import make
    from latent_rationale.tasks import find_task

    task_class = find_task(task)
    made = make(task_class.options_class, options)
    commands.train(task_class, made, options)
    return load(made.save_path, made.device)
