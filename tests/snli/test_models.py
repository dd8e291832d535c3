"""What holds for every model of two sentences."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.snli.attention import SelectiveAttention, SelfAttention, SoftmaxAttention
from latent_rationale.snli.models import MODELS, Decomposable

EMBEDDING, HIDDEN, CLASSES = 6, 4, 3

VARIANTS = {
    "decomposable": {},
    "decomposable, projected": {"projection_size": 5},
    "decomposable, self-attention": {"projection_size": 5, "self_attention": True},
    "recurrent": {},
    "recurrent, one direction": {"bidirectional": False},
    "recurrent, two layers": {"layers": 2},
}
every_model = pytest.mark.parametrize("name", VARIANTS)
every_attention = pytest.mark.parametrize("family", [None, *DISTRIBUTIONS.values()])


@pytest.fixture
def build(randomise) -> Callable[..., nn.Module]:
    """From a line of the table and the distribution of a link (None: softmax) to a model."""

    def make(name: str, family=None, dropout: float = 0.0) -> nn.Module:
        chosen = dict(VARIANTS[name])
        if name.startswith("recurrent"):
            size = HIDDEN if chosen.get("bidirectional") is False else 2 * HIDDEN
        else:
            words = chosen.get("projection_size", EMBEDDING)
            size = words
            if chosen.pop("self_attention", False):
                size = 2 * words
                chosen["self_attention"] = SelfAttention(words, HIDDEN, dropout, 3, mask_diagonal=False)
        attention = (
            SoftmaxAttention(size, HIDDEN, dropout)
            if family is None
            else SelectiveAttention(size, HIDDEN, dropout, family)
        )
        embedding = nn.Embedding(20, EMBEDDING)
        kind = MODELS[name.partition(",")[0]]
        return randomise(kind(embedding, attention, HIDDEN, CLASSES, dropout, **chosen))

    return make


def only(batch: Batch, row: int) -> Batch:
    """One pair of a batch, without padding."""
    inputs = []
    for tokens in batch.inputs:
        length = int(tokens.lengths[row])
        inputs.append(
            Tokens(*(x[row : row + 1, :length] for x in (tokens.ids, tokens.mask)), tokens.lengths[row : row + 1])
        )
    return replace(batch, inputs=tuple(inputs), targets=batch.targets[row : row + 1])


def test_every_model_is_tested():
    assert {name.partition(",")[0] for name in VARIANTS} == set(MODELS)


@every_model
@every_attention
def test_a_batch_says_what_its_single_pairs_say(name, family, build, make_pairs):
    """So that padding, on either side, changes nothing."""
    batch = make_pairs([4, 1, 6], [5, 3, 1], widths=(7, 8))
    model = build(name, family).eval()
    output = model(batch)
    assert output.scores.shape == (3, CLASSES)
    for row in range(3):
        torch.testing.assert_close(output.scores[row : row + 1], model(only(batch, row)).scores)


@every_model
@every_attention
def test_what_comes_with_the_scores(name, family, build, make_pairs):
    batch = make_pairs([4, 2], [3, 5])
    output = build(name, family)(batch)
    if family is None:
        assert output.rationale is None
        assert [weights.shape for weights in output.attention] == [(2, 4, 5), (2, 5, 4)]
    else:
        assert output.rationale.z.shape == (2, 4, 5)
        assert output.attention == ()


@every_model
@every_attention
def test_every_parameter_learns(name, family, build, make_pairs):
    model = build(name, family)
    output = model(make_pairs([8] * 20, [7] * 20))
    loss = output.scores.square().sum()
    if family is not None:
        loss = loss + output.rationale.dist.p0[output.rationale.mask].sum()
    loss.backward()
    # A bias that shifts all scores of a softmax alike has no effect, and distances have none on a gradient of zero.
    assert [n for n, parameter in model.named_parameters() if not parameter.grad.any()] == []


@every_model
def test_dropout_acts_in_training_alone(name, build, make_pairs):
    batch = make_pairs([4, 2], [3, 5])
    model = build(name, dropout=0.5)
    assert not torch.equal(model(batch).scores, model(batch).scores)
    model.eval()
    assert torch.equal(model(batch).scores, model(batch).scores)


def test_without_links_nothing_is_known_of_the_other_sentence(make_pairs, randomise):
    """What is not linked is not considered (paper, section 6.3)."""
    attention = SelectiveAttention(EMBEDDING, HIDDEN, 0.0, DISTRIBUTIONS["hardkuma"])
    model = randomise(Decomposable(nn.Embedding(20, EMBEDDING), attention, HIDDEN, CLASSES, 0.0)).eval()
    with torch.no_grad():
        attention.scale.zero_()
        attention.bias.copy_(torch.tensor([1e-3, 50.0]))  # of which 0 is all but certain
    batch, other = make_pairs([4, 2], [3, 5]), make_pairs([4, 2], [3, 5])
    assert not model(batch).rationale.z.any()
    compared = []
    for hypothesis in (batch.inputs[1], other.inputs[1]):
        seen = replace(batch, inputs=(batch.inputs[0], hypothesis))
        premise = model.embedding(seen.inputs[0].ids)
        links = model(seen).rationale.z
        compared.append(model._compare(premise, links @ model.embedding(hypothesis.ids), seen.inputs[0]))
    assert torch.equal(*compared)


def test_decomposable_does_not_know_the_order_of_words(build, make_pairs):
    batch = make_pairs([4] * 10, [3] * 10)
    premise, hypothesis = batch.inputs
    turned = replace(batch, inputs=(Tokens(premise.ids.flip(1), premise.mask, premise.lengths), hypothesis))
    for name, same in (("decomposable", True), ("decomposable, self-attention", False), ("recurrent", False)):
        model = build(name).eval()
        assert torch.allclose(model(batch).scores, model(turned).scores) == same
