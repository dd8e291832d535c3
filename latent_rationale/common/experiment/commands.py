"""Commands ``train`` and ``predict`` of every task, from parsed options to files and console output."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from latent_rationale.common.experiment.experiment import run_experiment
from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
from latent_rationale.common.experiment.results_folder import check_new_folder, resumed_options
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.display import (
    LabelledPrediction,
    Tokenize,
    plot,
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
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag
from latent_rationale.common.utils.writing import writable_folder


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
    """Predict, show a few examples with their rationales, and write all predictions.

    Args:
        task_class: task that the model was trained for.
        options: all options of the command.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: if the results folder or the texts cannot be used.
    """
    recorded = checkpoint.read_config(options.ckpt)["options"]
    # Options that training has too, such as paths of data and batch sizes, override the recorded ones if they were set.
    # --save-path means another folder here.
    changes = {name: config.to_json(options)[name] for name in named if name in recorded and name != "save_path"}
    set_threads(options.threads)
    predictor = Predictor.load(options.ckpt, task_class, find_device(options.device), changes)
    folder = writable_folder(options.save_path or options.ckpt)
    predicted: list[LabelledPrediction] = []
    user_examples = _user_examples(predictor.task, options)
    sources = user_examples or {name: predictor.task.read_nonempty_split(name) for name in options.split}
    for source, examples in sources.items():
        measures: dict[str, float] = {}
        if user_examples:  # without labels, hence without measures
            predictions = predictor.predict_examples(examples)
        else:
            measures, predictions = predictor.evaluate(examples)
        labelled = label_predictions(source, predictor.task, predictions, examples)
        shown = predictor.task.select_examples_to_show(predictions, examples, options.show)
        show([labelled[index] for index in shown])
        if options.plot:
            plot([labelled[index] for index in shown], folder / "plots")
        if measures:
            LOGGER.info("%-4s %s", source, headline(measures, task_class.headline))
        predicted += labelled
    write_predictions(folder, predicted, task_class.zips_predictions)


def _user_examples(task: Task[Any], options: PredictOptions) -> dict[str, Sequence[Any]]:
    """Return the examples on the command line or in ``--input``, by their source; empty if the user gave none.

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
    if options.input is not None:
        examples = read_texts(options.input, task.text_names, tokenize)
        return {options.input.name: [task.example_of(example) for example in examples]}
    return {}


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
