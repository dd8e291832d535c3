"""Speed of training steps of the tasks, beside plain implementations and the rate of large matrix products."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from plain_beer import PlainRCNN
from plain_snli import PlainDecomposable
from plain_sst import PlainModel
from preparation import prepare, select_few
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from turns import Contestant, take_turns

from latent_rationale.beer.options import BeerOptions
from latent_rationale.beer.task import Beer
from latent_rationale.common.data.batching import Encoded, training_batches
from latent_rationale.common.distributions import HardKuma
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.nn.cells import RCNNCell
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.nn.selectors import DependentSelector
from latent_rationale.common.ops.library import is_compiled
from latent_rationale.common.structures import Batch
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.loop import evaluating, train_step
from latent_rationale.common.training.metrics import selection_shares
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils import config
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.task import SNLI
from latent_rationale.sst.options import SSTOptions
from latent_rationale.sst.task import SST

MATRIX_PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")
CPU = torch.device("cpu")


def benchmark_sst(rounds: int, steps: int) -> None:
    """Latent model, batch 25."""
    options = SST.resolve(SSTOptions(model="latent", selection=0.3))
    task = SST(options)
    data, embedding, words = prepare(task)
    train_state = TrainState(*task.build(embedding), options)
    plain_model = PlainModel(embedding.weight.detach(), options.hidden_size, len(task.output_names), options.dropout)
    plain_batches = random_batches(data, options.batch_size)
    compare(task, train_state, plain_model, data, plain_batches, words, rounds, steps)


def benchmark_snli(rounds: int, steps: int) -> None:
    """Decomposable attention with softmax, batch 64."""
    options = SNLI.resolve(SNLIOptions())
    task = SNLI(options)
    data, embedding, words = prepare(task)
    train_state = TrainState(*task.build(embedding), options)
    vectors = embedding.weight.detach()
    plain_model = PlainDecomposable(
        vectors, options.proj_size, options.hidden_size, len(task.output_names), options.dropout
    )
    compare(task, train_state, plain_model, data, random_batches(data, options.batch_size), words, rounds, steps)
    batches = itertools.cycle(data.in_order(options.eval_batch_size))
    predicting = Contestant(evaluating_step(train_state.model), map(data.batch, batches))
    (seconds,) = take_turns([predicting], rounds, steps)
    print(f"predicting: {options.eval_batch_size / seconds:.0f} examples/s in batches of {options.eval_batch_size}")


def evaluating_step(model: nn.Module) -> Callable[[Batch], object]:
    """One batch in evaluation mode, without gradients."""

    def step(batch: Batch) -> None:
        with evaluating(model):
            model(batch)

    return step


def benchmark_beer(rounds: int, steps: int) -> None:
    """Latent model with dependent z, batch 256: as training starts, and where 13 % of the words are selected."""
    options = Beer.resolve(BeerOptions(model="latent", aspect=0, dependent_z=True, selection=0.13, lasso=0.02))
    task = Beer(options)
    data, embedding, words = prepare(task)
    for few in (False, True):
        train_state = TrainState(*task.build(embedding), options)
        if few:
            select_few(train_state.model)
        compare_beer(task, train_state, data, embedding, words, rounds, steps)


def benchmark_trained_beer(folder: Path, rounds: int, steps: int) -> None:
    """A model as training left it, in batches of 256: some reviews select much, many next to nothing."""
    recorded = checkpoint.read_config(folder)["options"]
    options = replace(config.from_json(BeerOptions, recorded), batch_size=BeerOptions.batch_size)
    task = Beer(options)
    data, embedding, words = prepare(task)
    train_state = TrainState(*task.build(embedding), options)
    checkpoint.load_last(folder, train_state)
    compare_beer(task, train_state, data, embedding, words, rounds, steps)


def compare_beer(
    task: Beer, train_state: TrainState, data: Encoded, embedding: nn.Embedding, words: float, rounds: int, steps: int
) -> None:
    """Our model beside the plain one with the same weights."""
    plain_model = plain_beer(embedding, task.options)
    plain_model.load_state_dict(train_state.model.state_dict())
    plain_batches = (batch for _, batch in training_batches(data, task.options.batch_size, 2, 0, CPU))
    compare(task, train_state, plain_model, data, plain_batches, words, rounds, steps)


def plain_beer(embedding: nn.Embedding, options: BeerOptions) -> nn.Module:
    """Our model with encoders that take step by step."""
    sizes = embedding.embedding_dim, options.hidden_size
    selector = DependentSelector(PlainRCNN(*sizes), HardKuma, options.dropout, RCNNCell, options.z_rnn_size)
    return RationaleModel(embedding, Classifier(PlainRCNN(*sizes), 1, options.dropout), selector)


def compare(
    task: Task[Any],
    train_state: TrainState,
    plain_model: nn.Module,
    data: Encoded,
    plain_batches: Iterator[Batch],
    words: float,
    rounds: int,
    steps: int,
) -> None:
    """Time both and print what came out."""
    options = task.options
    train_state.train()
    plain_objective = task.build(nn.Embedding(2, 2))[1]
    ours = Contestant(
        lambda batch: train_step(train_state, batch, options.max_grad_norm),
        (batch for _, batch in training_batches(data, options.batch_size, 1, 0, CPU)),
    )
    plain = Contestant(plain_step(plain_model, plain_objective, options), plain_batches)
    step, plain_seconds = take_turns([ours, plain], rounds, steps)
    rationale = train_state.model(next(ours.batches)).rationale
    print(f"processor: {torch.get_num_threads()} threads, torch {torch.__version__}, float32")
    if rationale is not None:
        print(f"words selected at the end: {selection_shares(rationale)['selected'].value():.0%}")
    speed = f"{options.batch_size / step:.0f} examples/s, {options.batch_size * words / step:.0f} words/s"
    print(f"ours: {1000 * step:.1f} ms a step, {1 / step:.1f} steps/s, {speed}")
    print(f"plain: {1000 * plain_seconds:.1f} ms a step")
    print(f"times as fast as the plain implementation: {plain_seconds / step:.2f}")
    print(f"share of a step in matrix products: {share_in_products(ours, steps):.0%}")
    operations = count_operations(ours, steps)
    rate = product_rate()
    print(f"arithmetic: {operations / 1e9:.2f} GFLOP a step; a large product runs at {rate / 1e9:.0f} GFLOP/s,")
    print(f"  so that the floor is {1000 * operations / rate:.1f} ms, {operations / rate / step:.0%} of a step")


def plain_step(model: nn.Module, objective: nn.Module, options: TrainOptions) -> Callable[[Batch], object]:
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


def share_in_products(contestant: Contestant, steps: int) -> float:
    """The share of a step's time that the processor spends in matrix products."""
    with torch.profiler.profile() as profile:
        for batch in itertools.islice(contestant.batches, steps):
            contestant.step(batch)
    events = profile.key_averages()
    products: float = sum(event.self_cpu_time_total for event in events if event.key in MATRIX_PRODUCTS)
    total: float = sum(event.self_cpu_time_total for event in events)
    return products / total


Shapes = list[torch.Size]


def encoder_operations(
    projected: Shapes, z: object, lengths: object, recurrent_weight: Shapes, *_: object, **__: object
) -> int:
    """Operations in the recurrent products of a compiled encoder, for words ``[B, T, *]`` in two directions."""
    pairs = zip(projected, recurrent_weight, strict=True)
    return sum(2 * batch * steps * rows * columns for (batch, steps, _), (rows, columns) in pairs)


def encoder_backward_operations(grad_states: object, *forward: Any, **_: object) -> int:
    """Operations in the products of its gradients: of the states, and of the weights."""
    return 2 * encoder_operations(*forward)


def count_operations(contestant: Contestant, steps: int) -> float:
    """Floating-point operations in the matrix products of a step."""
    compiled: dict[Any, Any] = {}
    if is_compiled():
        operators = torch.ops.latent_rationale
        compiled[operators.rcnn_encoder] = encoder_operations
        compiled[operators.rcnn_encoder_backward] = encoder_backward_operations
    # Without oneDNN, whose LSTM is one operation that the counter does not know; the arithmetic is the same.
    counter = FlopCounterMode(display=False, custom_mapping=compiled)
    with torch.backends.mkldnn.flags(enabled=False), counter:
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
