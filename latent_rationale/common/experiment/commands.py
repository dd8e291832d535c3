"""Commands ``train`` and ``predict`` of every task, from parsed options to files and console output."""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from latent_rationale.common.experiment.experiment import run_experiment
from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
from latent_rationale.common.experiment.results_folder import check_new_folder, resumed_options
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.display import (
    PLOTS,
    LabelledPrediction,
    Tokenize,
    plot,
    prediction_files,
    read_texts,
    show,
    write_predictions,
)
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
    with nullcontext() if folder is None else locked(writable_folder(folder)):
        predicted = [_predict_source(predictor, name, sources[name], options) for name in sources]
        if folder is not None:
            _write(folder, predicted, options, task_class.zips_predictions)
    for item in predicted:
        show(item.shown)
        if item.measures:
            LOGGER.info("%-4s %s", item.source, headline(item.measures, task_class.headline))


@dataclasses.dataclass(frozen=True)
class _Predicted:
    """Predictions for a split, a file or the texts of the command line.

    Attributes:
        source: name of the split or file.
        predictions: all predictions.
        shown: predictions to show.
        measures: measures by name; empty if the examples have no labels.
    """

    source: str
    predictions: list[LabelledPrediction]
    shown: list[LabelledPrediction]
    measures: dict[str, float]


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


def _predict_source(predictor: Predictor, source: str, examples: Sequence[Any], options: PredictOptions) -> _Predicted:
    """Predict for the examples of a split, of ``--input`` or of the command line, and evaluate those of a split."""
    measures: dict[str, float] = {}
    if options.from_user:  # without labels
        predictions = predictor.predict_examples(examples)
    else:
        measures, predictions = predictor.evaluate(examples)
    labelled = label_predictions(source, predictor.task, predictions, examples)
    shown = predictor.task.select_examples_to_show(predictions, examples, options.show)
    return _Predicted(source, labelled, [labelled[index] for index in shown], measures)


def _write(folder: Path, predicted: Sequence[_Predicted], options: PredictOptions, zipped: bool) -> None:
    """Write all predictions, and pictures of those that are shown if the user wants them.

    Raises:
        InputError: if the folder holds predictions that must not be replaced, or files cannot be written.
    """
    # Checked again, since another command may have written to the folder while this one read its data.
    replaced = refuse_existing(prediction_files(folder), options.overwrite)
    if replaced:
        LOGGER.info("--overwrite: replacing %s", names_of(replaced, most=len(replaced)))
    written = write_predictions(folder, [each for item in predicted for each in item.predictions], zipped)
    if options.plot:
        written += [path for item in predicted for path in plot(item.shown, folder / PLOTS)]
    for path in set(replaced) - set(written):
        path.unlink(missing_ok=True)


def _user_examples(task: Task[Any], options: PredictOptions) -> dict[str, Sequence[Any]]:
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
    tokenize = tokenizer_for(task, options.tokenized)
    if texts:
        return {"text": [user_example(task, texts, tokenize)]}
    path = options.input or Path()
    return {path.name: [task.example_of(example) for example in read_texts(path, task.text_names, tokenize)]}


def tokenizer_for(task: Task[Any], tokenized: bool) -> Tokenize:
    """Return the function that splits a user's text: at blanks if it is tokenized, else with the task's tokenizer."""
    return str.split if tokenized else task.tokenize


def user_example(task: Task[Any], texts: Mapping[str, str], tokenize: Tokenize) -> Any:
    """Return an example of the task that consists of texts from the command line.

    Args:
        task: the task.
        texts: text of each option that holds one, such as ``text``, or ``premise`` and ``hypothesis``.
        tokenize: function that splits a text into words.

    Raises:
        InputError: if a text has no words.
    """
    tokens = {name: tokenize(text) for name, text in texts.items()}
    for name, words in tokens.items():
        if not words:
            raise InputError(f"{flag(name)}: the text has no words")
    return task.example_of(tuple(tokens.values()))
