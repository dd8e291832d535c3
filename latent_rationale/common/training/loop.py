"""Training loop and evaluation, shared by all tasks."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latent_rationale.common.data.batching import Encoded, steps_per_epoch, training_batches
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.structures import Batch, Loss, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.metrics import MeanMetric, selection_shares
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.results import Run, headline
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import EVERY, Progress, track

Measure = Callable[[Output, Batch], dict[str, MeanMetric]]
"""Metrics of a task, from the output for a batch."""


@dataclass(frozen=True)
class Judge:
    """Evaluation of a run on dev: metrics, ranking and display.

    Attributes:
        measure: the task's metrics.
        rank: from the values of an evaluation to its excess over the target and its criterion, lower is better.
        first_best_epoch: number of epochs after which an evaluation may count as best.
        headline: names of the metrics shown on the console.
        share_name: name of the selected share in evaluations.
        show: returns the model's predictions for a few examples as Markdown.
    """

    measure: Measure
    rank: Callable[[dict[str, float]], tuple[float, float]]
    first_best_epoch: int
    headline: tuple[str, ...]
    share_name: str
    show: Callable[[], str]


def train(train_state: TrainState, data: Encoded, dev: Encoded, options: TrainOptions, judge: Judge, run: Run) -> None:
    """Train from the current progress of the state until ``options.num_iterations``.

    Args:
        train_state: model, objective, optimiser and progress; changed in place.
        data: encoded training examples.
        dev: encoded dev examples.
        options: options of the loop.
        judge: evaluation and ranking on dev.
        run: the results folder to log to.

    Raises:
        InputError: if a loss is not finite, with the step and the term that broke.
    """
    epoch = steps_per_epoch(len(data), options.batch_size)
    last = options.last_step(epoch)
    eval_every = epoch if options.eval_every == -1 else options.eval_every
    progress = train_state.progress
    watch = FiniteWatch()
    train_state.train()
    batches = training_batches(data, options.batch_size, options.seed, progress.iteration, train_state.device)
    _set_rate(train_state, epoch, last)
    with Progress("step", last, progress.iteration) as bar:
        # Nothing is read from the device in a step that is not logged: whether one is, is known before it is taken.
        while progress.iteration < last and not _is_over(train_state, options):
            progress.iteration, batch = next(batches)
            output, loss, norm = train_step(train_state, batch, options.max_grad_norm)
            watch.add(progress.iteration, loss.terms | {"gradient norm": norm})
            bar.advance()
            evaluating = progress.iteration % eval_every == 0
            saving = evaluating or progress.iteration == last or _is_due(progress.iteration, options.save_every)
            if progress.iteration % options.print_every == 0 or saving:
                watch.check()
                if saving:
                    _check_weights(train_state)
                _log_step(train_state, output, loss, norm, judge.share_name, bar, run)
            if evaluating:
                if output.rationale is not None:
                    run.histogram("train/z", output.rationale.z[output.rationale.mask], progress.iteration)
                may_be_best = progress.iteration >= judge.first_best_epoch * epoch
                _evaluate_and_keep(train_state, dev, options, judge, run, may_be_best)
            _set_rate(train_state, epoch, last)
            if saving:
                checkpoint.save_last(run.folder, train_state)


def train_step(train_state: TrainState, batch: Batch, max_grad_norm: float) -> tuple[Output, Loss, Tensor]:
    """Take one step of the optimiser, and return output, loss and gradient norm. Nothing leaves the device."""
    batch = batch.repeated(train_state.objective.samples)
    output = train_state.model(batch)
    loss = train_state.objective(output, batch)
    train_state.optimizer.zero_grad()
    loss.total.backward()
    norm = torch.nn.utils.clip_grad_norm_(train_state.parameters, max_grad_norm)
    train_state.optimizer.step()
    return output, loss, norm


def evaluate(model: Model, objective: Objective, data: Encoded, batch_size: int, measure: Measure) -> dict[str, float]:
    """Compute the metrics and the objective's terms over a data set, without changing model or objective."""
    evaluation = Evaluation(objective, measure)
    for batch, output in outputs(model, data, batch_size):
        evaluation.add(output, batch)
    return evaluation.values()


class Evaluation:
    """Accumulator of metrics and of the objective's terms over batches.

    Args:
        objective: the objective whose terms are evaluated.
        measure: the task's metrics.
    """

    def __init__(self, objective: Objective, measure: Measure):
        self._objective = objective
        self._measure = measure
        self._totals: dict[str, MeanMetric] = {}

    def add(self, output: Output, batch: Batch) -> None:
        """Add the output for one more batch."""
        with evaluating(self._objective):
            terms = self._objective(output, batch).terms
        size = torch.tensor(len(batch.examples))
        tallies = self._measure(output, batch) | {name: MeanMetric(term * size, size) for name, term in terms.items()}
        self._totals = {name: self._totals[name] + tally if self._totals else tally for name, tally in tallies.items()}

    def values(self) -> dict[str, float]:
        """Return the values over all batches so far. Waits for the device.

        Raises:
            InputError: if one is not finite.
        """
        values = {name: total.value() for name, total in self._totals.items()}
        if broken := [name for name, value in values.items() if not math.isfinite(value)]:
            raise InputError(f"no finite {' and '.join(broken)} in the evaluation: {TOO_LARGE}")
        return values


