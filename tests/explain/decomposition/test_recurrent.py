"""Activations split in two: the parts add up, and they are what they say."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from latent_rationale.common.experiment.options import RationaleTrainOptions
from latent_rationale.common.experiment.variants import Latent
from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.encoders import ENCODERS
from latent_rationale.common.nn.rationale_model import RationaleModel
from latent_rationale.common.ops.library import without
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RECURRENT_CELLS, RecurrentClassifier, decompose_states
from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.contexts import SampledContext, SentenceContext
from latent_rationale.explain.explainers.scd import SCD
from latent_rationale.explain.models.text_model import ExplainedTextModel

IDS = torch.tensor([4, 9, 2, 6, 15, 7])
CLASSES = 3
LAYERS = [name for name, kind in ENCODERS.items() if kind in RECURRENT_CELLS]


@pytest.fixture
def make_classifier(vocabulary, randomise):
    def make(layer="lstm", classes=CLASSES):
        torch.manual_seed(2)
        embedding = nn.Embedding(len(vocabulary), 5, padding_idx=vocabulary.padding_id)
        model = RationaleModel(embedding, Classifier(ENCODERS[layer](5, 4, False), classes, 0.5))
        model = randomise(model)
        with torch.no_grad():
            model.embedding.weight[vocabulary.padding_id] = 0
        return model.eval()

    return make


def random_parts(*shape, contexts=3):
    whole = torch.randn(2, contexts, *shape, dtype=torch.float64)
    return SplitActivation(whole, torch.randn(2, 1, *shape, dtype=torch.float64))


def where(span):
    inside = torch.zeros(1, len(IDS), dtype=torch.bool)
    inside[:, slice(*span)] = True
    return inside


def decomposed(model, span, sentences):
    """Scores of sentences ``[K, T]``, the first of which is IDS, with a phrase."""
    return RecurrentClassifier.of(model).decompose(sentences.unsqueeze(0), where(span), SplitActivation)


def test_a_linear_layer_gives_its_bias_to_the_rest():
    parts, layer = random_parts(4), nn.Linear(4, 3, dtype=torch.float64)
    found = layer(parts)
    torch.testing.assert_close(found.whole, layer(parts.whole))
    torch.testing.assert_close(found.relevant, parts.relevant @ layer.weight.T)
    torch.testing.assert_close(found.rest, layer(parts.rest))


@pytest.mark.parametrize("function", [torch.sigmoid, torch.tanh])
def test_a_nonlinearity_splits_by_what_the_phrase_adds_in_each_context(function):
    parts = random_parts(4)
    found = function(parts)
    torch.testing.assert_close(found.whole, function(parts.whole))
    by_hand = [function(parts.whole[:, k]) - function(parts.whole[:, k] - parts.relevant[:, 0]) for k in range(3)]
    torch.testing.assert_close(found.relevant[:, 0], sum(by_hand) / 3)


def test_a_product_splits_by_the_rule_of_the_issue():
    """ra rb plus the mean of ra (b - rb) + rb (a - ra)."""
    a, b = random_parts(4), random_parts(4)
    found = a * b
    torch.testing.assert_close(found.whole, a.whole * b.whole)
    mixed = a.relevant * (b.whole - b.relevant) + b.relevant * (a.whole - a.relevant)
    torch.testing.assert_close(found.relevant, a.relevant * b.relevant + mixed.mean(1, keepdim=True))


def test_an_interpolation_is_made_of_sums_and_a_product():
    start, end, weight = random_parts(4), random_parts(4), random_parts(4)
    found = torch.lerp(start, end, weight)
    torch.testing.assert_close(found.whole, torch.lerp(start.whole, end.whole, weight.whole))


def test_a_function_without_a_rule_is_named():
    with pytest.raises(InputError, match="no rule tells how softmax splits"):
        functional.softmax(random_parts(4), dim=-1)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("span", [(0, 1), (2, 4), (5, 6), (0, 6)], ids=str)
def test_the_whole_is_what_the_model_says(layer, span, make_classifier):
    """In every context, whatever the phrase; so that relevant and rest add up to the scores."""
    model = make_classifier(layer)
    sentences = torch.stack([IDS, IDS.flip(0)])
    found = decomposed(model, span, sentences)
    with torch.no_grad():
        expected = model.forward_embedded(model.embedding(sentences), Tokens.of(sentences)).scores
    torch.testing.assert_close(found.whole[0], expected)
    torch.testing.assert_close((found.relevant + found.rest)[0, 0], expected[0])


@pytest.mark.parametrize("layer", LAYERS)
def test_what_the_whole_sentence_leaves_is_the_network_of_zeros(layer, make_classifier):
    model = make_classifier(layer)
    found = decomposed(model, (0, 6), IDS.unsqueeze(0))
    with torch.no_grad():
        zeros = torch.zeros(1, 6, 5, dtype=torch.float64)
        expected = model.forward_embedded(zeros, Tokens.of(IDS.unsqueeze(0))).scores
    torch.testing.assert_close(found.rest[0], expected)


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_is_relevant_before_the_phrase_begins(layer, make_classifier):
    classifier = RecurrentClassifier.of(make_classifier(layer))
    contexts, inside = torch.arange(6).view(1, 1, 6), where((2, 4))
    with torch.no_grad():
        for cell in (classifier.forwards, classifier.backwards):
            projected = cell.project(classifier.embedding(IDS))
            for words in range(1, 7):
                found = decompose_states(cell, projected, contexts[..., :words], inside[:, :words], SplitActivation)
                assert found.relevant.any() == (words > 2)


def test_scores_are_margins_of_what_is_relevant(make_classifier, language):
    model = make_classifier(classes=2)
    context = SampledContext(language, nb_range=2, sample_n=4)
    explainer = SCD(ExplainedTextModel(model, 1), 1, context)
    scores = explainer(IDS, [(0, 1), (2, 5), (0, 6)])
    with torch.no_grad():
        whole, nothing = (
            model.forward_embedded(embedded, Tokens.of(IDS.unsqueeze(0))).scores[0]
            for embedded in (model.embedding(IDS.unsqueeze(0)), torch.zeros(1, 6, 5, dtype=torch.float64))
        )
    difference = whole - nothing  # of the sentence, which leaves the network of zeros
    torch.testing.assert_close(scores[2], difference[1] - difference[0])
    assert scores[:2].abs().min() > 0


def test_a_phrase_is_scored_alike_alone_and_among_others(make_classifier):
    model = make_classifier()
    explainer = SCD(ExplainedTextModel(model, 1), 1, SentenceContext(1))
    spans = [(2, 5), (5, 6), (0, 1)]
    for span, expected in zip(spans, explainer(IDS, spans), strict=True):
        torch.testing.assert_close(explainer(IDS, [span])[0], expected)


@pytest.mark.parametrize("max_batch", [1, 5, 9])
def test_memory_is_bounded_and_changes_nothing(make_classifier, language, max_batch):
    model, spans = make_classifier(), [(0, 1), (2, 5), (5, 6), (0, 6), (1, 3)]
    context = SampledContext(language, nb_range=2, sample_n=3)
    found = (SCD(ExplainedTextModel(model, 1, size), 1, context)(IDS, spans) for size in (max_batch, 1000))
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("layer", LAYERS)
def test_scores_of_sentences_are_what_the_model_says(layer, compiled, make_classifier):
    """Of several lengths, with beginnings and ends in common."""
    model = make_classifier(layer)
    rows = torch.tensor([[4, 9, 2, 6], [4, 9, 3, 6], [4, 9, 2, 1], [5, 9, 2, 6], [4, 9, 2, 6], [6, 1, 1, 1]])
    tokens = Tokens.of(rows, torch.tensor([4, 4, 3, 4, 4, 1]))
    with torch.no_grad():
        expected = model.forward_embedded(model.embedding(rows), tokens).scores
    with without(*() if compiled else (f"{layer}_prefixes",)):
        torch.testing.assert_close(RecurrentClassifier.of(model).scores(tokens), expected)


@pytest.mark.parametrize("layer", sorted(set(ENCODERS) - set(LAYERS)))
def test_an_encoder_without_a_rule_is_named(layer, make_classifier):
    with pytest.raises(InputError, match="there are some for LSTM, RCNN"):
        RecurrentClassifier.of(make_classifier(layer))


def test_a_model_with_a_selector_is_refused(vocabulary):
    model = Latent(RationaleTrainOptions(model="latent", hidden_size=4)).model(
        nn.Embedding(len(vocabulary), 5), CLASSES
    )
    with pytest.raises(InputError, match="classifiers of the full text"):
        RecurrentClassifier.of(model)
