"""Embedded words that differ go through a linear layer once, and nothing else changes."""

import torch
from torch import nn
from torch.nn import functional

from latent_rationale.explain.repeated import Repeated

IDS = torch.tensor([[3, 4, 3], [4, 4, 1]])


def test_it_is_the_tensor_that_it_is():
    embedding = nn.Embedding(6, 5)
    repeated, plain = Repeated.of(embedding, IDS), embedding(IDS).detach()
    assert torch.equal(repeated, plain)
    assert torch.equal(repeated.flip(1) * 2 - torch.tanh(repeated), plain.flip(1) * 2 - plain.tanh())


def test_a_linear_layer_sees_each_word_once():
    repeated, layer = Repeated.of(nn.Embedding(6, 5), IDS), nn.Linear(5, 7)
    expected = functional.linear(torch.Tensor(repeated), layer.weight, layer.bias)
    found = layer(repeated)
    torch.testing.assert_close(found, expected)
    assert type(found) is torch.Tensor
    assert repeated.words.shape == (3, 5)
    assert functional.linear(repeated, layer.weight, bias=layer.bias).shape == (2, 3, 7)
