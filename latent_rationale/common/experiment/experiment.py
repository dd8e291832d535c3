"""Training run from its options to its results folder: start or resume, train, evaluate."""

import dataclasses
import platform
from pathlib import Path
from typing import Any

import torch

import latent_rationale
from latent_rationale.common.data.batching import steps_per_epoch
from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.description import describe_data, describe_model
from latent_rationale.common.experiment.outcome import report_outcome
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
from latent_rationale.common.experiment.task import Splits, Task
from latent_rationale.common.nn.model import Model
from latent_rationale.common.predictions.display import PAGE, PREDICTIONS, RATIONALES, write_predictions
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.loop import Judge, evaluate, train
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.results import EVENTS, METRICS, RESULTS, Run
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils import config
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import writable_folder, write_json
from latent_rationale.common.utils.flags import flag

MAY_CHANGE = {
    "resume",
    "save_path",
    "num_iterations",
    "device",
    "threads",
    "eval_batch_size",
    "print_every",
    "save_every",
}
"""Options whose values may differ when a run is resumed."""


def run_experiment(task: Task[Any], device: torch.device) -> dict[str, dict[str, float]]:
    """Train with the task's options, then evaluate the best model on dev and, only now, on test.

    Args:
        task: task with the options of the run.
        device: device to train on.

    Returns:
        Measures of the best model, by split (``dev`` and, if it has labels, ``test``) and name.

    Raises:
        InputError: if data cannot be used, or the loss is not finite.
    """
    options = task.options
    folder = options.save_path
    torch.manual_seed(options.seed)
    LOGGER.info("reading %s", task.source)
    splits = task.read_splits()
    LOGGER.info("data: %s", describe_data(vars(splits), task.unit, task.source))
    train_state, vocabulary = (_resume if options.resume else _start)(task, splits, device)
    LOGGER.info("model: %s", describe_model(task.model_name, train_state.model, device))
    predictor = Predictor(task, vocabulary, train_state.model, train_state.objective)
    judge = Judge(
        measure=task.measure,
        rank=task.rank,
        first_best_epoch=task.first_best_epoch,
        headline=task.headline,
        share_name=task.share_name,
        show=lambda: _as_markdown(predictor, splits.dev[:5]),
    )
    run = Run(folder, train_state.progress.iteration)
    try:
        dev = task.encode(splits.dev, vocabulary)
        train(train_state, task.encode(splits.train, vocabulary), dev, options, judge, run)
        LOGGER.info("evaluating the %s model", "best" if train_state.progress.best_iteration else "last")
        checkpoint.load_weights(folder, train_state.model, train_state.objective)
        size = options.eval_batch_size
        results = {"dev": evaluate(train_state.model, train_state.objective, dev, size, task.measure)}
        if splits.test:
            results["test"], predictions = predictor.evaluate(splits.test)
            write_predictions(folder, label_predictions("test", task, predictions, splits.test), task.zips_predictions)
        task.finish(folder, train_state.model)
        facts = report_outcome(task, train_state.progress, results["dev"])
        run.finish(train_state.progress.best_iteration, facts, results)
    finally:
        run.close()
    return results


def check_new_folder(options: TrainOptions) -> None:
    """Check that a new run may write to its results folder. Nothing is created or removed yet.

    Raises:
        InputError: if the path is a file, or a results folder and the user did not set ``--overwrite``.
    """
    folder = options.save_path
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file; --save-path expects a folder", folder)
    if (folder / checkpoint.CONFIG).exists() and not options.overwrite:
        raise InputError(
            "is already a results folder; continue its run with --resume, or replace it with --overwrite", folder
        )


