"""Models saved by version 0.1.0, before its modules moved, load and predict as they did then."""

import json
from pathlib import Path

import pytest
import torch

import latent_rationale
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.state import TrainState
from latent_rationale.sst.task import SST

SAVED = Path(__file__).parent / "saved_models"
TEXTS = ["A good film, the plot superb.", "a dull story"]
PAIRS = [("A man sleeps.", "A woman sleeps."), ("A man eats.", "A man eats.")]


@pytest.mark.parametrize("name", sorted(path.name for path in SAVED.iterdir() if path.is_dir()))
def test_predictions_are_those_of_the_version_that_saved_the_model(name):
    model = latent_rationale.load(SAVED / name, device="cpu")
    found = [json.loads(json.dumps(p.to_json())) for p in model.predict(PAIRS if name.startswith("snli") else TEXTS)]
    expected = [json.loads(line) for line in (SAVED / name / "predictions.jsonl").read_text().splitlines()]
    for now, then in zip(found, expected, strict=True):
        assert now.keys() == then.keys()
        for key, value in then.items():
            assert now[key] == (pytest.approx(value, abs=1e-5) if key in ("scores", "z") else value), key


def test_a_training_state_is_restored():
    model = latent_rationale.load(SAVED / "sst_latent", device="cpu")
    task = model.task
    assert isinstance(task, SST)
    train_state = TrainState(model.model, model.objective, task.options)
    checkpoint.load_last(SAVED / "sst_latent", train_state)
    assert train_state.progress.iteration == 40
    assert 0 < train_state.progress.best_iteration <= 40
    assert train_state.objective.constraints.selection.multiplier > task.options.lambda_init
    assert all(torch.isfinite(parameter).all() for parameter in train_state.parameters)
