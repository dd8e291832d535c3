"""Small sentences and models for the tests of pairs."""

from collections.abc import Callable, Sequence

import pytest
import torch

from latent_rationale.common.structures import Batch, Tokens

VOCABULARY, CLASSES = 20, 3


@pytest.fixture
def make_pairs() -> Callable[..., Batch]:
    """From lengths of premises and hypotheses (and widths, if there is to be more padding) to pairs of random ids."""

    def tokens(lengths: Sequence[int], width: int | None) -> Tokens:
        mask = torch.arange(width or max(lengths)) < torch.tensor(lengths).unsqueeze(1)
        return Tokens(torch.where(mask, torch.randint(1, VOCABULARY, mask.shape), 0), mask, torch.tensor(lengths))

    def make(premises: Sequence[int], hypotheses: Sequence[int], widths: tuple[int | None, int | None] = (None, None)):
        inputs = tokens(premises, widths[0]), tokens(hypotheses, widths[1])
        return Batch(inputs, torch.randint(CLASSES, (len(premises),)), range(len(premises)))

    return make
