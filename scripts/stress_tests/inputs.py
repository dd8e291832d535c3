"""Bad inputs: every reader and every file of a results folder, damaged in every way."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stress_tests.cases import Stage
from stress_tests.damage import CODE_RAN, FORMATS, name_of
from stress_tests.downloads import DOWNLOAD
from stress_tests.material import (
    EVALUATE,
    EXPLAIN,
    NO_VECTORS,
    TRAIN_BEER,
    TRAIN_LM,
    TRAIN_SNLI,
    TRAIN_SST,
    VISUALIZE,
    files_of,
)
from stress_tests.processes import REFUSED, Command, Limits, run
from stress_tests.report import Fault, Outcome, fault_of

LIMITS = Limits(seconds=20, memory=4 * 2**30)
KIND = "bad inputs"
CHANGED = "a refused command changed files"
PREDICTED = ("results/sst/predict/predictions.jsonl", "results/sst/predict/rationales.txt")

PREDICT = Command("latent_rationale.sst.predict", ("--ckpt", "results/sst", "--show", "1"))
PREDICT_TEXTS = PREDICT.with_arguments("--input", "texts.txt", "--save_path", "results/texts")
PREDICT_PAIRS = Command(
    "latent_rationale.snli.predict",
    ("--ckpt", "results/snli", "--input", "pairs.txt", "--save_path", "results/pairs", "--show", "1"),
)
RESUME = Command("latent_rationale.sst.train", ("--save_path", "results/sst", "--resume", "--num_iterations", "33"))
AGREE = Command("latent_rationale.snli.agree", ("--ckpt", "results/snli", "--highlights", "esnli/esnli_dev.csv"))
AGAIN = ("--overwrite", "--num_iterations", "6")
RETRAIN = TRAIN_SST.with_arguments("--save_path", "results/sst", *AGAIN)
GLUE = Command(
    "latent_rationale.sst.train",
    (
        *("--data_path", "glue", "--save_path", "results/sst", "--classes", "2", "--hidden_size", "4"),
        *(*AGAIN, *NO_VECTORS),
    ),
)


@dataclass(frozen=True)
class Target:
    """File that is damaged, and a command that reads it.

    Attributes:
        file: the file, relative to the good folder.
        format: key of ``FORMATS``.
        command: the command.
        folder: the results folder that a refusal must leave as it was.
        same: files that must be as without damage if the command accepts the file, because damage must be noticed.
        prepare: makes the file out of the good folder, where that does not hold it.
    """

    file: str
    format: str
    command: Command
    folder: str = "results/sst"
    same: tuple[str, ...] = ()
    prepare: Callable[[Path], None] | None = None

    @property
    def name(self) -> str:
        """Name of the target in the table: the file, without the folders of results and downloads."""
        path = Path(self.file)
        return f"`{path.name if path.parts[0] in ('results', 'site', 'data') else path}`"

    @property
    def reader(self) -> str:
        """Short name of the command that reads the file."""
        name = self.command.module.removeprefix("latent_rationale.").removesuffix(".__main__")
        return name + " --resume" * ("--resume" in self.command.arguments)


def _without_best(folder: Path) -> None:
    (folder / "results/sst/best.safetensors").unlink()


def _unfinished(folder: Path) -> None:
    path = folder / "results/sst/soc/explanations.jsonl"
    path.rename(path.with_name("explanations.jsonl.part"))


def _unfinished_evaluation(folder: Path) -> None:
    (folder / "results/sst/evaluation.json").rename(folder / "results/sst/evaluation.json.part")


def _partial_download(folder: Path) -> None:
    path = folder / "data/esnli/esnli_dev.csv.part"
    path.parent.mkdir(parents=True)
    path.write_bytes((folder / "esnli/esnli_dev.csv").read_bytes()[:300])
    path.with_name("esnli_dev.csv.part.version").write_text('"1"', encoding="utf-8")
    digest = hashlib.sha256((folder / "esnli/esnli_dev.csv").read_bytes()).hexdigest()
    path.with_name("esnli_dev.csv.sha256").write_text(f"{digest}  esnli_dev.csv\n", encoding="utf-8")


TARGETS = (
    Target("results/sst/config.json", "json", PREDICT),
    Target("results/sst/config.json", "json", replace(PREDICT, module="latent_rationale.predict")),
    Target("results/sst/config.json", "json", RESUME),
    Target("results/sst/config.json", "json", EXPLAIN),
    Target("results/snli/config.json", "json", AGREE, "results/snli"),
    Target("results/lm/config.json", "json", EXPLAIN),
    Target("results/sst/vocabulary.txt", "words", PREDICT, same=PREDICTED),
    Target("results/sst/vocabulary.txt", "words", RESUME, same=("results/sst/best.safetensors",)),
    Target("results/lm/vocabulary.txt", "words", EXPLAIN, same=("results/sst/soc/explanations.jsonl",)),
    Target("results/sst/best.safetensors", "weights", PREDICT, same=PREDICTED),
    Target("results/snli/best.safetensors", "weights", PREDICT_PAIRS, "results/snli"),
    Target("results/lm/best.safetensors", "weights", EXPLAIN, same=("results/sst/soc/explanations.jsonl",)),
    Target("results/sst/last.pt", "state", RESUME, same=("results/sst/best.safetensors", "results/sst/results.json")),
    Target("results/sst/last.pt", "state", PREDICT, same=PREDICTED, prepare=_without_best),
    Target("results/sst/metrics.jsonl", "json", RESUME),
    Target("results/sst/results.json", "json", PREDICT, same=PREDICTED),
    Target("results/sst/predictions.jsonl", "json", PREDICT, same=PREDICTED),
    Target("results/sst/soc/explanations.jsonl", "json", VISUALIZE),
    Target(
        *("results/sst/soc/explanations.jsonl.part", "json", EXPLAIN, "results/sst"),
        prepare=_unfinished,
    ),
    Target("results/sst/evaluation.json.part", "json", EVALUATE, prepare=_unfinished_evaluation),
    Target("sst/train.txt", "words", RETRAIN),
    Target("sst/dev.txt", "words", PREDICT),
    Target("sst/dev.txt", "words", EXPLAIN),
    Target("sst/test.txt", "words", RETRAIN),
    Target("vectors.txt", "words", RETRAIN),
    Target("glue/train.tsv", "words", GLUE),
    Target("glue/dev.tsv", "words", GLUE),
    Target("beer/train.txt.gz", "words", TRAIN_BEER.with_arguments("--save_path", "results/sst", *AGAIN)),
    Target("beer/annotations.json", "json", TRAIN_BEER.with_arguments("--save_path", "results/sst", *AGAIN)),
    Target("snli/snli_1.0_train.jsonl", "json", TRAIN_SNLI.with_arguments("--save_path", "results/snli", *AGAIN)),
    Target("esnli/esnli_dev.csv", "words", AGREE, "results/snli"),
    Target("sst/train.txt", "words", TRAIN_LM.with_arguments("--save_path", "results/lm", *AGAIN), "results/lm"),
    Target("texts.txt", "words", PREDICT_TEXTS),
    Target("pairs.txt", "words", PREDICT_PAIRS, "results/snli"),
    Target("site/projects/snli/snli_1.0.zip", "bytes", DOWNLOAD.with_arguments("snli")),
    Target(
        *("data/esnli/esnli_dev.csv.part", "bytes", DOWNLOAD.with_arguments("esnli")),
        prepare=_partial_download,
    ),
    Target(
        *("data/esnli/esnli_dev.csv.part.version", "words", DOWNLOAD.with_arguments("esnli")),
        prepare=_partial_download,
    ),
    Target(
        *("data/esnli/esnli_dev.csv.sha256", "words", DOWNLOAD.with_arguments("esnli")),
        prepare=_partial_download,
    ),
)


def check_inputs(stage: Stage, numbers: range) -> Iterator[Outcome]:
    """Damage one file per case and run a command that reads it.

    Args:
        stage: place of the cases.
        numbers: numbers of the cases, which decide target and damage together with the seed.

    Yields:
        The outcome of each case.

    Raises:
        RuntimeError: if a command does not work on the undamaged file.
    """
    expected: dict[Target, dict[str, bytes]] = {}
    for number in numbers:
        target = TARGETS[(number - 1) % len(TARGETS)]
        if target not in expected:
            expected[target] = _results_without_damage(stage, target)
        yield _check_input(stage, target, number, expected[target])


def _results_without_damage(stage: Stage, target: Target) -> dict[str, bytes]:
    """Return the files that a target's command must write alike; run it on good input."""
    with stage.folder("good-input") as folder:
        if target.prepare is not None:
            target.prepare(folder)
        ended = run(stage.server.fill(target.command, folder), folder, LIMITS)
        if ended.code != 0:
            raise RuntimeError(f"fails on good input: {target.reader} of {target.file}\n{ended.stderr}")
        return {name: (folder / name).read_bytes() for name in target.same}


