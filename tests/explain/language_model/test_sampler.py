"""Samples from a language model follow its probabilities; the compiled operator equals the Python code."""

from collections import Counter

import pytest
import torch
from torch import nn

from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.common.ops.library import without
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES, AdaptiveSoftmax, OutputSoftmax
from latent_rationale.explain.language_model.sampler import DirectionalSampler
from latent_rationale.explain.language_model.vocabulary_mapping import WordMapping

BEGINNING = [7, 12, 3]


def log_probs_of(model, rows):
    """Compute the log probabilities ``[N, T, 2]`` of sentences with the model itself."""
    with torch.no_grad():
        return model(Batch((Tokens.of(torch.tensor(rows)),), torch.zeros(len(rows)), ())).scores


def normalised(probabilities):
    """Set the probabilities of reserved ids to 0 and normalise the last dimension."""
    probabilities = probabilities.clone()
    probabilities[..., :2] = 0
    return probabilities / probabilities.sum(-1, keepdim=True)


@pytest.mark.parametrize("softmax", OUTPUT_SOFTMAXES)
def test_two_words_come_as_often_as_the_model_says(make_model, vocabulary, language_of, softmax):
    """Frequencies within five standard deviations for 400 pairs in both directions; false-alarm rate 1 in 2,000."""
    model, count, size = make_model(softmax), 200_000, len(vocabulary)
    pairs = [(first, second) for first in range(size) for second in range(size)]
    language = language_of(model)
    after = log_probs_of(model, [[*BEGINNING, *pair] for pair in pairs])[:, 3:, 0]
    before = log_probs_of(model, [[*pair[::-1], *BEGINNING[::-1]] for pair in pairs])[:, :2, 1].flip(1)
    generator = torch.Generator().manual_seed(7)
    for sampler, log_probs in ((language.forwards, after), (language.backwards, before)):
        drawn = sampler(torch.tensor([BEGINNING]), torch.tensor([3]), count, torch.tensor([2]), generator)[0]
        frequencies = torch.bincount(drawn[:, 0] * size + drawn[:, 1], minlength=size**2).view(size, size) / count
        first, second = log_probs.exp().view(size, size, 2).unbind(-1)
        expected = normalised(first[:, 0]).unsqueeze(1) * normalised(second)
        deviation = (expected * (1 - expected) / count).sqrt()
        assert ((frequencies - expected).abs() <= 5 * deviation).all()


def test_a_beginning_ends_where_its_length_says(language):
    rows = torch.tensor([[7, 12, 3, 9], [7, 12, 3, 5]])
    first, second = (
        sample_by_seed(language.forwards, row, torch.tensor([3]), 50, torch.tensor([4])) for row in rows.split(1)
    )
    assert torch.equal(first, second)


def test_vocabularies_meet_through_words():
    first, second = Vocabulary(Counter("aab")), Vocabulary(Counter("bbbc"))
    translation = WordMapping.between(first, second)
    assert translation.there.tolist() == [0, 1, 0, 2]  # unknown, padding, a, b
    assert translation.back.tolist() == [0, 1, 3, 0]  # unknown, padding, b, c


def test_memory_is_bounded_and_changes_nothing(language, monkeypatch):
    rows, lengths = torch.tensor([[7, 12, 3], [4, 5, 6]]), torch.tensor([3, 2])
    found = []
    for size in (DirectionalSampler.ROWS, 7):
        monkeypatch.setattr(DirectionalSampler, "ROWS", size)
        found.append(sample_by_seed(language.backwards, rows, lengths, 20, torch.tensor([4, 2])))
    assert torch.equal(*found)


@pytest.mark.parametrize("softmax", OUTPUT_SOFTMAXES)
def test_a_model_of_double_precision_draws_too(make_model, language_of, softmax):
    sampler = language_of(make_model(softmax).double()).forwards
    drawn = sample_by_seed(sampler, torch.tensor([[7, 12]]), torch.tensor([2]), 3, torch.tensor([4]))
    assert drawn.shape == (1, 3, 4)


