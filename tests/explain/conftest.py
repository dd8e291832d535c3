"""Fixtures: a small language model, and a classifier with known explanations."""

from collections import Counter

import pytest
import torch
from torch import nn

from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES
from latent_rationale.explain.language_model.sampler import BidirectionalSampler
from latent_rationale.explain.language_model.vocabulary_mapping import WordMapping

WORDS = [f"w{number}" for number in range(20)]


@pytest.fixture
def vocabulary():
    return Vocabulary(Counter({word: 100 - place for place, word in enumerate(WORDS)}))


@pytest.fixture
def make_model(vocabulary, randomise):
    def make(softmax="full"):
        torch.manual_seed(1)
        embedding = nn.Embedding(len(vocabulary), 6, padding_idx=vocabulary.padding_id)
        model = randomise(
            LanguageModel(embedding, OUTPUT_SOFTMAXES[softmax](4, len(vocabulary), reserved=2), 0.3)
        ).float()
        with torch.no_grad():
            embedding.weight[vocabulary.padding_id] = 0
        return model.eval()

    return make


@pytest.fixture
def language_of(vocabulary):
    """Function that wraps a language model for a classifier with the same vocabulary."""
    same = WordMapping.between(vocabulary, vocabulary)
    return lambda model: BidirectionalSampler.of(model, same, same, vocabulary.padding_id)


@pytest.fixture
def language(make_model, language_of):
    return language_of(make_model())


@pytest.fixture
def linear(vocabulary):
    """Score function of a linear bag-of-words model, and its weights."""
    weights = torch.randn(len(vocabulary), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    weights[vocabulary.padding_id] = 0
    return lambda tokens: (weights[tokens.ids] * tokens.mask).sum(1), weights
