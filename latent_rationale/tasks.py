"""The tasks by name, imported when they are asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from latent_rationale.common.utils.errors import InputError

if TYPE_CHECKING:  # options list the tasks by name, without waiting for torch
    from latent_rationale.common.experiment.task import Task

TASKS = {
    "sst": "latent_rationale.sst.task:SST",
    "beer": "latent_rationale.beer.task:Beer",
    "snli": "latent_rationale.snli.task:SNLI",
    "lm": "latent_rationale.explain.language_model.task:LanguageModelling",
    "bert": "latent_rationale.explain.models.finetuning:FineTuning",
}

TEXTS = tuple(name for name, place in TASKS.items() if not place.startswith("latent_rationale.explain."))
"""Those with data of their own; the others read another's."""


def find_task(name: str) -> "type[Task[Any]]":
    """The class of a task.

    Raises:
        InputError: if there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"no task {name}; there are {', '.join(TASKS)}")
    module, _, attribute = TASKS[name].partition(":")
    task_class: type[Task[Any]] = getattr(import_module(module), attribute)
    return task_class
