"""Activations of BERT split in two, layer by layer."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import MurdochActivation, SplitActivation
from latent_rationale.explain.decomposition.transformer import apply, decompose, states
from latent_rationale.explain.explainers.contexts import SentenceContext
from latent_rationale.explain.explainers.scd import Decomposition
from latent_rationale.explain.models.transformer import ExplainedTransformer

IDS = torch.tensor([4, 7, 8, 6, 16])
OTHER = torch.tensor([5, 7, 8, 6, 9])
FAMILY = ["Bert", "Roberta", "XLMRoberta"]
KINDS = pytest.mark.parametrize("kind", [SplitActivation, MurdochActivation])


def embedded_parts(model, span, sentences, kind=SplitActivation):
    inside = torch.zeros(len(IDS), 1, dtype=torch.float64)
    inside[slice(*span)] = 1
    return kind(model.embedding(sentences).unsqueeze(0), (model.embedding(IDS) * inside)[None, None])


def random_parts(*shape, kind=SplitActivation, contexts=3):
    whole = torch.randn(2, contexts, *shape, dtype=torch.float64)
    return kind(whole, torch.randn(2, 1, *shape, dtype=torch.float64))


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize("span", [(0, 1), (1, 3), (4, 5), (0, 5)], ids=str)
@KINDS
def test_parts_add_up_to_what_the_library_computes_at_every_layer(make_transformer, family, span, kind):
    """In every context; so that what is relevant and the rest of the sentence itself add up to its activations."""
    model = make_transformer(family)
    sentences = torch.stack([IDS, OTHER])
    framed = model.framed(Tokens.of(sentences))
    with torch.no_grad():
        *found, scores = states(model, embedded_parts(model, span, sentences, kind))
        expected = model.network(input_ids=framed.ids, attention_mask=framed.mask.long(), output_hidden_states=True)
    for parts, hidden in zip(found, expected.hidden_states, strict=False):
        torch.testing.assert_close(parts.whole[0], hidden)
        torch.testing.assert_close((parts.relevant + parts.rest)[0, 0], hidden[0])
    torch.testing.assert_close(scores.whole[0], expected.logits)
    torch.testing.assert_close((scores.relevant + scores.rest)[0, 0], expected.logits[0], atol=1e-5, rtol=0)


def test_layers_are_all_seen(make_transformer):
    with torch.no_grad():
        found = list(states(make_transformer(), embedded_parts(make_transformer(), (0, 2), IDS.unsqueeze(0))))
    assert [parts.whole.shape[2:] for parts in found] == [*[(7, 8)] * 4, (8,), (3,)]


@KINDS
def test_nothing_comes_of_a_phrase_of_zeros(make_transformer, kind):
    model = make_transformer()
    whole = model.embedding(IDS)[None, None]
    with torch.no_grad():
        for parts in states(model, kind(whole, torch.zeros_like(whole))):
            torch.testing.assert_close(parts.relevant, torch.zeros_like(parts.relevant))


def test_a_normalisation_divides_by_the_deviation_of_the_whole():
    layer, parts = nn.LayerNorm(4, dtype=torch.float64), random_parts(5, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(4))
        layer.bias.copy_(torch.randn(4))
        found = apply(layer, parts)
        torch.testing.assert_close(found.whole, layer(parts.whole))
        centred = parts.relevant - parts.relevant.mean(-1, keepdim=True)
        deviation = (parts.whole.var(-1, unbiased=False, keepdim=True) + layer.eps).sqrt()
        expected = torch.stack([centred[:, 0] / deviation[:, k] for k in range(3)]).mean(0) * layer.weight
        torch.testing.assert_close(found.relevant[:, 0], expected)


def test_attention_has_the_weights_of_the_whole_and_splits_values(make_transformer):
    layer, parts = make_transformer().network.bert.encoder.layer[0].attention.self, random_parts(5, 8)
    with torch.no_grad():
        found = apply(layer, parts)
        for k in range(3):
            whole = parts.whole[:, k]
            torch.testing.assert_close(found.whole[:, k], layer(whole)[0])
        expected = torch.zeros_like(found.relevant[:, 0])
        values = functional.linear(parts.relevant[:, 0], layer.value.weight).view(2, 5, 2, 4).transpose(1, 2)
        for k in range(3):
            query, key = (part(parts.whole[:, k]).view(2, 5, 2, 4).transpose(1, 2) for part in (layer.query, layer.key))
            weights = (query @ key.transpose(2, 3) / 2).softmax(-1)
            expected += (weights @ values).transpose(1, 2).flatten(2) / 3
        torch.testing.assert_close(found.relevant[:, 0], expected)


def test_cd_takes_the_bias_for_a_part_of_its_own():
    """Murdoch et al., equation 16 and what follows, for two parts and a bias."""
    layer, parts = nn.Linear(4, 3, dtype=torch.float64), random_parts(4, kind=MurdochActivation, contexts=1)
    with torch.no_grad():
        found = apply(nn.Tanh(), apply(layer, parts))
        relevant, whole = parts.relevant @ layer.weight.T, layer(parts.whole)
        first = (relevant + layer.bias).tanh() - layer.bias.tanh()
        last = whole.tanh() - (whole - relevant).tanh()
    torch.testing.assert_close(found.relevant, (first + last) / 2)
    torch.testing.assert_close(found.whole, whole.tanh())


def test_a_bias_is_forgotten_behind_its_layer():
    layer, parts = nn.Linear(4, 4, dtype=torch.float64), random_parts(4, kind=MurdochActivation, contexts=1)
    with torch.no_grad():
        bent = (apply(layer, parts) + parts).tanh()
        relevant, whole = parts.relevant @ layer.weight.T + parts.relevant, layer(parts.whole) + parts.whole
    torch.testing.assert_close(bent.relevant, (relevant.tanh() + whole.tanh() - (whole - relevant).tanh()) / 2)


def test_what_stands_in_the_phrases_places(make_transformer):
    """Places, types and biases go to the rest in SCD; in CD inside the phrase to the phrase."""
    model = make_transformer()
    with torch.no_grad():
        sampled, murdoch = (
            next(states(model, embedded_parts(model, (1, 3), IDS.unsqueeze(0), kind)))
            for kind in (SplitActivation, MurdochActivation)
        )
    inside = torch.tensor([False, False, True, True, False, False, False])  # behind what stands before the text
    assert (murdoch.relevant != 0).any(-1)[0, 0].equal(inside)
    torch.testing.assert_close(murdoch.relevant[..., inside, :], murdoch.whole[..., inside, :])
    assert (sampled.relevant != 0).any(-1)[0, 0].equal(inside)
    assert not torch.isclose(sampled.relevant, sampled.whole)[..., inside, :].all()


@pytest.mark.parametrize(("family", "layer"), [("DistilBert", "Embeddings"), ("Electra", "ElectraEmbeddings")])
def test_a_layer_without_a_rule_is_named(make_transformer, family, layer):
    model = make_transformer(family)
    message = f"a {family}[A-Za-z]* cannot be split: no rule tells how a {layer} splits activations; BERT, "
    with pytest.raises(InputError, match=message):
        decompose(model, IDS[None, None], torch.ones(1, len(IDS)), SplitActivation)


@KINDS
def test_a_phrase_is_scored_alike_alone_and_among_others(make_transformer, kind):
    model, spans = ExplainedTransformer(make_transformer(), max_batch=2), [(0, 1), (1, 3), (0, 5)]
    explainer = Decomposition(model, 1, SentenceContext(0), kind)
    together = explainer(IDS, spans)
    assert together.abs().min() > 0
    for span, expected in zip(spans, together, strict=True):
        torch.testing.assert_close(explainer(IDS, [span])[0], expected)
