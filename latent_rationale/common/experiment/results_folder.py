"""Results folder of a training run: what may be written to it, how a run begins there, and how it is resumed."""

import dataclasses
import platform
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import latent_rationale
from latent_rationale.common.data.batching import Encoded, steps_per_epoch
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.files import PAGE, PREDICTIONS, RATIONALES
from latent_rationale.common.training import checkpoint, event_file
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.results import METRICS, RESULTS
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils import config
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag
from latent_rationale.common.utils.writing import names_of, refuse_existing, write_json

OUTPUTS = (
    # The configuration comes first: without it, files that remain after an interrupted removal are no results folder.
    *(checkpoint.CONFIG, checkpoint.BEST, checkpoint.LAST),
    *(METRICS, RESULTS, f"{PREDICTIONS}*", RATIONALES, PAGE, event_file.PATTERN),
)
"""Patterns of the files that a run writes, beside those in ``Task.kept``."""

MAY_CHANGE = {"resume", "num_iterations", "device", "threads", "eval_batch_size", "print_every", "save_every"}
"""Options, beside paths, that a resumed run may change: they do not change what is learned in a step."""


def check_new_folder(task_class: type[Task[Any]], options: TrainOptions) -> None:
    """Check that a new run may write to its results folder. Nothing is created or removed yet.

    Raises:
        InputError: if the path is a file, or the folder holds a file that the run would replace and the user did not
            set ``--overwrite``.
    """
    folder = options.save_path
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file; --save-path expects a folder", folder)
    if (folder / checkpoint.CONFIG).exists() and not options.overwrite:
        raise InputError(
            "is already a results folder; continue its run with --resume, or replace it with --overwrite", folder
        )
    refuse_existing(_outputs(folder, task_class), options.overwrite)


def begin(task: Task[Any], vocabulary: Any, train_state: TrainState, digests: Mapping[str, str]) -> None:
    """Write the files of a new run, in place of those of an earlier one.

    Args:
        task: task with the options of the run.
        vocabulary: vocabulary that ``task.start`` returned.
        train_state: the initial state.
        digests: digests of the data, see ``data_digests``.

    Raises:
        InputError: if the folder holds a file that must not be replaced, or files cannot be written.
    """
    folder = task.options.save_path
    if not task.options.resume:  # again, since another run may have begun there while this one read its data
        check_new_folder(type(task), task.options)
    _note_results_of_other_commands(folder, task)
    earlier = _outputs(folder, type(task))
    if earlier:
        LOGGER.info("--overwrite: removing %s", names_of(earlier, most=len(earlier)))
    for path in earlier:
        if path.is_file():  # folders are emptied by the task that fills them
            path.unlink()
    # Written first, so that --resume can begin anew if the run is interrupted here, and again with the files' digests.
    write_json(folder / checkpoint.CONFIG, _configuration(task, train_state, digests))
    task.keep(folder, vocabulary, train_state.model)
    checkpoint.save_last(folder, train_state)
    write_json(folder / checkpoint.CONFIG, _configuration(task, train_state, digests))


def resume(task: Task[Any], train_state: TrainState, size: int, digests: Mapping[str, str]) -> None:
    """Restore the last saved training state of a run. Nothing in the folder is changed.

    Args:
        task: task with the options of the run.
        train_state: state of an untrained model, changed in place.
        size: number of training examples.
        digests: digests of the data, see ``data_digests``.

    Raises:
        InputError: if the run is already past the last step that the options ask for, its data is not that with which
            it began, or its files cannot be used.
    """
    folder = task.options.save_path
    checkpoint.load_last(folder, train_state)
    last = task.options.last_step(steps_per_epoch(size, task.options.batch_size))
    if last < train_state.progress.iteration:
        raise InputError(f"--num-iterations: the run has already reached step {train_state.progress.iteration}", folder)
    recorded = checkpoint.read_config(folder).get("data", {})
    names = {**recorded, **digests} if recorded else {}  # versions without digests recorded none
    changed = [name for name in names if recorded.get(name) != digests.get(name)]
    if changed:
        splits = " and ".join(changed)
        raise InputError(f"the {splits} data is not that with which the run in {folder} began ({task.source})")


