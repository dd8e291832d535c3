"""What holds on a GPU; skipped where there is none."""

import pytest
import torch

from latent_rationale.common.batching import training_batches
from latent_rationale.common.learner import Learner
from latent_rationale.common.structures import Batch
from latent_rationale.common.training import evaluate, train_step
from latent_rationale.common.vocabulary import make_embedding
from latent_rationale.sst.task import SST, SSTOptions

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
GPU = torch.device("cuda")

VARIANTS = [
    {"model": "baseline"},
    {"model": "latent", "selection": 0.3, "lasso": 0.1},
    {"model": "latent", "dependent_z": True},
    {"model": "latent", "layer": "rcnn"},
    {"model": "latent", "layer": "cnn"},
    {"model": "rl", "sparsity": 0.01, "control_variate": "rloo"},
]


@pytest.fixture
def prepared(small_sst):
    def prepare(**options):
        torch.manual_seed(1)
        paths = {"data_path": small_sst.folder, "word_vectors": str(small_sst.vectors)}
        task = SST(SSTOptions(hidden_size=16, **paths, **options))
        splits = task.read()
        vectors = task.read_vectors(splits)
        vocabulary = task.vocabulary(splits, vectors)
        model, objective = task.build(make_embedding(vocabulary, vectors.matrix.shape[1], vectors, trained=False))
        return task, model, objective, task.encode(splits.train, vocabulary)

    return prepare


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_no_step_waits_for_the_device(prepared, options):
    task, model, objective, data = prepared(**options)
    learner = Learner(model.to(GPU), objective.to(GPU), task.options)
    learner.train()
    batches = training_batches(data, 20, 1, 0, GPU)
    for step in range(4):
        _, batch = next(batches)
        assert isinstance(batch, Batch)
        torch.cuda.set_sync_debug_mode("error" if step > 0 else "default")
        try:
            train_step(learner, batch, 5.0)
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_an_evaluation_gives_the_same_numbers_as_on_the_processor(prepared, options):
    task, model, objective, data = prepared(**options)
    expected = evaluate(model, objective, data, 30, task.measure)
    found = evaluate(model.to(GPU), objective.to(GPU), data, 30, task.measure)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-3)
