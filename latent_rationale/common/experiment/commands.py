"""Commands ``train`` and ``predict`` of every task, from parsed options to files and console output."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from latent_rationale.common.experiment.experiment import run_experiment
from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
from latent_rationale.common.experiment.results_folder import check_new_folder, resumed_options
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.display import LabelledPrediction, plot, show
from latent_rationale.common.predictions.files import PLOTS, PredictionWriter, prediction_files
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.results import headline
from latent_rationale.common.utils import config
from latent_rationale.common.utils.command import note_without_effect, refuse_misplaced
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.device import find_device, set_threads
from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.flags import flag
from latent_rationale.common.utils.writing import locked, names_of, refuse_existing, writable_folder

PREDICT = "predict"
"""Name of the folder, in a results folder, that predictions are written to by default."""


def train(task_class: type[Task[Any]], options: TrainOptions, named: dict[str, Any]) -> None:
    """Train a model, save the best checkpoint, and evaluate it.

    Args:
        task_class: task to train for.
        options: all options of the run.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: if options or data cannot be used.
    """
    # All checks of the options come first, so that a mistake is reported before data is searched for and read.
    if options.resume:
        options = resumed_options(task_class, options, named)
        refuse_misplaced(options, named)
    else:
        refuse_misplaced(options, named)
        check_new_folder(task_class, options)
        options = task_class.resolve(options)
    note_without_effect(options, named)
    set_threads(options.threads)
    # Recorded, because a resumed run with another number of threads would round differently.
    options = dataclasses.replace(options, threads=torch.get_num_threads())
    results = run_experiment(task_class(options), find_device(options.device))
    for split, measures in results.items():
        LOGGER.info("%-4s %s", split, headline(measures, task_class.headline))
    LOGGER.info("results are in %s", options.save_path)


def predict(task_class: type[Task[Any]], options: PredictOptions, named: dict[str, Any]) -> None:
    """Predict, write all predictions, and show a few examples with their rationales.

    Args:
        task_class: task that the model was trained for.
        options: all options of the command.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: if the results folder, the output folder or the texts cannot be used.
    """
    recorded = checkpoint.read_config(options.ckpt)["options"]
    # Options that training has too, such as paths of data and batch sizes, override the recorded ones if they were set.
    # --save-path and --overwrite mean another folder here.
    others = recorded.keys() - {"save_path", "overwrite"}
    changes = {name: config.to_json(options)[name] for name in named if name in others}
    folder = _output_folder(options)
    if folder is not None:
        refuse_existing(prediction_files(folder), options.overwrite)
    set_threads(options.threads)
    predictor = Predictor.load(options.ckpt, task_class, find_device(options.device), changes)
    task = predictor.task
    sources = _user_examples(task, options) if options.from_user else _splits(task, options, named)
    # Written before anything is shown, so that no console can be in the way.
    for item in _predict_and_write(predictor, sources, options, folder):
        show(item.shown)
        if item.measures:
            LOGGER.info("%-4s %s", item.source, headline(item.measures, task_class.headline))


CHUNK = 10_000
"""Number of the user's texts that are in memory at a time."""


@dataclasses.dataclass(frozen=True)
class _Predicted:
    """What is shown of the predictions for a split, a file or the texts of the command line.

    Attributes:
        source: name of the split or file.
        shown: predictions to show.
        measures: measures by name; empty if the examples have no labels.
    """

    source: str
    shown: list[LabelledPrediction]
    measures: dict[str, float]


def _predict_and_write(
    predictor: Predictor, sources: Mapping[str, Iterable[Any]], options: PredictOptions, folder: Path | None
) -> list[_Predicted]:
    """Predict for all sources, and write the predictions to a folder if there is one.

    Raises:
        InputError: if the folder holds predictions that must not be replaced, or files cannot be written.
    """
    if folder is None:
        return [_predict_source(predictor, name, sources[name], options, None) for name in sources]
    with locked(writable_folder(folder)):
        # Checked again, since another command may have written to the folder while this one read its data.
        replaced = refuse_existing(prediction_files(folder), options.overwrite)
        if replaced:
            LOGGER.info("--overwrite: replacing %s", names_of(replaced, most=len(replaced)))
        with PredictionWriter(folder, predictor.task.zips_predictions) as writer:
            predicted = [_predict_source(predictor, name, sources[name], options, writer) for name in sources]
        written = list(writer.files)
        if options.plot:
            written += [path for item in predicted for path in plot(item.shown, folder / PLOTS)]
        for path in set(replaced) - set(written):
            path.unlink(missing_ok=True)
    return predicted


