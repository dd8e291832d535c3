import pytest
import torch
from torch import nn
from torch.nn import functional

from latent_rationale.common.nn.attention_model import AttentionModel, highest
from latent_rationale.common.nn.encoders import ENCODERS
from latent_rationale.common.structures import Batch, Tokens

LENGTHS = (4, 1, 6, 3)
every_layer = pytest.mark.parametrize("layer", ENCODERS)


def tokens_of(lengths, width=None):
    lengths = torch.tensor(lengths)
    mask = torch.arange(width or int(lengths.max())) < lengths.unsqueeze(1)
    return Tokens(mask.long(), mask, lengths)


def chosen(weights, share, lengths=None):
    """The positions of the selected words of each text."""
    lengths = lengths or [len(row) for row in weights]
    z = highest(torch.tensor(weights), tokens_of(lengths, len(weights[0])), share).z
    assert set(z.flatten().tolist()) <= {0.0, 1.0}
    return [row.nonzero().flatten().tolist() for row in z]


@pytest.fixture
def model(make_model):
    def make(layer="lstm", **options):
        return make_model(model="attention", layer=layer, **({"selection": 0.5} | options))

    return make


class Given(nn.Module):
    """An encoder that takes the embedded words for states, and anything for those of the padding."""

    output_size = 1

    def states(self, inputs, tokens):
        return torch.where(tokens.mask.unsqueeze(-1), inputs, 1000.0)


@every_layer
@pytest.mark.parametrize("training", [False, True])
def test_attention_sums_to_one_over_the_words(layer, training, model, make_batch):
    batch = make_batch(LENGTHS, width=8)
    (attention,) = model(layer).train(training)(batch).attention
    mask = batch.inputs[0].mask
    assert attention.shape == mask.shape
    torch.testing.assert_close(attention.sum(1), torch.ones(4, dtype=torch.float64))
    assert (attention[~mask] == 0).all()
    assert (attention[mask] > 0).all()
    assert attention[1, 0] == 1


def test_the_output_reads_the_mean_of_the_states_by_attention():
    """States 0 and log 3, weights exp(0) : exp(log 3) = 1 : 3; the output is twice the mean, less one."""
    states = torch.tensor([[1.0], [3.0]]).log()
    model = AttentionModel(nn.Embedding.from_pretrained(states), Given(), 1, 0.0, 0.5)
    for parameter, value in ((model.attention.weight, 1.0), (model.output.weight, 2.0), (model.output.bias, -1.0)):
        nn.init.constant_(parameter, value)
    tokens = Tokens(torch.tensor([[0, 1, 0]]), torch.tensor([[True, True, False]]), torch.tensor([2]))
    output = model.eval()(Batch((tokens,), torch.zeros(1), [0]))
    torch.testing.assert_close(output.attention[0], torch.tensor([[0.25, 0.75, 0.0]]))
    torch.testing.assert_close(output.scores, 2 * 0.75 * torch.tensor([[3.0]]).log() - 1)
    assert output.rationale.z.tolist() == [[0, 1, 0]]


@every_layer
def test_padding_changes_nothing(layer, model, make_batch):
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    mask = functional.pad(tokens.mask, (0, 3))
    padded = Tokens(torch.where(mask, functional.pad(tokens.ids, (0, 3)), 17), mask, tokens.lengths)
    small = model(layer).eval()
    first, second = small(batch), small(Batch((padded,), batch.targets, batch.examples))
    torch.testing.assert_close(second.scores, first.scores)
    torch.testing.assert_close(second.attention[0], functional.pad(first.attention[0], (0, 3)))
    assert torch.equal(second.rationale.z, functional.pad(first.rationale.z, (0, 3)))


@every_layer
def test_a_batch_says_what_its_texts_say_alone(layer, model, make_batch):
    batch = make_batch(LENGTHS)
    (tokens,) = batch.inputs
    small = model(layer).eval()
    together = small(batch)
    for row, length in enumerate(LENGTHS):
        one = Tokens(tokens.ids[[row], :length], tokens.mask[[row], :length], tokens.lengths[[row]])
        alone = small(Batch((one,), batch.targets[[row]], [row]))
        torch.testing.assert_close(alone.scores, together.scores[[row]])
        torch.testing.assert_close(alone.attention[0], together.attention[0][[row], :length])
        assert torch.equal(alone.rationale.z, together.rationale.z[[row], :length])


