"""Seconds of explanations and of training steps of a language model: ``benchmark explain``."""

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from turns import Contestant, take_turns

from latent_rationale.common.data.batching import training_batches
from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.language_model.options import LanguageModelOptions
from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES
from latent_rationale.explain.language_model.task import LanguageModelling
from latent_rationale.explain.options import EvaluateOptions
from latent_rationale.explain.session import Session

METHODS = ("soc", "scd")
SENTENCES = 20


def benchmark_explain(ckpt: Path, lm: Path, rounds: int) -> None:
    """SOC and SCD on dev sentences with the phrases of their trees, N = 10, K = 20; then the language model's steps."""
    print(f"processor: {torch.get_num_threads()} threads, torch {torch.__version__}, float32")
    contestants, names = [], []
    for share in (False, True):
        session = Session(EvaluateOptions(ckpt=ckpt, lm=lm, method=METHODS, share_samples=share))
        examples = session.examples()[:SENTENCES]
        for method in METHODS:
            contestants.append(Contestant(explaining_all(session, method, examples), itertools.repeat(None)))
            names.append((method, share))
    for (method, share), for_all in zip(names, take_turns(contestants, rounds, 1), strict=True):
        seconds = for_all / len(examples)
        name = method + (", samples shared" if share else "")
        print(f"{name}: {seconds:.2f} s a sentence")
    for softmax in OUTPUT_SOFTMAXES:
        seconds = step_seconds(softmax)
        print(f"language model, {softmax} softmax: {seconds:.3f} s a step")


def explaining_all(session: Session, method: str, examples: Sequence[Any]) -> Callable[[None], None]:
    """Return work that scores all phrases of some sentences."""
    given = []
    for example in examples:
        sentence = session.texts.encode(example)
        given.append((session.texts.scorer(method, 1, sentence), list(session.texts.phrases_of(example, sentence))))

    def explain(_: None) -> None:
        for score, spans in given:
            score(spans)

    return explain


def step_seconds(softmax: str, steps: int = 30) -> float:
    """The median of training steps on the treebank's sentences."""
    task = LanguageModelling(LanguageModelOptions(softmax=softmax))
    splits = task.read_splits()
    vocabulary = task.vocabulary(splits, None)
    train_state = TrainState(*task.build(make_embedding(vocabulary, task.options.embed_size)), task.options)
    train_state.train()
    batches = training_batches(task.encode(splits.train, vocabulary), task.options.batch_size, 1, 0, train_state.device)
    times = []
    for _ in range(steps):
        _, batch = next(batches)
        start = time.perf_counter()
        train_step(train_state, batch, task.options.max_grad_norm)
        times.append(time.perf_counter() - start)
    return statistics.median(times[steps // 5 :])
