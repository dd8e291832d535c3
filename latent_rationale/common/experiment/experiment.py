"""One training run from its options to its results folder: start or resume, train, finish."""

import dataclasses
import platform
from pathlib import Path
from typing import Any

import torch

import latent_rationale
from latent_rationale.common.data.batching import steps_per_epoch
from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.description import describe_data, describe_model
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

MAY_CHANGE = {"resume", "overwrite", "save_path", "num_iterations"}
"""Options that a resumed run may give anew."""


def run_experiment(task: Task[Any], device: torch.device) -> dict[str, dict[str, float]]:
    """Train as the task's options say, then evaluate the best model on dev and, this once, on test.

    Raises:
        InputError: for data that cannot be used, or a loss that is not finite.
    """
    options = task.options
    folder = options.save_path
    torch.manual_seed(options.seed)
    LOGGER.info("reading %s", task.source)
    splits = task.read()
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
        LOGGER.info("evaluating the best model")
        checkpoint.load_weights(folder, train_state.model, train_state.objective)
        size = options.eval_batch_size
        results = {"dev": evaluate(train_state.model, train_state.objective, dev, size, task.measure)}
        if splits.test:
            results["test"], predictions = predictor.evaluate(splits.test)
            write_predictions(folder, label_predictions("test", task, predictions, splits.test), task.zips_predictions)
        task.finish(folder, train_state.model)
        run.finish(train_state.progress.best_iteration, results)
    finally:
        run.close()
    return results


def claim_folder(options: TrainOptions) -> None:
    """See that a new run may write to its folder.

    Raises:
        InputError: if there is a results folder already, and the user did not say what to do with it.
    """
    folder = options.save_path
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file; --save-path needs a folder", folder)
    if (folder / checkpoint.CONFIG).exists() and not options.overwrite:
        raise InputError("is a results folder already; go on with --resume, or replace it with --overwrite", folder)


def resumed_options(task_class: type[Task[Any]], given: TrainOptions, named: dict[str, Any]) -> Any:
    """The options that a run was started with, with what a resumed one may change.

    Raises:
        InputError: for any other option that the user named with another value.
    """
    recorded = checkpoint.read_config(given.save_path)
    if recorded["task"] != task_class.name:
        raise InputError(f"holds a model for {recorded['task']}, not for {task_class.name}", given.save_path)
    options = config.from_json(task_class.options_class, recorded["options"])
    asked, before = config.to_json(given), config.to_json(options)
    for name in asked.keys() & named.keys() - MAY_CHANGE:
        if asked[name] != before[name]:
            was = f"was {before[name]} when the run began and cannot become {asked[name]}"
            raise InputError(f"{flag(name)} {was}")
    iterations = given.num_iterations if "num_iterations" in named else options.num_iterations
    return dataclasses.replace(options, resume=True, save_path=given.save_path, num_iterations=iterations)


def _start(task: Task[Any], splits: Splits, device: torch.device) -> tuple[TrainState, Tokenizer]:
    """A fresh learner, and a results folder for it. The folder is touched only once everything could be read."""
    vocabulary, model, objective = task.start(splits)
    train_state = TrainState(model.to(device), objective.to(device), task.options)
    folder = writable_folder(task.options.save_path)
    _clear(folder)
    task.keep(folder, vocabulary, model)
    checkpoint.save_last(folder, train_state)
    # Last, because a folder is a results folder from the moment it has a configuration.
    write_json(folder / checkpoint.CONFIG, _configuration(task, model))
    return train_state, vocabulary


def _resume(task: Task[Any], splits: Splits, device: torch.device) -> tuple[TrainState, Tokenizer]:
    """The learner as it was saved last."""
    folder = task.options.save_path
    vocabulary, model, objective = task.reopen(folder)
    train_state = TrainState(model.to(device), objective.to(device), task.options)
    checkpoint.load_last(folder, train_state)
    last = task.options.last_step(steps_per_epoch(len(splits.train), task.options.batch_size))
    if last < train_state.progress.iteration:
        raise InputError(f"--num-iterations: the run is after step {train_state.progress.iteration} already", folder)
    (folder / RESULTS).unlink(missing_ok=True)  # of a shorter run
    write_json(folder / checkpoint.CONFIG, _configuration(task, model))
    LOGGER.info("resuming %s after step %d", folder, train_state.progress.iteration)
    return train_state, vocabulary


def _configuration(task: Task[Any], model: Model) -> dict[str, Any]:
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
    """Remove from a folder what an earlier run wrote, and nothing else."""
    # The configuration first: without it, what an interruption leaves is no results folder.
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
    predictions = predictor.predict_examples(examples)
    return "\n\n".join(f"{p.marked()} → {p.label_name}" for p in predictions)