def outputs(model: Model, data: Encoded, batch_size: int) -> Iterator[tuple[Batch, Output]]:
    """Yield a model's outputs in evaluation mode, batch by batch longest sentences first.

    Raises:
        InputError: after the last batch, if a score or a choice was not finite.
    """
    device = next(model.parameters()).device
    finite = torch.tensor(True, device=device)
    with evaluating(model):
        batches = data.in_order(batch_size)
        for index in track(batches, "step", len(batches), "evaluating", EVERY):
            batch = data.batch(index).to(device)
            output = model(batch)
            finite &= output.is_finite()  # read at the end only, so that no batch waits for the device
            yield batch, output
    if not finite:
        raise InputError(f"a prediction is not finite: {TOO_LARGE}")


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Switch to evaluation mode without gradients, and back to the previous mode at the end."""
    mode = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(mode)


TOO_LARGE = "the weights of the model are too large; train it with a smaller --lr"
"""End of the message about a result that is no number."""


class FiniteWatch:
    """Record of the first step at which a term was not finite, kept on the device so that no step waits."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._first = torch.tensor(math.inf)

    def add(self, iteration: int, terms: dict[str, Tensor]) -> None:
        """Check the terms ``[]`` of a step, without waiting."""
        self._names = list(terms)
        values = torch.stack(list(terms.values()))
        # For each term [N] the first bad step so far, infinity while there is none.
        now = torch.where(values.isfinite(), math.inf, float(iteration))
        self._first = torch.minimum(self._first.to(now), now)

    def check(self) -> None:
        """Read the record, which waits for the device.

        Raises:
            InputError: if a term was not finite, with its name and step.
        """
        first = self._first.tolist()
        step = min(first)
        if math.isfinite(step):
            broken = " and ".join(name for name, at in zip(self._names, first, strict=True) if at == step)
            raise InputError(f"{broken} is not finite at step {step:.0f}; nothing was saved since; try a smaller --lr")


def _check_weights(train_state: TrainState) -> None:
    """Check the weights after a step, before they are evaluated or saved. Waits for the device.

    Raises:
        InputError: if one is not finite.
    """
    if not torch.stack([parameter.isfinite().all() for parameter in train_state.parameters]).all():
        step = train_state.progress.iteration
        raise InputError(f"the weights are not finite after step {step}; nothing was saved since; try a smaller --lr")


def _log_step(
    train_state: TrainState, output: Output, loss: Loss, norm: Tensor, share_name: str, bar: Progress, run: Run
) -> None:
    terms = {name: float(term) for name, term in loss.terms.items()}
    terms |= {"gradient_norm": float(norm), "lr": train_state.rate}
    if output.rationale is not None:
        terms[share_name] = selection_shares(output.rationale)["selected"].value()
    run.log("train", train_state.progress.iteration, terms)
    bar.show({name: f"{terms[name]:.3f}" for name in ("loss", share_name) if name in terms})


def _evaluate_and_keep(
    train_state: TrainState, dev: Encoded, options: TrainOptions, judge: Judge, run: Run, may_be_best: bool
) -> None:
    progress = train_state.progress
    values = evaluate(train_state.model, train_state.objective, dev, options.eval_batch_size, judge.measure)
    rank = judge.rank(values)
    train_state.schedule.step(rank[1])
    better = may_be_best and rank < progress.best_rank
    if better:
        progress.best_iteration, progress.best_rank, progress.stale = progress.iteration, rank, 0
        checkpoint.save_best(run.folder, train_state)
    elif may_be_best:
        progress.stale += 1
    run.log("dev", progress.iteration, values)
    run.text("dev/rationales", judge.show(), progress.iteration)
    shown = headline(values, judge.headline)
    LOGGER.info("step %d  dev %s%s", progress.iteration, shown, "  (best)" if better else "")


def _set_rate(train_state: TrainState, epoch: int, last: int) -> None:
    """Set the learning rate of the next step, which may lie in the next epoch."""
    taken = train_state.progress.iteration
    train_state.schedule.advance(taken // epoch, (taken + 1) / (last + 1))


def _is_over(train_state: TrainState, options: TrainOptions) -> bool:
    out_of_patience = 0 < options.early_stopping <= train_state.progress.stale
    return out_of_patience or train_state.rate < options.stop_lr_threshold


def _is_due(iteration: int, every: int) -> bool:
    return every > 0 and iteration % every == 0