def test_there_is_a_rationale_in_evaluation_only(model, make_batch):
    batch, small = make_batch(LENGTHS), model()
    assert small.train()(batch).rationale is None
    rationale = small.eval()(batch).rationale
    assert rationale.z.sum(1).tolist() == [2, 1, 3, 2]
    assert torch.equal(rationale.mask, batch.inputs[0].mask)


def test_the_rationale_has_no_say_in_the_scores(model, make_batch):
    batch = make_batch(LENGTHS)
    few, all_words = model(selection=0.1).eval(), model(selection=1.0).eval()
    all_words.load_state_dict(few.state_dict())
    assert torch.equal(few(batch).scores, all_words(batch).scores)
    assert torch.equal(all_words(batch).rationale.z, batch.inputs[0].mask.double())


def test_evaluating_twice_gives_the_same(model, make_batch):
    batch, small = make_batch(LENGTHS), model(dropout=0.5).eval()
    random = torch.get_rng_state()
    assert torch.equal(small(batch).scores, small(batch).scores)
    assert torch.equal(torch.get_rng_state(), random)


def test_dropout_in_training_only(model, make_batch):
    batch, small = make_batch(LENGTHS), model(dropout=0.5).train()
    assert not torch.equal(small(batch).scores, small(batch).scores)


@pytest.mark.parametrize(
    ("share", "length", "count"),
    [
        (0.1, 24, 2),
        (0.1, 26, 3),
        (0.3, 4, 1),
        (0.3, 6, 2),
        (0.3, 9, 3),
        (0.34, 3, 1),
        (0.1, 2, 1),
        (0.001, 7, 1),
        (0.2, 1, 1),
        (1.0, 1, 1),
        (1.0, 7, 7),
        (0.99, 7, 7),
    ],
)
def test_a_share_is_rounded_to_words_one_at_least(share, length, count):
    (found,) = chosen([torch.linspace(1, 0, length).softmax(0).tolist()], share)
    assert found == list(range(count))


def test_each_text_has_its_own_number_of_words():
    weights = [[0.1, 0.4, 0.2, 0.3, 0.0, 0.0], [0.6, 0.4, 0.0, 0.0, 0.0, 0.0], [0.1, 0.1, 0.2, 0.1, 0.3, 0.2]]
    assert chosen(weights, 0.5, [4, 2, 6]) == [[1, 3], [0], [2, 4, 5]]


def test_the_highest_words_are_chosen():
    assert chosen([[0.1, 0.5, 0.0, 0.4, 0.0]], 0.4) == [[1, 3]]
    assert chosen([[0.05, 0.15, 0.5, 0.2, 0.1]], 0.6) == [[1, 2, 3]]


def test_of_equal_words_the_first_are_chosen():
    assert chosen([[0.25, 0.25, 0.25, 0.25]], 0.5) == [[0, 1]]
    assert chosen([[0.1, 0.2, 0.5, 0.2]], 0.5) == [[1, 2]]


def test_padding_is_never_chosen_even_beside_weights_that_vanish():
    assert chosen([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]], 1.0, [2, 3]) == [[0, 1], [0, 1, 2]]


def test_many_equal_words_are_taken_in_their_order():
    assert chosen([[1 / 500] * 500], 0.1) == [list(range(50))]


def test_the_rationale_is_certain():
    tokens = tokens_of([3, 2])
    rationale = highest(torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0]]), tokens, 0.5)
    assert torch.equal(rationale.dist.p1, rationale.z)
    assert torch.equal(rationale.dist.p0, 1 - rationale.z)
    assert torch.equal(rationale.dist.decide(), rationale.z)
    assert torch.equal(rationale.dist.log_prob(rationale.z), torch.zeros(2, 3))


@every_layer
def test_gradients_reach_every_parameter(layer, model, make_batch):
    small = model(layer).train()
    small.embedding.requires_grad_(True)
    batch = make_batch(LENGTHS)
    small(batch).scores.square().sum().backward()
    reached = {name: bool(parameter.grad.abs().sum() > 1e-9) for name, parameter in small.named_parameters()}
    assert all(reached.values()), reached