def continue_run(task: Task[Any], train_state: TrainState, digests: Mapping[str, str]) -> None:
    """Record that a resumed run goes on: its results are no longer the final ones, its options may differ."""
    folder = task.options.save_path
    (folder / RESULTS).unlink(missing_ok=True)
    write_json(folder / checkpoint.CONFIG, _configuration(task, train_state, digests))
    LOGGER.info("resuming %s after step %d", folder, train_state.progress.iteration)


def conclude_run(task: Task[Any], train_state: TrainState, digests: Mapping[str, str]) -> None:
    """Let the task save further files of the best model, and record their digests."""
    folder = task.options.save_path
    task.finish(folder, train_state.model)
    write_json(folder / checkpoint.CONFIG, _configuration(task, train_state, digests, with_weights=True))


def resumed_options(task_class: type[Task[Any]], options: TrainOptions, named: dict[str, Any]) -> Any:
    """Return the options that a run was started with, updated by those that a resumed run may change.

    Args:
        task_class: task of the command.
        options: options of the command that resumes; ``save_path`` is the results folder.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: if the folder holds no run of this task, or if an option in ``named`` has another value than before
            and is neither a path nor in ``MAY_CHANGE``.
    """
    recorded = checkpoint.read_config(options.save_path)
    if recorded["task"] != task_class.name:
        raise InputError(f"holds a model for {recorded['task']}, not for {task_class.name}", options.save_path)
    previous = config.from_json(task_class.options_class, recorded["options"])
    may_change = MAY_CHANGE | {name for name, kind in typing.get_type_hints(type(options)).items() if _is_path(kind)}
    new_values, previous_values = config.to_json(options), config.to_json(previous)
    for name in new_values.keys() & named.keys() - may_change:
        if new_values[name] != previous_values[name]:
            change = f"was {previous_values[name]} when the run began and cannot be changed to {new_values[name]}"
            raise InputError(f"{flag(name)} {change}")
    changes = {name: getattr(options, name) for name in may_change & named.keys()}
    return dataclasses.replace(previous, **{**changes, "resume": True, "save_path": options.save_path})


def _note_results_of_other_commands(folder: Path, task: Task[Any]) -> None:
    """Tell which folders with predictions or explanations stay, although they are of the model that is replaced."""
    others = sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in task.kept)
    if others and (folder / checkpoint.CONFIG).exists():
        LOGGER.info("note: %s may hold results of the earlier model, and stay as they are", names_of(others))


def _is_path(kind: Any) -> bool:
    """Tell whether the type of an option is a path, an optional one or a tuple of them."""
    return Path in (kind, *typing.get_args(kind))


def _outputs(folder: Path, task_class: type[Task[Any]]) -> list[Path]:
    """Return what a folder holds of that which a run writes."""
    return [path for name in (*OUTPUTS, *task_class.kept) for path in sorted(folder.glob(name))]


def _configuration(
    task: Task[Any], train_state: TrainState, digests: Mapping[str, str], with_weights: bool = False
) -> dict[str, Any]:
    """Return the content of ``config.json``, from which a run is resumed and its model loaded.

    Args:
        task: task with the options of the run.
        train_state: state of the run.
        digests: digests of the data.
        with_weights: record the digests of weights too that the task has exported; false until the run ends, since it
            replaces them.
    """
    files = checkpoint.file_digests(task.options.save_path, task.kept)
    options = dataclasses.replace(task.options, resume=False, overwrite=False)
    return {
        "task": task.name,
        "seed": options.seed,
        "options": config.to_json(options),
        "embedding_size": train_state.model.embedding.embedding_dim,
        "files": {name: files[name] for name in files if with_weights or not name.endswith(".safetensors")},
        "data": dict(digests),
        "versions": {
            "latent_rationale": latent_rationale.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def data_digests(data: Mapping[str, Encoded]) -> dict[str, str]:
    """Compute the digest of each split of encoded examples, as the model reads it."""
    return {
        name: checkpoint.digest([*((text.ids, text.lengths) for text in split.texts), split.targets])
        for name, split in data.items()
    }
