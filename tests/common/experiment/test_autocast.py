"""Training steps and predictions under ``torch.autocast`` on the CPU, as a user may wrap them."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latent_rationale.common.experiment.options import RationaleTrainOptions
from latent_rationale.common.experiment.variants import VARIANTS
from latent_rationale.common.nn.encoders import ENCODERS
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState

MODELS: dict[str, dict[str, Any]] = {
    "baseline": {"model": "baseline"},
    "attention": {"model": "attention", "selection": 0.4},
    "latent": {"model": "latent", "selection": 0.4, "lasso": 0.2},
    "hardconcrete": {"model": "latent", "selection": 0.4, "dist": "hardconcrete"},
    "skipping": {"model": "latent", "selection": 0.4, "skip_unselected": True},
    "dependent": {"model": "latent", "selection": 0.4, "dependent_z": True},
    "rl": {"model": "rl", "selection": 0.4, "sparsity": 0.1, "control_variate": "rloo"},
    "rl_dependent": {"model": "rl", "sparsity": 0.1, "dependent_z": True},
}


def autocast() -> torch.autocast:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def class_loss(output: Output, batch: Batch) -> Tensor:
    return nn.functional.cross_entropy(output.scores, batch.targets, reduction="none")


@pytest.fixture(params=[(name, layer) for name in MODELS for layer in ENCODERS], ids="-".join)
def train_state(request) -> TrainState:
    name, layer = request.param
    options = RationaleTrainOptions(**MODELS[name], layer=layer, hidden_size=6, dropout=0.1)
    torch.manual_seed(0)
    variant = VARIANTS[options.model](options)
    return TrainState(variant.model(nn.Embedding(20, 5), 3), variant.objective(class_loss), options)


def test_training_steps(train_state, make_batch):
    """They learn, and distributions keep the type of the weights, in which their tails are not lost."""
    train_state.train()
    before = [parameter.clone() for parameter in train_state.parameters]
    for _ in range(2):
        with autocast():
            output, loss, norm = train_step(train_state, make_batch((4, 1, 6)), 5.0)
        assert loss.total.isfinite()
        assert norm.isfinite()
        if output.rationale is not None:
            assert output.rationale.z.dtype == output.rationale.dist.p0.dtype == torch.float32
    changed = [not torch.equal(new, old) for new, old in zip(train_state.parameters, before, strict=True)]
    assert all(changed)


def test_outputs_are_close_to_those_in_full_precision(train_state, make_batch):
    train_state.train(False)
    batch = make_batch((4, 1, 6))
    with torch.no_grad():
        expected = train_state.model(batch)
        with autocast():
            found = train_state.model(batch)
            terms = train_state.objective(found, batch).terms
    assert found.is_finite()
    assert all(term.isfinite() for term in terms.values())
    if expected.rationale is not None:
        mask = expected.rationale.mask
        torch.testing.assert_close(
            found.rationale.dist.p0[mask], expected.rationale.dist.p0[mask], atol=0.06, rtol=0, check_dtype=False
        )
    else:
        torch.testing.assert_close(found.scores, expected.scores, atol=0.03, rtol=0.03, check_dtype=False)
