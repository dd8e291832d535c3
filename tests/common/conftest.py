"""What the tests of the common parts share: ragged sentences, choices over them, small models, gradients."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.experiment.options import RationaleTrainOptions
from latent_rationale.common.experiment.variants import VARIANTS
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.structures import Batch, Output, Tokens

VOCABULARY, CLASSES = 20, 3


@pytest.fixture(autouse=True)
def _seeded():
    """Every test meets the same random numbers, whichever tests ran before it."""
    torch.manual_seed(1)


@pytest.fixture
def make_tokens() -> Callable[..., Tokens]:
    """From lengths (and a width, if there is to be more padding) to sentences of random ids."""

    def make(lengths: Sequence[int], width: int | None = None) -> Tokens:
        width = width or max(max(lengths), 1)
        mask = torch.arange(width) < torch.tensor(lengths).unsqueeze(1)
        ids = torch.where(mask, torch.randint(1, VOCABULARY, mask.shape), 0)
        return Tokens(ids, mask, torch.tensor(lengths))

    return make


@pytest.fixture
def make_z() -> Callable[[Tokens], Tensor]:
    """From sentences to float64 choices of all three kinds, 0 at padding: 0, 1 and fractions, each a third."""

    def make(tokens: Tokens) -> Tensor:
        z = (torch.rand(tokens.mask.shape, dtype=torch.float64) * 3 - 1).clamp(0, 1)
        return torch.where(tokens.mask, z, 0.0)

    return make


@pytest.fixture
def gradients() -> Callable[..., list[Tensor]]:
    """From values and tensors to the tensors' gradients of a fixed random weighted sum of the values."""

    def differentiate(values: Tensor, tensors: Sequence[Tensor]) -> list[Tensor]:
        generator = torch.Generator().manual_seed(7)
        weights = torch.randn(values.shape, dtype=values.dtype, generator=generator)
        found = torch.autograd.grad((values * weights).sum(), tensors, allow_unused=True, retain_graph=True)
        return [torch.zeros_like(x) if grad is None else grad for x, grad in zip(tensors, found, strict=True)]

    return differentiate


@pytest.fixture
def make_batch(make_tokens) -> Callable[..., Batch]:
    """From lengths to sentences with random classes."""

    def make(lengths: Sequence[int], width: int | None = None) -> Batch:
        targets = torch.randint(CLASSES, (len(lengths),))
        return Batch((make_tokens(lengths, width),), targets, list(range(len(lengths))))

    return make


@pytest.fixture
def make_model(randomise) -> Callable[..., RationaleModel]:
    """From options to a small float64 model, in training mode, with random weights and fixed embeddings."""

    def make(**options: object) -> RationaleModel:
        small = {"hidden_size": 4, "z_rnn_size": 3, "dropout": 0.0}
        chosen = RationaleTrainOptions(**(small | options))
        model = VARIANTS[chosen.model](chosen).model(nn.Embedding(VOCABULARY, 5), CLASSES)
        model = randomise(model)
        model.embedding.requires_grad_(False)
        return model

    return make


@pytest.fixture
def cross_entropy() -> Callable[[Output, Batch], Tensor]:
    """A task's loss per example."""
    return lambda output, batch: functional.cross_entropy(output.scores, batch.targets, reduction="none")