def _check_input(stage: Stage, target: Target, number: int, expected: dict[str, bytes]) -> Outcome:
    rng = stage.random(KIND, number)
    damage = rng.choice(FORMATS[target.format])
    with stage.folder(f"inputs-{number}") as folder:
        if target.prepare is not None:
            target.prepare(folder)
        command = stage.server.fill(target.command, folder)
        damage(folder / target.file, rng)
        stage.snapshot(folder)
        before = files_of(folder / target.folder)
        ended = run(command, folder, LIMITS)
        refused = ended.code == REFUSED
        fault = fault_of(ended, command.prefix) or _damaged_results(folder, target, refused, before, expected)
        if fault is not None and "finite" in ended.stderr and fault.message.startswith(CHANGED):
            fault = None  # the loss is known only after the training has begun
        repeat = stage.repeat("inputs", number)
        outcome = Outcome(
            KIND, target.name, f"{name_of(damage)}; {target.reader}", repeat, refused and fault is None, fault
        )
        return stage.save(outcome, folder, command)


def _damaged_results(
    folder: Path, target: Target, refused: bool, before: dict[str, bytes], expected: dict[str, bytes]
) -> Fault | None:
    """Return what is wrong with the files after a command has read a damaged one."""
    if (folder / CODE_RAN).exists():
        return Fault("code of the file was executed")
    if refused:
        after = files_of(folder / target.folder)
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return Fault(f"{CHANGED}: {', '.join(changed)[:80]}") if changed else None
    if any((folder / name).read_bytes() != content for name, content in expected.items()):
        return Fault(f"accepted {Path(target.file).name} with other results and without a word")
    return None