def _predict_source(
    predictor: Predictor,
    source: str,
    examples: Iterable[Any],
    options: PredictOptions,
    writer: PredictionWriter | None,
) -> _Predicted:
    """Predict for the examples of a split, which are evaluated too, or for those of the user, some at a time."""
    task = predictor.task
    measures: dict[str, float] = {}
    shown: list[LabelledPrediction] = []
    for chunk in _chunks(examples) if options.from_user else [list(examples)]:
        if options.from_user:  # without labels
            predictions = predictor.predict_examples(chunk)
        else:
            measures, predictions = predictor.evaluate(chunk)
        labelled = label_predictions(source, task, predictions, chunk)
        if not shown:
            shown = [labelled[index] for index in task.select_examples_to_show(predictions, chunk, options.show)]
        if writer is not None:
            writer.add(labelled)
    return _Predicted(source, shown, measures)


def _chunks(examples: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the examples in lists of ``CHUNK``."""
    remaining = iter(examples)
    while chunk := list(itertools.islice(remaining, CHUNK)):
        yield chunk


def _output_folder(options: PredictOptions) -> Path | None:
    """Return the folder for the predictions, other than that of the training run; None if they are only shown.

    Raises:
        InputError: if pictures are asked for of predictions that are only shown.
    """
    if options.save_path is not None:
        return options.save_path
    if options.from_user and options.input is None:
        if options.plot:
            raise InputError("--plot: a text on the command line is only shown; name a folder with --save-path")
        return None
    folder = options.ckpt / PREDICT
    return folder if options.input is None else folder / Path(options.input.name.removesuffix(".gz")).stem


def _splits(task: Task[Any], options: PredictOptions, named: dict[str, Any]) -> dict[str, Sequence[Any]]:
    """Read the splits to predict for; those that are absent are left out unless the user named them.

    Raises:
        InputError: if a split or a file that the user named is absent, if all are, or if a file is malformed.
    """
    found: dict[str, Sequence[Any]] = {}
    absent: dict[str, AbsentDataError] = {}
    for name in options.split:
        try:
            found[name] = task.read_nonempty_split(name)
        except AbsentDataError as error:
            if "split" in named or error.path in named.values():
                raise
            absent[name] = error
    for name, reason in absent.items():
        if not found:
            raise reason
        LOGGER.info("note: %s is left out: %s", name, reason)
    return found


def _user_examples(task: Task[Any], options: PredictOptions) -> dict[str, Iterable[Any]]:
    """Return the examples on the command line or in ``--input``, by their source.

    Raises:
        InputError: if both are given, or not all texts of an example, or if a text has no words.
    """
    texts = {name: text for name, text in options.user_texts.items() if text is not None}
    flags = " and ".join(map(flag, options.user_texts))
    if texts and options.input is not None:
        raise InputError(f"{flags} and --input cannot be combined")
    if texts and len(texts) < len(options.user_texts):
        raise InputError(f"{flags} must be given together")
    if texts:
        return {"text": [user_example(task, texts, options.tokenized)]}
    path = options.input or Path()
    return {path.name: task.read_input(path, options.tokenized)}


def user_example(task: Task[Any], texts: Mapping[str, str], tokenized: bool) -> Any:
    """Return an example of the task that consists of texts from the command line.

    Args:
        task: the task.
        texts: text of each option that holds one, such as ``text``, or ``premise`` and ``hypothesis``.
        tokenized: True if blanks separate the words.

    Raises:
        InputError: if a text has no words.
    """
    for name, text in texts.items():
        if not text.strip():
            raise InputError(f"{flag(name)}: the text has no words")
    return task.example_of(tuple(text.split() if tokenized else text for text in texts.values()))
