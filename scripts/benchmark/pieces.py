"""Table of the compiled operators, each on and off, in the commands that they serve: ``benchmark pieces``."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from explanations import explaining_all
from preparation import prepare, select_few

from latent_rationale.beer.options import BeerOptions
from latent_rationale.beer.task import Beer
from latent_rationale.common.data.batching import training_batches
from latent_rationale.common.ops.library import without
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.options import EvaluateOptions
from latent_rationale.explain.session import Session

THREADS = (1, 2)
SENTENCES = 6
"""Sentences that are explained per measurement."""

Work = Callable[[], object]


class Piece(NamedTuple):
    """A row of the table.

    Attributes:
        name: what the table calls the piece.
        operator: its name.
        command: one of ``commands_of``.
    """

    name: str
    operator: str
    command: str


PIECES = (
    Piece("RCNN encoder", "rcnn_encoder", "Beer training step, as training starts"),
    Piece("RCNN encoder", "rcnn_encoder", "Beer training step, 13 % selected"),
    Piece("prefixes", "lstm_prefixes", "SOC of six sentences"),
    Piece("continuation and softmax", "lstm_continuation", "SOC of six sentences"),
    Piece("prefixes", "lstm_prefixes", "SCD of six sentences"),
    Piece("continuation and softmax", "lstm_continuation", "SCD of six sentences"),
)


def benchmark_pieces(ckpt: Path, lm: Path, rounds: int, only: str) -> None:
    """Print a Markdown table of seconds with and without a piece, for the whole command, with each of ``THREADS``.

    Args:
        ckpt: the results folder of an LSTM classifier of the treebank.
        lm: the results folder of a language model.
        rounds: measurements of either kind, in turns.
        only: part of the names of a piece and a command; empty for all.
    """
    titles = [f"{count} thread{'s' * (count > 1)}, {what}" for count in THREADS for what in ("on", "off", "off / on")]
    print(f"torch {torch.__version__}, float32, medians of {rounds} rounds, seconds")
    print(row_of("piece", "command", *titles))
    print(row_of(*["---"] * (2 + len(titles))))
    chosen = [piece for piece in PIECES if only in f"{piece.name}, {piece.command}"]
    commands = commands_of(ckpt, lm)
    for command, pieces in itertools.groupby(chosen, key=lambda piece: piece.command):
        work = commands[command]()
        for piece in pieces:
            cells = [f"{cell:.3g}" for count in THREADS for cell in measure(work, piece.operator, count, rounds)]
            print(row_of(piece.name, command, *cells), flush=True)


def row_of(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def measure(work: Iterator[Work], operator: str, threads: int, rounds: int) -> tuple[float, float, float]:
    """Time the same work with and without an operator in each round, after two rounds that warm up.

    Args:
        work: a piece of work per round.
        operator: its name.
        threads: of torch.
        rounds: how many are measured.

    Returns:
        Median seconds with and without the operator, and the median of the ratios of each round.
    """
    torch.set_num_threads(threads)
    with_it, without_it = [], []
    for turn, run in enumerate(itertools.islice(work, rounds + 2)):
        if turn % 2 == 0:
            seconds, seconds_off = time_of(run), time_of(run, operator)
        else:
            seconds_off, seconds = time_of(run, operator), time_of(run)
        with_it.append(seconds)
        without_it.append(seconds_off)
    del with_it[:2], without_it[:2]
    ratios = [off / on for on, off in zip(with_it, without_it, strict=True)]
    return statistics.median(with_it), statistics.median(without_it), statistics.median(ratios)


def time_of(run: Work, *switched_off: str) -> float:
    """Return the seconds that work takes without some operators."""
    with without(*switched_off):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start


def commands_of(ckpt: Path, lm: Path) -> dict[str, Callable[[], Iterator[Work]]]:
    """Return what prepares the work of each command, by its name."""
    return {
        "Beer training step, as training starts": partial(training_steps, few=False),
        "Beer training step, 13 % selected": partial(training_steps, few=True),
        "SOC of six sentences": partial(explanations, ckpt, lm, "soc"),
        "SCD of six sentences": partial(explanations, ckpt, lm, "scd"),
    }


def training_steps(few: bool) -> Iterator[Work]:
    """Yield training steps of the latent model with dependent z, of which the gate may select few words."""
    options = Beer.resolve(BeerOptions(model="latent", aspect=0, dependent_z=True, selection=0.13, lasso=0.02))
    task = Beer(options)
    data, embedding, _ = prepare(task)
    train_state = TrainState(*task.build(embedding), options)
    train_state.train()
    if few:
        select_few(train_state.model)
    for _, batch in training_batches(data, options.batch_size, 1, 0, train_state.device):
        yield partial(train_step, train_state, batch, options.max_grad_norm)


def explanations(ckpt: Path, lm: Path, method: str) -> Iterator[Work]:
    """Yield explanations of ``SENTENCES`` dev sentences with the phrases of their trees, N = 10, K = 20."""
    session = Session(EvaluateOptions(ckpt=ckpt, lm=lm, method=(method,)))
    examples: list[Any] = session.examples()
    for first in itertools.cycle(range(0, 20 * SENTENCES, SENTENCES)):
        yield partial(explaining_all(session, method, examples[first : first + SENTENCES]), None)