def resumed_options(task_class: type[Task[Any]], options: TrainOptions, named: dict[str, Any]) -> Any:
    """Return the options that a run was started with, updated by those that a resumed run may change.

    Args:
        task_class: task of the command.
        options: options of the command that resumes; ``save_path`` is the results folder.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: if the folder holds no run of this task, or if an option in ``named`` has another value than before
            and is not in ``MAY_CHANGE``.
    """
    recorded = checkpoint.read_config(options.save_path)
    if recorded["task"] != task_class.name:
        raise InputError(f"holds a model for {recorded['task']}, not for {task_class.name}", options.save_path)
    previous = config.from_json(task_class.options_class, recorded["options"])
    new_values, previous_values = config.to_json(options), config.to_json(previous)
    for name in new_values.keys() & named.keys() - MAY_CHANGE:
        if new_values[name] != previous_values[name]:
            change = f"was {previous_values[name]} when the run began and cannot be changed to {new_values[name]}"
            raise InputError(f"{flag(name)} {change}")
    changes = {name: getattr(options, name) for name in MAY_CHANGE & named.keys()}
    return dataclasses.replace(previous, **{**changes, "resume": True, "save_path": options.save_path})


def _start(task: Task[Any], splits: Splits, device: torch.device) -> tuple[TrainState, Tokenizer]:
    """Create the initial training state and write the results folder."""
    vocabulary, model, objective = task.start(splits)
    train_state = TrainState(model.to(device), objective.to(device), task.options)
    # The folder is modified only now, after the data and the word vectors could be read: a run that fails before keeps
    # the results that --overwrite would replace.
    folder = writable_folder(task.options.save_path)
    _clear(folder)
    task.keep(folder, vocabulary, model)
    checkpoint.save_last(folder, train_state)
    # Written last, because a folder counts as a results folder as soon as it has a configuration.
    write_json(folder / checkpoint.CONFIG, _configuration(task, model))
    return train_state, vocabulary


def _resume(task: Task[Any], splits: Splits, device: torch.device) -> tuple[TrainState, Tokenizer]:
    """Restore the last saved training state of a run.

    Raises:
        InputError: if the run is already past the last step that the options ask for, or its files cannot be used.
    """
    folder = task.options.save_path
    vocabulary, model, objective = task.reopen(folder)
    train_state = TrainState(model.to(device), objective.to(device), task.options)
    checkpoint.load_last(folder, train_state)
    last = task.options.last_step(steps_per_epoch(len(splits.train), task.options.batch_size))
    if last < train_state.progress.iteration:
        raise InputError(f"--num-iterations: the run has already reached step {train_state.progress.iteration}", folder)
    (folder / RESULTS).unlink(missing_ok=True)  # the results of the run as it was before, which is now continued
    write_json(folder / checkpoint.CONFIG, _configuration(task, model))
    LOGGER.info("resuming %s after step %d", folder, train_state.progress.iteration)
    return train_state, vocabulary


def _configuration(task: Task[Any], model: Model) -> dict[str, Any]:
    """Return the content of ``config.json``, from which a run is resumed and its model loaded."""
    options = dataclasses.replace(task.options, resume=False, overwrite=False)
    return {
        "task": task.name,
        "seed": options.seed,
        "options": config.to_json(options),
        "embedding_size": model.embedding.embedding_dim,
        "versions": {
            "latent_rationale": latent_rationale.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def _clear(folder: Path) -> None:
    """Remove the files of an earlier run from a folder; other files are left alone."""
    # The configuration goes first: without it, the files that remain after an interruption are no results folder.
    written = (
        checkpoint.CONFIG,
        checkpoint.BEST,
        checkpoint.LAST,
        METRICS,
        RESULTS,
        f"{PREDICTIONS}*",
        RATIONALES,
        PAGE,
        EVENTS,
    )
    for path in [path for name in written for path in folder.glob(name)]:
        path.unlink()


def _as_markdown(predictor: Predictor, examples: Any) -> str:
    """Return predictions with marked rationales, for the text panel of tensorboard."""
    predictions = predictor.predict_examples(examples)
    return "\n\n".join(f"{p.marked()} → {p.label_name}" for p in predictions)
