"""What holds on a GPU; skipped where there is none."""

import pytest
import torch

from latent_rationale.common.batching import training_batches
from latent_rationale.common.learner import Learner
from latent_rationale.common.structures import Batch
from latent_rationale.common.training import evaluate, train_step
from latent_rationale.common.vocabulary import make_embedding
from latent_rationale.snli.task import SNLI
from latent_rationale.sst.task import SST

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
GPU = torch.device("cuda")

VARIANTS = [
    ("sst", {"model": "baseline"}),
    ("sst", {"model": "latent", "selection": 0.3, "lasso": 0.1}),
    ("sst", {"model": "latent", "dependent_z": True}),
    ("sst", {"model": "latent", "layer": "rcnn"}),
    ("sst", {"model": "latent", "layer": "cnn"}),
    ("sst", {"model": "rl", "sparsity": 0.01, "control_variate": "rloo"}),
    ("snli", {"self_attention": True, "mask_diagonal": True}),
    ("snli", {"dist": "hardkuma", "selection": 0.1}),
    ("snli", {"model": "recurrent"}),
]
every_variant = pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)


@pytest.fixture
def prepared(small_sst, small_snli):
    def prepare(name, options):
        torch.manual_seed(1)
        task_class, small = {"sst": (SST, small_sst), "snli": (SNLI, small_snli)}[name]
        paths = {"data_path": small.folder, "word_vectors": str(small.vectors)}
        task = task_class(task_class.options_class(hidden_size=16, **paths, **options))
        splits = task.read()
        vectors = task.read_vectors(splits)
        vocabulary = task.vocabulary(splits, vectors)
        model, objective = task.build(make_embedding(vocabulary, vectors.matrix.shape[1], vectors, trained=False))
        return task, model, objective, task.encode(splits.train, vocabulary)

    return prepare


@every_variant
def test_no_step_waits_for_the_device(prepared, name, options):
    task, model, objective, data = prepared(name, options)
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


@every_variant
def test_an_evaluation_gives_the_same_numbers_as_on_the_processor(prepared, name, options):
    task, model, objective, data = prepared(name, options)
    expected = evaluate(model, objective, data, 30, task.measure)
    found = evaluate(model.to(GPU), objective.to(GPU), data, 30, task.measure)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-3)
