from types import SimpleNamespace

import psutil
import pytest
import torch
from torch import nn

from latent_rationale.common.training.sizes import build_checked
from latent_rationale.common.utils.errors import InputError

TRAINED, FROZEN = 10**6, 10**5


def build():
    frozen = nn.Linear(FROZEN, 1, bias=False)
    frozen.weight.requires_grad_(False)
    return nn.Sequential(nn.Linear(TRAINED, 1, bias=False), frozen), nn.Identity()


@pytest.fixture
def memory(monkeypatch):
    def limit(size, swap=0):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=size))
        monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(total=swap))

    return limit


def test_a_model_that_fits_is_built_from_the_same_random_numbers():
    torch.manual_seed(1)
    direct, _ = build()
    torch.manual_seed(1)
    checked, _ = build_checked(build)
    assert torch.equal(direct[0].weight, checked[0].weight)


def test_weights_gradients_and_moments_have_to_fit(memory):
    needed = 4 * (4 * TRAINED + FROZEN)
    memory(needed - 1)
    with pytest.raises(InputError, match=r"1,100,000 parameters needs 0 GiB, of 0 GiB in this machine; choose smaller"):
        build_checked(build)
    memory(needed)
    build_checked(build)
    memory(needed - 8, swap=8)
    build_checked(build)


def test_nothing_is_allocated_for_a_model_that_is_too_large():
    with pytest.raises(InputError, match="a model of 1,000,000,000,000,000 parameters needs"):
        build_checked(lambda: (nn.Linear(10**9, 10**6, bias=False), nn.Identity()))


def test_a_limit_of_the_process_is_one_sentence():
    def fails():
        model, objective = build()
        if not model[0].weight.is_meta:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")
        return model, objective

    with pytest.raises(InputError, match="not enough memory for a model of 1,100,000 parameters"):
        build_checked(fails)


def test_other_errors_are_not_hidden():
    def fails():
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        build_checked(fails)


def test_a_further_check_sees_shapes_without_values():
    def check(model, objective):
        assert model[0].weight.is_meta
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        build_checked(build, check)
