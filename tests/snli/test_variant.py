"""Every option that shapes a model of pairs changes something exactly where it applies."""

import dataclasses

import pytest
import torch
from torch import nn

from latent_rationale.common.experiment.options import EncoderOptions, LagrangianOptions
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.flags import unmet_needs
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.task import SNLI

BASES = {
    "decomposable": {},
    "self-attention": {"self_attention": True},
    "hardkuma": {"dist": "hardkuma", "selection": 0.5},
    "recurrent": {"model": "recurrent"},
}
DECOMPOSABLE, ALL = {"decomposable", "self-attention", "hardkuma"}, set(BASES)
APPLIES = {
    "self_attention": (True, {"decomposable", "hardkuma"}),
    "mask_diagonal": (True, {"self-attention"}),
    "max_relative_distance": (1, {"self-attention"}),
    "no_projection": (True, DECOMPOSABLE),
    "proj_size": (7, DECOMPOSABLE),
    "no_bidirectional": (True, {"recurrent"}),
    "n_layers": (2, {"recurrent"}),
    "dist": ("hardconcrete", ALL),
    "model": ("recurrent", DECOMPOSABLE),
    "hidden_size": (5, ALL),
    "dropout": (0.4, ALL),
    "selection": (0.3, {"hardkuma"}),
    "lambda_init": (0.5, {"hardkuma"}),
}
OF_THE_DATA = {"no_emb_normalization", "data_path", "word_vectors"}
"""Tested in test_task.py and test_commands.py."""


def fingerprint(make_pairs, **changed) -> list[float]:
    """The numbers of two steps of training."""
    small = {"hidden_size": 4, "proj_size": 6, "dropout": 0.2, "lambda_init": 1.0, "lr": 0.01}
    task = SNLI(SNLIOptions(**(small | changed)))
    torch.manual_seed(0)
    train_state = TrainState(*task.build(nn.Embedding(20, 5)), task.options)
    train_state.train()
    batch = make_pairs([5, 3, 4], [4, 2, 6])
    return [train_step(train_state, batch, 5.0)[1].total.item() for _ in range(2)]


def test_every_option_of_pairs_is_varied_here_or_belongs_to_the_data():
    shared = {f.name for kind in (TrainOptions, EncoderOptions, LagrangianOptions) for f in dataclasses.fields(kind)}
    own = {field.name for field in dataclasses.fields(SNLIOptions) if not field.metadata["ignored"]} - shared
    assert own <= APPLIES.keys() | OF_THE_DATA


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", APPLIES)
def test_an_option_changes_something_exactly_where_it_applies(name, base, make_pairs):
    value, where = APPLIES[name]
    torch.manual_seed(1)
    before = fingerprint(make_pairs, **BASES[base])
    torch.manual_seed(1)
    after = fingerprint(make_pairs, **(BASES[base] | {name: value}))
    assert (before != after) == (base in where)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", sorted(APPLIES.keys() - {"model", "dist", "self_attention"}))
def test_an_option_is_said_to_have_no_effect_where_it_has_none(name, base):
    options = SNLIOptions(**BASES[base])
    assert bool(unmet_needs(options, [name])) == (base not in APPLIES[name][1])
