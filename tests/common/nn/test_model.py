"""Every model of the package is a ``Model``: it has one embedding, and maps a batch to an output."""

import pytest
import torch
from torch import nn

from latent_rationale.common.experiment.variants import VARIANTS
from latent_rationale.common.nn.model import Model, TextModel
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.explain.language_model.options import LanguageModelOptions
from latent_rationale.explain.language_model.task import LanguageModelling
from latent_rationale.explain.models.function import ExplainedFunction, FunctionClassifier
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.task import SNLI


class Sums(TextModel):
    """Scores that are the sums of the embeddings."""

    def forward_embedded(self, embedded, tokens):
        return Output((embedded * tokens.mask.unsqueeze(-1)).sum(1))


def test_abstract_models_cannot_be_built():
    for kind in (Model, TextModel):
        with pytest.raises(TypeError, match="abstract"):
            kind(nn.Embedding(3, 2))


def test_a_text_model_embeds_the_ids_of_a_batch():
    model = Sums(nn.Embedding.from_pretrained(torch.tensor([[1.0, 10.0], [2.0, 20.0], [9.0, 9.0]])))
    tokens = Tokens.of(torch.tensor([[0, 1, 1], [1, 2, 2]]), torch.tensor([3, 1]))
    assert model(Batch((tokens,), torch.zeros(2), [0, 1])).scores.tolist() == [[5.0, 50.0], [2.0, 20.0]]


@pytest.mark.parametrize("name", VARIANTS)
def test_models_of_texts(name, make_model):
    model = make_model(model=name)
    assert isinstance(model, TextModel)
    assert isinstance(model.embedding, nn.Embedding)


@pytest.mark.parametrize("name", ["decomposable", "recurrent"])
def test_models_of_pairs(name):
    embedding = nn.Embedding(9, 4)
    model, _ = SNLI(SNLIOptions(model=name, hidden_size=4, proj_size=4)).build(embedding)
    assert isinstance(model, Model)
    assert model.embedding is embedding


def test_the_language_model():
    embedding = nn.Embedding(9, 4)
    model, _ = LanguageModelling(LanguageModelOptions(hidden_size=4)).build(embedding)
    assert isinstance(model, Model)
    assert model.embedding is embedding


def test_a_function_as_a_model_has_an_empty_embedding_on_its_device():
    model = FunctionClassifier(ExplainedFunction(lambda ids: ids.float(), 0))
    assert isinstance(model, Model)
    assert model.embedding.weight.numel() == 0
    assert next(model.parameters()).device == torch.device("cpu")
    batch = Batch((Tokens.of(torch.tensor([[3, 4]])),), torch.zeros(1), [0])
    assert model(batch).scores.tolist() == [[3.0, 4.0]]
