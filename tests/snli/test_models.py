"""What holds for every model of two sentences."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from latent_rationale.common.distributions import DISTRIBUTIONS, HardKuma
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.snli.attention import CrossAttention, SelectiveAttention, SelfAttention, SoftmaxAttention
from latent_rationale.snli.models import DecomposableAttention, Recurrent
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.task import SNLI

EMBEDDING, HIDDEN, CLASSES = 6, 4, 3


def self_attention(size: int) -> SelfAttention:
    return SelfAttention(size, HIDDEN, 0.0, 3, mask_diagonal=False)


MODELS = {
    "decomposable": (DecomposableAttention, {}),
    "projected": (DecomposableAttention, {"projection_size": 5}),
    "self-attention": (DecomposableAttention, {"projection_size": 5, "make_self_attention": self_attention}),
    "recurrent": (Recurrent, {}),
    "one direction": (Recurrent, {"bidirectional": False}),
    "two layers": (Recurrent, {"layers": 2}),
}
every_model = pytest.mark.parametrize("name", MODELS)
every_attention = pytest.mark.parametrize("family", [None, *DISTRIBUTIONS.values()])


@pytest.fixture
def build(randomise) -> Callable[..., nn.Module]:
    """From a line of the table and the distribution of a link (None: softmax) to a model."""

    def make(name: str, family=None, dropout: float = 0.0) -> nn.Module:
        def make_attention(size: int) -> CrossAttention:
            if family is None:
                return SoftmaxAttention(size, HIDDEN, dropout)
            return SelectiveAttention(size, HIDDEN, dropout, family)

        kind, more = MODELS[name]
        model = randomise(kind(nn.Embedding(20, EMBEDDING), make_attention, HIDDEN, CLASSES, dropout, **more))
        with torch.no_grad():  # so few units that all of a layer's rectified ones could be at zero
            for parameter in (parameter for name, parameter in model.named_parameters() if name.endswith("bias")):
                parameter.abs_()
        return model

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
    """In one of ten models at least: random weights may leave all of a layer's rectified units at zero."""
    idle = {parameter for parameter, _ in build(name, family).named_parameters()}
    for _ in range(10):
        model = build(name, family)
        output = model(make_pairs([8] * 20, [7] * 20))
        loss = output.scores.square().sum()
        if family is not None:
            loss = loss + output.rationale.dist.p0[output.rationale.mask].sum()
        loss.backward()
        idle -= {name for name, parameter in model.named_parameters() if parameter.grad.any()}
    assert not idle


@every_model
def test_dropout_acts_in_training_alone(name, build, make_pairs):
    batch = make_pairs([4, 2], [3, 5])
    model = build(name, dropout=0.5)
    assert not torch.equal(model(batch).scores, model(batch).scores)
    model.eval()
    assert torch.equal(model(batch).scores, model(batch).scores)


def test_without_links_nothing_is_known_of_the_other_sentence(build, make_pairs, monkeypatch):
    """What is not linked is not considered (paper, section 6.3): not before both sentences are aggregated."""
    model = build("decomposable", HardKuma).eval()
    with torch.no_grad():
        model.attention.scale.copy_(torch.tensor([1.0, -1.0]))
        model.attention.threshold.copy_(torch.tensor([8.0, 51.0]))  # beyond any cosine: 0 is all but certain
    aggregated = []
    monkeypatch.setattr(model.aggregate, "forward", lambda sums: aggregated.append(sums) or sums[:, :HIDDEN])
    first = make_pairs([4, 2], [3, 5])
    second = replace(first, inputs=(first.inputs[0], make_pairs([4, 2], [3, 5]).inputs[1]))
    for batch in (first, second):
        assert not model(batch).rationale.z.any()
    premises, hypotheses = zip(*(sums.split(HIDDEN, dim=1) for sums in aggregated), strict=True)
    assert torch.equal(*premises)
    assert not torch.equal(*hypotheses)


def test_decomposable_does_not_know_the_order_of_words(build, make_pairs):
    batch = make_pairs([4] * 10, [3] * 10)
    premise, hypothesis = batch.inputs
    turned = replace(batch, inputs=(Tokens(premise.ids.flip(1), premise.mask, premise.lengths), hypothesis))
    for name, same in (("decomposable", True), ("self-attention", False), ("recurrent", False)):
        model = build(name).eval()
        assert torch.allclose(model(batch).scores, model(turned).scores) == same


@pytest.mark.parametrize("dist", ["softmax", "hardkuma", "hardconcrete"])
@pytest.mark.parametrize("options", [{}, {"self_attention": True}, {"model": "recurrent"}], ids=str)
def test_steps_and_predictions_under_autocast(make_pairs, dist, options):
    """In bfloat16; the choices of cells keep the type of the weights."""
    chosen = SNLIOptions(**options, dist=dist, hidden_size=6, proj_size=6, selection=0.5)
    task = SNLI(chosen)
    train_state = TrainState(*task.build(nn.Embedding(20, 5)), chosen)
    train_state.train()
    batch = make_pairs([5, 3, 4], [4, 2, 6])
    for training in (True, True, False):
        train_state.train(training)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if training:
                output, loss, norm = train_step(train_state, batch, 5.0)
                assert loss.total.isfinite()
                assert norm.isfinite()
            else:
                output = train_state.model(batch)
        assert output.is_finite()
        if output.rationale is not None:
            assert output.rationale.z.dtype == output.rationale.dist.p0.dtype == torch.float32
