"""Registry of tasks, whose modules are imported on demand."""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from latent_rationale.common.utils.errors import InputError

if TYPE_CHECKING:  # definitions of options import this module, and -h must not import torch
    from latent_rationale.common.experiment.task import Task

TASKS = {
    "sst": "latent_rationale.sst.task:SST",
    "beer": "latent_rationale.beer.task:Beer",
    "snli": "latent_rationale.snli.task:SNLI",
    "text": "latent_rationale.text.task:TextTable",
    "lm": "latent_rationale.explain.language_model.task:LanguageModelling",
    "bert": "latent_rationale.explain.models.finetuning:FineTuning",
}
"""Module and class of each task, by the name that ``config.json`` records."""

TEXTS = tuple(name for name, place in TASKS.items() if not place.startswith("latent_rationale.explain."))
"""Names of the tasks with data of their own; the other tasks read the texts of one of these."""


def find_task(name: str) -> "type[Task[Any]]":
    """Return the class of a task.

    Raises:
        InputError: if there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"unknown task {name}: expected one of {', '.join(TASKS)}")
    task_class: type[Task[Any]] = resolve_name(TASKS[name])
    return task_class
