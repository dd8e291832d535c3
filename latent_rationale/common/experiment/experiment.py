"""Training run from its options to its results folder: start or resume, train, evaluate."""

from collections.abc import Mapping
from typing import Any

import torch

from latent_rationale.common.data.batching import Encoded
from latent_rationale.common.experiment.description import describe_data, describe_model
from latent_rationale.common.experiment.outcome import report_outcome
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
from latent_rationale.common.experiment.results_folder import (
    begin,
    conclude_run,
    continue_run,
    data_digests,
    resume,
)
from latent_rationale.common.experiment.task import Splits, Task
from latent_rationale.common.predictions.files import write_predictions
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.loop import Judge, evaluate, train
from latent_rationale.common.training.results import Run
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.writing import locked, writable_folder


def run_experiment(task: Task[Any], device: torch.device) -> dict[str, dict[str, float]]:
    """Train with the task's options, then evaluate the best model on dev and, only now, on test.

    Args:
        task: task with the options of the run.
        device: device to train on.

    Returns:
        Measures of the best model, by split (``dev`` and, if it has labels, ``test``) and name.

    Raises:
        InputError: if data or results folder cannot be used, or the loss is not finite.
    """
    options = task.options
    folder = options.save_path
    torch.manual_seed(options.seed)
    LOGGER.info("reading %s", task.source)
    splits = task.read_splits()
    LOGGER.info("data: %s", describe_data(vars(splits), task.unit, task.source))
    resuming = options.resume and checkpoint.has_state(folder)  # not if it was interrupted as it began
    vocabulary, model, objective = task.reopen(folder) if resuming else task.start(splits)
    train_state = TrainState(model.to(device), objective.to(device), options)
    LOGGER.info("model: %s", describe_model(task.model_name, model, device))
    data = {name: task.encode(examples, vocabulary) for name, examples in vars(splits).items() if examples}
    digests = data_digests(data)
    predictor = Predictor(task, vocabulary, model, objective)
    # The folder is changed only now, after all input could be read: a run that fails before keeps the results that
    # --overwrite would replace.
    with locked(writable_folder(folder)):
        if resuming:
            resume(task, train_state, len(data["train"]), digests)
        else:
            begin(task, vocabulary, train_state, digests)
        with Run(folder, train_state.progress.iteration) as run:
            if resuming:
                continue_run(task, train_state, digests)
            results = _train_and_evaluate(predictor, train_state, splits, data, run)
            conclude_run(task, train_state, digests)
            facts = report_outcome(task, train_state.progress, results["dev"])
            run.finish(train_state.progress.best_iteration, facts, results)
    return results


def _train_and_evaluate(
    predictor: Predictor, train_state: TrainState, splits: Splits, data: Mapping[str, Encoded], run: Run
) -> dict[str, dict[str, float]]:
    """Train, write the predictions of the best model for test, and return its measures by split."""
    task = predictor.task
    options = task.options
    judge = Judge(
        measure=task.measure,
        rank=task.rank,
        first_best_epoch=task.first_best_epoch,
        headline=task.headline,
        share_name=task.share_name,
        show=lambda: _as_markdown(predictor, splits.dev[:5]),
    )
    train(train_state, data["train"], data["dev"], options, judge, run)
    LOGGER.info("evaluating the %s model", "best" if train_state.progress.best_iteration else "last")
    checkpoint.load_weights(run.folder, train_state.model, train_state.objective)
    size = options.eval_batch_size
    results = {"dev": evaluate(train_state.model, train_state.objective, data["dev"], size, task.measure)}
    if splits.test:
        results["test"], predictions = predictor.evaluate(splits.test)
        labelled = label_predictions("test", task, predictions, splits.test)
        write_predictions(run.folder, labelled, task.zips_predictions)
    return results


def _as_markdown(predictor: Predictor, examples: Any) -> str:
    """Return predictions with marked rationales, for the text panel of tensorboard."""
    predictions = predictor.predict_examples(examples)
    return "\n\n".join(f"{p.marked()} → {p.label_name}" for p in predictions)
