"""Predictions of the language model, and the task that trains it."""

import math

import pytest
import torch

from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.experiment.task import Splits
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES
from latent_rationale.explain.language_model.task import LanguageModelling, LanguageModelOptions, PerplexityMetric

SENTENCES = [("the", "film", "is", "good"), ("the", "plot", "is", "bad"), ("never", "again"), ("superb",)]
KINDS = pytest.mark.parametrize("softmax", OUTPUT_SOFTMAXES)


def batch_of(rows):
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=1)
    return Batch((Tokens.of(ids, lengths),), torch.zeros(len(rows)), rows)


def test_a_word_is_said_from_one_side_alone(make_model):
    """A forward prediction does not depend on later words, nor a backward prediction on earlier words."""
    model = make_model()
    with torch.no_grad():
        given, changed = (model(batch_of([[5, 6, 7, word, 9, 10]])).scores[0] for word in (8, 3))
    differ = ~torch.isclose(given, changed)
    assert differ[:, 0].tolist() == [False, False, False, True, True, True]
    assert differ[:, 1].tolist() == [True, True, True, True, False, False]


def test_nothing_is_said_of_the_word_read_first_nor_of_padding(make_model):
    with torch.no_grad():
        output = make_model()(batch_of([[5, 6, 7], [5], [6, 7]]))
    predicted = [[[0, 1], [1, 1], [1, 0]], [[0, 0]] * 3, [[0, 1], [1, 0], [0, 0]]]
    assert (output.scores < 0).int().tolist() == predicted
    assert output.mask.int().tolist() == predicted


def test_padding_changes_nothing(make_model):
    model = make_model()
    with torch.no_grad():
        alone, beside = model(batch_of([[5, 6]])).scores, model(batch_of([[5, 6], [2, 3, 4, 5, 6]])).scores
    torch.testing.assert_close(alone[0], beside[0, :2])


def built(**options):
    """Build a task with artificial texts, its vocabulary, and a training state."""
    task = LanguageModelling(LanguageModelOptions(embed_size=20, hidden_size=20, dropout=0.0, **options))
    vocabulary = task.vocabulary(Splits(SENTENCES, SENTENCES, SENTENCES), None)
    torch.manual_seed(1)
    train_state = TrainState(*task.build(make_embedding(vocabulary, 20)), task.options)
    return task, vocabulary, train_state


@KINDS
def test_four_sentences_are_learned_by_heart(softmax):
    """Two words follow "the" equally often, so that the best possible probability of each is one half."""
    task, vocabulary, train_state = built(softmax=softmax, lr=0.02, weight_decay=0.0)
    data = task.encode(SENTENCES, vocabulary)
    batch = data.batch(torch.arange(4))
    train_state.train()
    for _ in range(300):
        _, loss, _ = train_step(train_state, batch, 5.0)
    # Of 7 words forwards, one of which is either of two, and of 7 backwards, all of which are certain.
    assert loss.terms["loss"].item() == pytest.approx(2 * math.log(2) / 14, abs=0.02)
    train_state.train(False)
    with torch.no_grad():
        output = train_state.model(batch)
    measures = {name: tally.value() for name, tally in task.measure(output, batch).items()}
    assert measures["perplexity_forwards"] == pytest.approx(2 ** (2 / 7), rel=0.02)
    assert measures["perplexity_backwards"] == pytest.approx(1, rel=0.02)


def test_the_loss_is_that_of_a_word_whatever_the_lengths(make_model):
    task, model = LanguageModelling(LanguageModelOptions()), make_model()
    batch = batch_of([[5, 6, 7, 8, 9], [5], [6, 7]])
    with torch.no_grad():
        output = model(batch)
    measured = task.measure(output, batch)["perplexity"].value()
    assert task.criterion(output, batch).mean().exp().item() == pytest.approx(measured)


def test_perplexities_add_up_over_batches(make_model):
    task, model = LanguageModelling(LanguageModelOptions()), make_model()
    rows = [[5, 6, 7, 8, 9], [5], [6, 7]]
    with torch.no_grad():
        whole = task.measure(model(batch_of(rows)), batch_of(rows))
        parts = [task.measure(model(batch_of(part)), batch_of(part)) for part in (rows[:1], rows[1:])]
    for name, tally in whole.items():
        assert (parts[0][name] + parts[1][name]).value() == pytest.approx(tally.value())


def test_where_training_fails_a_perplexity_stays_a_number():
    """JSON cannot represent infinity, so that a perplexity must stay finite."""
    assert PerplexityMetric(torch.tensor(6.0), torch.tensor(3.0)).value() == pytest.approx(math.exp(2))
    assert math.isfinite(PerplexityMetric(torch.tensor(1e6), torch.tensor(1.0)).value())


def certain_of(word):
    """A softmax that gives one word all of the probability."""
    choice = OUTPUT_SOFTMAXES["full"](4, 22, reserved=2)
    with torch.no_grad():
        choice.layer.weight.zero_()
        choice.layer.bias.fill_(-1e4)
        choice.layer.bias[word] = 0.0
    return choice


def test_a_word_of_probability_one_counts(make_model):
    """Word 7 has a log probability of exactly 0, and word 8 of -10,000; both are predicted."""
    task, model = LanguageModelling(LanguageModelOptions()), make_model()
    model.choice = certain_of(7)
    batch = batch_of([[5, 7, 7, 8]])
    with torch.no_grad():
        output = model(batch)
    assert output.scores[0, :, 0].tolist() == [0, 0, 0, -1e4]
    assert output.mask[0].tolist() == [[False, True], [True, True], [True, True], [True, False]]
    forwards = task.measure(output, batch)["perplexity_forwards"]
    assert (forwards.total.item(), forwards.count.item()) == (1e4, 3)
    assert task.criterion(output, batch).item() == pytest.approx(2e4 / 6)


def test_unknown_words_are_not_predicted(make_model):
    with torch.no_grad():
        output = make_model()(batch_of([[5, 0, 6]]))
    assert output.mask[0].tolist() == [[False, True], [False, False], [True, False]]
    assert not output.scores[~output.mask].any()
