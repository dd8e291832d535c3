"""Links between the words of two sentences, and of one."""

import pytest
import torch
from torch import Tensor

from latent_rationale.common.distributions import DISTRIBUTIONS, HardKuma
from latent_rationale.snli.attention import (
    SelectiveAttention,
    SelfAttention,
    SoftmaxAttention,
    masked_softmax,
    pair_mask,
)

SIZE, HIDDEN = 5, 4
FAMILIES = pytest.mark.parametrize("family", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)


def states_of(batch) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Random states of both sentences, and where their words are."""
    masks = tuple(tokens.mask for tokens in batch.inputs)
    return tuple(torch.randn(*mask.shape, SIZE, dtype=torch.float64, requires_grad=True) for mask in masks), masks


def test_pair_mask_is_where_two_real_words_meet(make_pairs):
    _, masks = states_of(make_pairs([2, 1], [1, 3]))
    mask = pair_mask(*masks)
    assert mask.long().tolist() == [[[1, 0, 0], [1, 0, 0]], [[1, 1, 1], [0, 0, 0]]]


def test_masked_softmax_sums_to_one_over_what_is_there():
    scores = torch.tensor([[1.0, 2.0, 1e6], [3.0, 3.0, 3.0], [1.0, 2.0, 3.0]])
    mask = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    found = masked_softmax(scores, mask)
    torch.testing.assert_close(found[0, :2], torch.tensor([1.0, 2.0]).softmax(0))
    torch.testing.assert_close(found[1], torch.full((3,), 1 / 3))
    assert not found[2].any()
    assert found[0, 2] == 0


def test_softmax_attention_normalises_rows_and_columns_of_one_matrix(make_pairs, randomise):
    batch = make_pairs([4, 2], [3, 5])
    attention = randomise(SoftmaxAttention(SIZE, HIDDEN, 0.0))
    states, masks = states_of(batch)
    links, mask = attention(states, masks), pair_mask(*masks)
    for weights, tokens in ((links.p2h, batch.inputs[0]), (links.h2p, batch.inputs[1])):
        torch.testing.assert_close(weights.sum(-1), tokens.mask.double())
    assert not links.p2h[~mask].any()
    ratio = links.p2h[0, :4, :3].log() - links.h2p[0, :3, :4].mT.log()  # one matrix, less a number per row and column
    torch.testing.assert_close(ratio - ratio[:1] - ratio[:, :1] + ratio[0, 0], torch.zeros(4, 3, dtype=torch.float64))
    assert links.rationale is None


@FAMILIES
@pytest.mark.parametrize("training", [False, True])
def test_selective_attention_shares_its_choices_between_both_directions(family, training, make_pairs, randomise):
    batch = make_pairs([4, 2], [3, 5])
    attention = randomise(SelectiveAttention(SIZE, HIDDEN, 0.0, family)).train(training)
    states, masks = states_of(batch)
    links, mask = attention(states, masks), pair_mask(*masks)
    assert torch.equal(links.h2p, links.p2h.mT)
    assert torch.equal(links.rationale.z, links.p2h)
    assert links.rationale.dist.batch_shape == mask.shape
    assert not links.p2h[~mask].any()
    assert ((links.p2h >= 0) & (links.p2h <= 1)).all()


@FAMILIES
def test_selective_attention_draws_by_chance_in_training_alone(family, make_pairs, randomise):
    batch = make_pairs([20], [20])
    attention = randomise(SelectiveAttention(SIZE, HIDDEN, 0.0, family))
    given = states_of(batch)
    assert not torch.equal(attention(*given).p2h, attention(*given).p2h)
    attention.eval()
    assert torch.equal(attention(*given).p2h, attention(*given).p2h)


@FAMILIES
def test_selective_attention_starts_from_links_between_equal_words(family):
    torch.manual_seed(1)
    attention = SelectiveAttention(100, 50, 0.0, family).eval()
    words = torch.randn(1, 30, 100)
    mask = torch.ones(1, 30, dtype=torch.bool)
    dist = attention((words, words), (mask, mask)).rationale.dist
    equal = torch.eye(30, dtype=torch.bool).unsqueeze(0)
    assert (dist.p0[equal] < 0.05).all()
    assert (dist.p0[~equal] > dist.p0[equal].max()).all()


def test_every_parameter_of_selective_attention_learns_from_the_choices(make_pairs, randomise):
    attention = randomise(SelectiveAttention(SIZE, HIDDEN, 0.0, HardKuma))
    attention(*states_of(make_pairs([20], [20]))).p2h.sum().backward()
    assert all(parameter.grad.any() for parameter in attention.parameters())


def test_self_attention_on_hand_made_distances(make_pairs, randomise):
    """With equal words the bias of the distance is all there is; it is clipped, and it knows left from right."""
    (tokens, _) = make_pairs([5], [1]).inputs
    attention = randomise(SelfAttention(SIZE, HIDDEN, 0.0, max_distance=2, mask_diagonal=False))
    weights = attention(torch.ones(1, 5, SIZE, dtype=torch.float64), tokens)[0]
    bias = attention.distance_bias
    expected = torch.stack(
        [bias[torch.tensor([max(-2, min(2, j - i)) + 2 for j in range(5)])].softmax(0) for i in range(5)]
    )
    torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize("mask_diagonal", [False, True])
def test_self_attention_and_its_diagonal(mask_diagonal, make_pairs, randomise):
    (tokens, _) = make_pairs([3, 1, 5], [1, 1, 1]).inputs
    attention = randomise(SelfAttention(SIZE, HIDDEN, 0.0, 11, mask_diagonal))
    weights = attention(torch.randn(3, 5, SIZE, dtype=torch.float64), tokens)
    assert not weights[~pair_mask(tokens.mask, tokens.mask)].any()
    alone = tokens.lengths == 1
    assert weights.diagonal(dim1=1, dim2=2)[tokens.mask].bool().all() != mask_diagonal
    total = weights.sum(-1)
    expected = tokens.mask.double() * ~(alone & mask_diagonal).unsqueeze(1)
    torch.testing.assert_close(total, expected)
    assert weights.isfinite().all()
