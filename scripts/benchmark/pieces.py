"""Table of the compiled pieces, each on and off, in the command that it serves: ``benchmark pieces``."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from explanations import explaining_all
from preparation import prepare

from latent_rationale.beer.task import Beer, BeerOptions
from latent_rationale.common.data.batching import training_batches
from latent_rationale.common.data.vocabulary import make_embedding
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.ops.library import without
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.language_model.task import LanguageModelling, LanguageModelOptions
from latent_rationale.explain.options import EvaluateOptions
from latent_rationale.explain.session import Session
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.task import SNLI
from latent_rationale.sst.task import SST, SSTOptions

THREADS = (1, 2)
SENTENCES = 6
"""Sentences that are explained per measurement."""


@dataclass(frozen=True)
class Piece:
    """Operators that are switched together, and a command that uses them.

    Attributes:
        name: what the table calls them.
        operators: their names.
        command: the name of a command in ``COMMANDS``.
    """

    name: str
    operators: tuple[str, ...]
    command: str


PIECES = (
    Piece("LSTM encoder", ("lstm",), "SST training step"),
    Piece("LSTM encoder", ("lstm",), "SNLI recurrent training step"),
    Piece("LSTM encoder", ("lstm",), "language model training step"),
    Piece("RCNN encoder", ("rcnn",), "Beer training step"),
    Piece("ancestral sampling", ("rcnn_sample",), "Beer training step"),
    Piece("ancestral sampling", ("lstm_sample",), "SST dependent training step"),
    Piece("prefixes", ("lstm_beginnings",), "SOC of a sentence"),
    Piece("prefixes", ("lstm_beginnings",), "SCD of a sentence"),
    Piece("continuation and softmax", ("lstm_go_on",), "SOC of a sentence"),
    Piece("continuation and softmax", ("lstm_go_on",), "SCD of a sentence"),
    Piece("split activations", ("lstm_parts",), "SCD of a sentence"),
)


def benchmark_pieces(ckpt: Path, lm: Path, rounds: int, only: str) -> None:
    """Print a Markdown table of seconds with a piece and without it, for the whole command, with each of ``THREADS``.

    Args:
        ckpt: the results folder of an LSTM classifier of the treebank.
        lm: that of a language model.
        rounds: measurements of either kind, in turns.
        only: part of the name of a piece or of a command; empty for all.
    """
    pieces = [piece for piece in PIECES if only in f"{piece.name}, {piece.command}"]
    titles = [f"{count} thread{'s' * (count > 1)}: {what}" for count in THREADS for what in ("on", "off", "off / on")]
    print(f"torch {torch.__version__}, float32, medians of {rounds} rounds, seconds")
    print("| piece | command |", *(f"{title} |" for title in titles))
    print("|---|---|" + "---|" * len(titles))
    commands = commands_of(ckpt, lm)
    for command, some in itertools.groupby(pieces, key=lambda piece: piece.command):
        run = commands[command]()
        for piece in some:
            cells = [cell for count in THREADS for cell in measure(run, piece.operators, count, rounds)]
            print(f"| {piece.name} | {command} |", *(f"{cell:.3g} |" for cell in cells), flush=True)


def measure(
    run: Iterator[Callable[[], object]], operators: tuple[str, ...], threads: int, rounds: int
) -> tuple[float, float, float]:
    """Median seconds with and without some operators, and the median ratio of neighbouring measurements.

    Either kind does the same work in a round, and goes first in every other round. The first two rounds warm up.

    Args:
        run: pieces of work.
        operators: the names of those that are switched off.
        threads: of torch.
        rounds: how often each is measured.
    """
    torch.set_num_threads(threads)
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 2):
        work = next(run)
        for off in (turn % 2, 1 - turn % 2):
            with without(*operators if off else ()):
                start = time.perf_counter()
                work()
                times[off].append(time.perf_counter() - start)
    on, off = (measured[2:] for measured in times)
    ratios = [slow / fast for fast, slow in zip(on, off, strict=True)]
    return statistics.median(on), statistics.median(off), statistics.median(ratios)


def commands_of(ckpt: Path, lm: Path) -> dict[str, Callable[[], Iterator[Callable[[], object]]]]:
    """The work of each command, by its name; prepared when it is called."""
    sst = SSTOptions(model="latent", selection=0.3)
    beer = BeerOptions(model="latent", aspect=0, dependent_z=True, selection=0.13, lasso=0.02)
    dependent = SSTOptions(model="latent", selection=0.3, dependent_z=True)
    return {
        "SST training step": lambda: training(SST(SST.resolve(sst))),
        "SST dependent training step": lambda: training(SST(SST.resolve(dependent))),
        "SNLI recurrent training step": lambda: training(SNLI(SNLI.resolve(SNLIOptions(model="recurrent")))),
        "language model training step": lambda: training(LanguageModelling(LanguageModelOptions())),
        "Beer training step": lambda: training(Beer(Beer.resolve(beer))),
        "SOC of a sentence": lambda: explaining(ckpt, lm, "soc"),
        "SCD of a sentence": lambda: explaining(ckpt, lm, "scd"),
    }


def training(task: Task[Any]) -> Iterator[Callable[[], object]]:
    """Training steps without end."""
    if isinstance(task, LanguageModelling):
        splits = task.read()
        vocabulary = task.vocabulary(splits, None)
        embedding = make_embedding(vocabulary, task.options.embed_size)
        data = task.encode(splits.train, vocabulary)
    else:
        data, embedding, _ = prepare(task)
    options = task.options
    train_state = TrainState(*task.build(embedding), options)
    train_state.train()
    for _, batch in training_batches(data, options.batch_size, 1, 0, train_state.device):
        yield lambda batch=batch: train_step(train_state, batch, options.max_grad_norm)


def explaining(ckpt: Path, lm: Path, method: str) -> Iterator[Callable[[], object]]:
    """Explanations of some sentences without end."""
    session = Session(EvaluateOptions(ckpt=ckpt, lm=lm, method=(method,)))
    examples = session.examples()
    for first in itertools.cycle(range(0, 20 * SENTENCES, SENTENCES)):
        explain = explaining_all(session, method, examples[first : first + SENTENCES])
        yield lambda explain=explain: explain(None)
