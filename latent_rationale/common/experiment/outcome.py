"""Outcome of a training run: what the user must know beside its measures."""

from typing import Any

from latent_rationale.common.experiment.task import Task
from latent_rationale.common.training.state import Progress
from latent_rationale.common.utils.console import LOGGER


def report_outcome(task: Task[Any], progress: Progress, dev: dict[str, float]) -> dict[str, float]:
    """Tell the user which targets were missed, and whether the last state had to be reported in place of the best.

    Args:
        task: task of the run.
        progress: progress at the end of the run.
        dev: measures on dev of the model that is reported.

    Returns:
        The same for ``results.json``: the step of the reported model, and the value of each missed target.
    """
    facts: dict[str, float] = {"reported_iter": progress.best_iteration or progress.iteration}
    if progress.best_iteration == 0:
        first = task.first_best_epoch
        when = f"they count from the end of epoch {first} on" if first else "there was no evaluation"
        LOGGER.info(
            "note: no evaluation counted as best (%s); results are of the last step, %d", when, progress.iteration
        )
    for target, advice in task.missed_targets(dev).items():
        LOGGER.info("missed target on dev: %s: %s", target.describe(dev), advice)
        facts[f"missed_target_{target.measure}"] = target.value
    return facts
