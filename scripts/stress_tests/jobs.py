"""Commands that are interrupted and continued, and the files in which that must leave no trace."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stress_tests.cases import Stage
from stress_tests.downloads import DOWNLOAD
from stress_tests.material import EVALUATE, EXPLAIN, TRAIN_BEER, TRAIN_LM, TRAIN_SNLI, TRAIN_SST
from stress_tests.processes import Command, Limits, run

LIMITS = Limits(seconds=120)
TRAINED_FILES = ("best.safetensors", "metrics.jsonl", "results.json", "vocabulary.txt")


@dataclass(frozen=True)
class Job:
    """Command whose interruption must leave no trace.

    Attributes:
        name: name in the table.
        command: the command.
        results: files that must be equal to those of an uninterrupted run.
        save_path: the results folder of a training; None for a command that is simply repeated.
    """

    name: str
    command: Command
    results: tuple[str, ...]
    save_path: str | None = None

    def next_command(self, folder: Path) -> Command:
        """Return the command that begins or continues the job, as a user would choose it from what is there."""
        if self.save_path is None:
            return self.command
        config = folder / self.save_path / "config.json"
        begun = config.exists() and json.loads(config.read_text(encoding="utf-8"))["seed"] == NEW_SEED
        return Command(self.command.module, ("--save_path", self.save_path, "--resume")) if begun else self.command


NEW_SEED = 7
"""Seed of the trainings of jobs, by which their results folders are known."""


def _training(name: str, command: Command, predictions: str, save_path: str, *more: str) -> Job:
    results = tuple(f"{save_path}/{file}" for file in (*TRAINED_FILES, predictions))
    arguments = ("--save_path", save_path, "--seed", str(NEW_SEED), "--save_every", "2", *more)
    return Job(name, command.with_arguments(*arguments), results, save_path)


JOBS = (
    _training("train SST", TRAIN_SST, "predictions.jsonl", "results/new", "--num_iterations", "60"),
    _training("train SST --overwrite", TRAIN_SST, "predictions.jsonl", "results/sst", "--overwrite"),
    _training("train SNLI", TRAIN_SNLI, "predictions.jsonl.gz", "results/new", "--num_iterations", "30"),
    _training("train Beer", TRAIN_BEER, "predictions.jsonl", "results/new"),
    _training("train a language model", TRAIN_LM, "predictions.jsonl", "results/new", "--num_iterations", "30"),
    Job(
        "predict",
        Command("latent_rationale.sst.predict", ("--ckpt", "results/sst", "--eval_batch_size", "1", "--overwrite")),
        tuple(f"results/sst/predict/{name}" for name in ("predictions.jsonl", "rationales.txt", "rationales.html")),
    ),
    Job("explain", EXPLAIN.with_arguments("--seed", "2"), ("results/sst/soc/explanations.jsonl",)),
    Job("evaluate explanations", EVALUATE.with_arguments("--split", "test"), ("results/sst/evaluation.json",)),
    Job(
        "download",
        DOWNLOAD.with_arguments("snli"),
        tuple(
            f"data/snli/snli_1.0_{split}.jsonl{end}" for split in ("train", "dev", "test") for end in ("", ".sha256")
        ),
    ),
)


@dataclass(frozen=True)
class Reference:
    """Results and duration of an uninterrupted run of a job.

    Attributes:
        files: contents by relative path.
        seconds: the duration.
        growth: bytes by which the folder grows.
    """

    files: dict[str, bytes]
    seconds: float
    growth: int

    def difference(self, folder: Path) -> str | None:
        """Return what differs from these results in a folder; None if nothing does."""
        for name, content in self.files.items():
            path = folder / name
            if not path.exists():
                return f"{path.name} is missing"
            if path.read_bytes() != content:
                return f"{path.name} differs from that of an uninterrupted run"
        return None


def reference_of(stage: Stage, job: Job, change: Callable[[Command], Command] = lambda command: command) -> Reference:
    """Run a job without interruption.

    Args:
        stage: place of the cases.
        job: the job.
        change: changes its command.

    Raises:
        RuntimeError: if it fails.
    """
    with stage.folder("uninterrupted") as folder:
        before = size_of(folder)
        ended = run(stage.server.fill(change(job.command), folder), folder, LIMITS)
        if ended.code != 0:
            raise RuntimeError(f"fails without interruption: {job.name}\n{ended.stderr}")
        files = {name: (folder / name).read_bytes() for name in job.results}
        return Reference(files, ended.seconds, size_of(folder) - before)


def size_of(folder: Path) -> int:
    """Return the size of a folder on a file system with blocks of 4096 bytes."""
    return sum(4096 * -(-path.lstat().st_size // 4096 or -1) for path in folder.rglob("*"))