@pytest.mark.parametrize("softmax", OUTPUT_SOFTMAXES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.usefixtures("threads")
def test_compiled_words_are_those_in_python(softmax, dtype, randomise, monkeypatch):
    """More samples, and more words, than one block of the operator holds; the numbers of words differ."""
    monkeypatch.setattr(AdaptiveSoftmax, "CUTOFFS", (90, 170))
    size, units = 300, 9
    same = WordMapping(torch.arange(size), torch.arange(size))
    embedding, lstm, choice = nn.Embedding(size, 5), nn.LSTM(5, units), OUTPUT_SOFTMAXES[softmax](units, size, 2)
    sampler = DirectionalSampler(*(randomise(module).to(dtype) for module in (embedding, lstm, choice)), same)
    ids, lengths, words = torch.randint(size, (30, 4)), torch.randint(1, 5, (30,)), torch.randint(6, (30,))
    words[0] = 5
    found = []
    with monkeypatch.context() as patch:
        patch.setattr(OutputSoftmax, "icdf", None)
        found.append(sample_by_seed(sampler, ids, lengths, 60, words))
    with without("lstm_continuation"):
        found.append(sample_by_seed(sampler, ids, lengths, 60, words))
    wanted = torch.arange(5) < words.view(-1, 1, 1)
    assert torch.equal(*(drawn.where(wanted, 0) for drawn in found))


def sample_by_seed(sampler, *prefixes):
    return sampler(*prefixes, torch.Generator().manual_seed(3))


@pytest.fixture
def go_on(make_model, language_of):
    """Function that samples words after one state of a full softmax with a given bias, by noise ``[B, W]``."""

    def draw(bias, noise, **others):
        model = make_model("full")
        with torch.no_grad():
            model.choice.layer.bias.copy_(bias)
            model.choice.layer.weight.zero_()
        forwards = language_of(model).forwards
        given = {"state": (torch.randn(1, 4), torch.randn(1, 4)), "noise": noise}
        given["which"] = torch.zeros(len(noise), dtype=torch.long)
        given["words"] = torch.full((len(noise),), noise.shape[1])
        return forwards._go_on(**given | others)

    return draw


@pytest.mark.parametrize("noise", [0.0, 0.9999, 1.0])
def test_a_word_without_a_share_is_never_drawn(go_on, vocabulary, noise):
    bias = torch.full((len(vocabulary),), -1000.0)
    bias[[5, 9]] = 0
    assert (go_on(bias, torch.full((3, 2), noise)) == (5 if noise == 0 else 9)).all()


def test_logits_that_are_no_numbers_are_refused(go_on, vocabulary):
    with pytest.raises(RuntimeError, match="expected finite logits"):
        go_on(torch.full((len(vocabulary),), torch.nan), torch.rand(3, 2))


def test_noise_falls_where_the_cumulative_probability_says(go_on, vocabulary):
    bias, noise = torch.randn(len(vocabulary)), torch.rand(500, 2)
    below = bias[2:].softmax(0).double().cumsum(0)
    assert torch.equal(go_on(bias, noise), 2 + torch.searchsorted(below, noise.double()))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"which": torch.tensor([0, 1])}, "an index is not one of 1"),
        ({"words": torch.tensor([4, 1])}, "an index is not one of 4"),
        ({"words": torch.tensor([1])}, "noise for each sentence"),
        ({"noise": torch.rand(2, 3).double()}, "contiguous matrices of one type"),
        ({"state": (torch.randn(1, 4), torch.randn(1, 3))}, "expected states for cells of 4 units"),
        ({"state": (torch.randn(2, 4), torch.randn(2, 4)), "which": torch.tensor([1, 0])}, "in the order of their"),
    ],
)
def test_the_operator_refuses_what_would_read_beyond_a_tensor(go_on, vocabulary, others, message):
    with pytest.raises(RuntimeError, match=message):
        go_on(torch.zeros(len(vocabulary)), **{"noise": torch.rand(2, 3)} | others)
