"""Training and prediction for every task, from the options to what is written and shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from latent_rationale.common.experiment.experiment import claim_folder, resumed_options, run_experiment
from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.experiment.predictor import Predictor, label_predictions
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
from latent_rationale.common.utils.device import find_device
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import writable_folder
from latent_rationale.common.utils.flags import flag


def train(task_class: type[Task[Any]], options: TrainOptions, named: dict[str, Any]) -> None:
    """Train a model, keep the best one, and evaluate it.

    Args:
        task_class: the task to train for.
        options: all options of the run.
        named: the values of those that the user named.

    Raises:
        InputError: for options or data that cannot be used.
    """
    if options.resume:
        options = resumed_options(task_class, options, named)
        refuse_misplaced(options, named)
    else:
        refuse_misplaced(options, named)
        claim_folder(options)
        options = task_class.resolve(options)
    note_without_effect(options, named)
    results = run_experiment(task_class(options), find_device(options.device))
    for split, measures in results.items():
        LOGGER.info("%-4s %s", split, headline(measures, task_class.headline))
    LOGGER.info("results are in %s", options.save_path)


def predict(task_class: type[Task[Any]], options: PredictOptions, named: dict[str, Any]) -> None:
    """Predict, show a few examples with their rationales, and write all predictions.

    Args:
        task_class: the task that the model was trained for.
        options: all options.
        named: the values of those that the user named.

    Raises:
        InputError: for a folder or texts that cannot be used.
    """
    recorded = checkpoint.read_config(options.ckpt)["options"]
    # An option that training has as well - where data is, how many at once - replaces what training was told.
    changes = {name: config.to_json(options)[name] for name in named if name in recorded and name != "save_path"}
    predictor = Predictor.load(options.ckpt, task_class, find_device(options.device), changes)
    folder = writable_folder(options.save_path or options.ckpt)
    predicted: list[LabelledPrediction] = []
    given = _given(predictor.task, options)
    sources = given or {name: predictor.task.read_asked(name) for name in options.split}
    for source, examples in sources.items():
        measures: dict[str, float] = {}
        if given:
            predictions = predictor.predict_examples(examples)
        else:
            measures, predictions = predictor.evaluate(examples)
        part = label_predictions(source, predictor.task, predictions, examples)
        picked = [part[index] for index in predictor.task.picked(predictions, examples, options.show)]
        show(picked)
        if options.plot:
            plot(picked, folder / "plots")
        if measures:
            LOGGER.info("%-4s %s", source, headline(measures, task_class.headline))
        predicted += part
    write_predictions(folder, predicted, task_class.zips_predictions)


def _given(task: Task[Any], options: PredictOptions) -> dict[str, Sequence[Any]]:
    """The user's own examples, by where they come from; nothing where there are none."""
    given = {name: text for name, text in options.given.items() if text is not None}
    flags = " and ".join(map(flag, options.given))
    if given and options.input is not None:
        raise InputError(f"{flags} and --input: give one of them")
    if given and len(given) < len(options.given):
        raise InputError(f"{flags}: give all of them")
    split = tokenizer_for(task, options.tokenized)
    if given:
        return {"text": [own_example(task, given, split)]}
    if options.input is not None:
        examples = read_texts(options.input, task.text_names, split)
        return {options.input.name: [task.example_of(example) for example in examples]}
    return {}


def tokenizer_for(task: Task[Any], tokenized: bool) -> Tokenize:
    """What finds the words of a user's text: blanks if it is tokenised, else the task."""
    return str.split if tokenized else task.tokenize


def own_example(task: Task[Any], texts: Mapping[str, str], split: Tokenize) -> Any:
    """The user's own texts, by the options that name them, as an example of the task.

    Raises:
        InputError: for a text without words.
    """
    found = {name: split(text) for name, text in texts.items()}
    for name, tokens in found.items():
        if not tokens:
            raise InputError(f"{flag(name)}: has no words")
    return task.example_of(tuple(found.values()))
