"""How fast training is, beside a plain implementation, the original, and what the processor could do.

    python scripts/benchmark.py sst

Times the training steps of the latent model with default options. Ours and the plain one take turns on the same data,
so that a noisy machine slows both; shown are medians, after a warm-up. Needs the treebank and its word vectors.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from plain_sst import PlainModel
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from latent_rationale.common.batching import Encoded, training_batches
from latent_rationale.common.compiled import is_compiled
from latent_rationale.common.errors import InputError
from latent_rationale.common.learner import Learner
from latent_rationale.common.memory import keep_memory
from latent_rationale.common.structures import Batch
from latent_rationale.common.training import train_step
from latent_rationale.common.vocabulary import make_embedding
from latent_rationale.sst.task import SST, SSTOptions

ORIGINAL_SST_SECONDS = 0.14
"""A training step of the original code, on two cores of another day: batch 25, latent, float32."""

MATRIX_PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Contestant:
    """One implementation: its step, and the batches it takes."""

    step: Callable[[Batch], object]
    batches: Iterator[Batch]


def main() -> int:
    """Run the benchmark that the command line names. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["sst"])
    parser.add_argument("--rounds", type=int, default=12, help="how often the implementations take turns")
    parser.add_argument("--steps", type=int, default=25, help="steps per turn")
    options = parser.parse_args()
    keep_memory()
    try:
        benchmark_sst(options.rounds, options.steps)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def benchmark_sst(rounds: int, steps: int) -> None:
    """Latent model, batch 25."""
    options = SST.resolve(SSTOptions(model="latent", selection=0.3))
    task = SST(options)
    splits = task.read()
    vectors = task.read_vectors(splits)
    vocabulary = task.vocabulary(splits, vectors)
    data = task.encode(splits.train, vocabulary)
    model, objective = task.build(make_embedding(vocabulary, options.embed_size, vectors, trained=False))
    learner = Learner(model, objective, options)
    learner.train()
    weight = make_embedding(vocabulary, options.embed_size, vectors).weight.detach()
    plain_model = PlainModel(weight, options.hidden_size, task.output_size, options.dropout)
    _, plain_objective = task.build(nn.Embedding(2, 2))

    ours = Contestant(
        lambda batch: train_step(learner, batch, options.max_grad_norm),
        (batch for _, batch in training_batches(data, options.batch_size, 1, 0, CPU)),
    )
    plain = Contestant(plain_step(plain_model, plain_objective, options), random_batches(data, options.batch_size))
    seconds = take_turns([ours, plain], rounds, steps)
    words = options.batch_size * sum(len(example.tokens) for example in splits.train) / len(splits.train)
    step, plain_seconds = seconds
    print(f"processor: {torch.get_num_threads()} threads, torch {torch.__version__}, float32")
    print(f"ours: {1000 * step:.1f} ms a step, {1 / step:.1f} steps/s, {words / step:.0f} words/s")
    print(f"plain (packed nn.LSTM): {1000 * plain_seconds:.1f} ms a step")
    print(f"times as fast as the plain implementation: {plain_seconds / step:.2f}")
    print(f"times as fast as the original's {ORIGINAL_SST_SECONDS} s: {ORIGINAL_SST_SECONDS / step:.2f}")
    print(f"share of a step in matrix products: {share_in_products(ours):.0%}")
    operations = count_operations(ours)
    rate = product_rate()
    print(f"arithmetic: {operations / 1e9:.2f} GFLOP a step; a large product runs at {rate / 1e9:.0f} GFLOP/s,")
    print(f"  so that the floor is {1000 * operations / rate:.1f} ms, {operations / rate / step:.0%} of a step")


def plain_step(model: nn.Module, objective: nn.Module, options: SSTOptions) -> Callable[[Batch], object]:
    """A training step as one would write it."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=options.lr, weight_decay=options.weight_decay)

    def step(batch: Batch) -> None:
        loss = objective(model(batch), batch)
        optimizer.zero_grad()
        loss.total.backward()
        nn.utils.clip_grad_norm_(parameters, options.max_grad_norm)
        optimizer.step()

    return step


def random_batches(data: Encoded, batch_size: int) -> Iterator[Batch]:
    """Batches without end, whatever the lengths of their sentences."""
    while True:
        for index in torch.split(torch.randperm(len(data)), batch_size):
            yield data.batch(index)


def take_turns(contestants: list[Contestant], rounds: int, steps: int) -> list[float]:
    """The median seconds per step of each, batching included."""
    times: list[list[float]] = [[] for _ in contestants]
    for turn in range(rounds + 1):
        for contestant, measured in zip(contestants, times, strict=True):
            for _ in range(steps):
                start = time.perf_counter()
                contestant.step(next(contestant.batches))
                if turn > 0:  # the first turn warms up
                    measured.append(time.perf_counter() - start)
    return [statistics.median(measured) for measured in times]


def share_in_products(contestant: Contestant, steps: int = 20) -> float:
    """The share of a step's time that the processor spends in matrix products."""
    with torch.profiler.profile() as profile:
        for batch in itertools.islice(contestant.batches, steps):
            contestant.step(batch)
    events = profile.key_averages()
    products: float = sum(event.self_cpu_time_total for event in events if event.key in MATRIX_PRODUCTS)
    total: float = sum(event.self_cpu_time_total for event in events)
    return products / total


def lstm_operations(projected: list[torch.Size], *_: object, **__: object) -> int:
    """Operations in the recurrent products of a bidirectional LSTM, for two projected inputs ``[B, T, 4H]``."""
    return sum(2 * batch * steps * width * width // 4 for batch, steps, width in projected)


def lstm_backward_operations(_: torch.Size, projected: list[torch.Size], *__: object, **___: object) -> int:
    """The same for its gradients: of the states, and of the weights."""
    return 2 * lstm_operations(projected)


def count_operations(contestant: Contestant, steps: int = 20) -> float:
    """Floating-point operations in the matrix products of a step."""
    compiled = {}
    if is_compiled():
        operators = torch.ops.latent_rationale
        compiled = {operators.lstm: lstm_operations, operators.lstm_backward: lstm_backward_operations}
    with FlopCounterMode(display=False, custom_mapping=compiled) as counter:
        for batch in itertools.islice(contestant.batches, steps):
            contestant.step(batch)
    return float(counter.get_total_flops()) / steps


def product_rate(size: int = 1024, repeats: int = 15) -> float:
    """Operations per second of a large matrix product, the best of some."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


if __name__ == "__main__":
    sys.exit(main())
