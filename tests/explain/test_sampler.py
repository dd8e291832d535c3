"""Words drawn from a language model follow its probabilities."""

from collections import Counter

import pytest
import torch

from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.vocabulary import Vocabulary
from latent_rationale.explain.sampler import Sampler
from latent_rationale.explain.translation import WordForWord
from latent_rationale.explain.word_choices import WORD_CHOICES

BEGINNING = [7, 12, 3]


def log_probs_of(model, rows):
    """Forwards and backwards ``[N, T, 2]`` of sentences, by the model itself."""
    with torch.no_grad():
        return model(Batch((Tokens.of(torch.tensor(rows)),), torch.zeros(len(rows)), ())).scores


def normalised(probabilities):
    """Without the ids that are no words, and adding up to one in the last dimension."""
    probabilities = probabilities.clone()
    probabilities[..., :2] = 0
    return probabilities / probabilities.sum(-1, keepdim=True)


@pytest.mark.parametrize("softmax", WORD_CHOICES)
def test_two_words_come_as_often_as_the_model_says(make_model, vocabulary, language_of, softmax):
    """Five standard deviations on 400 pairs of words, both ways: a false alarm in 2,000 runs."""
    model, count, size = make_model(softmax), 200_000, len(vocabulary)
    pairs = [(first, second) for first in range(size) for second in range(size)]
    language = language_of(model)
    after = log_probs_of(model, [[*BEGINNING, *pair] for pair in pairs])[:, 3:, 0]
    before = log_probs_of(model, [[*pair[::-1], *BEGINNING[::-1]] for pair in pairs])[:, :2, 1].flip(1)
    torch.manual_seed(7)
    for sampler, log_probs in ((language.forwards, after), (language.backwards, before)):
        drawn = sampler(torch.tensor([BEGINNING]), torch.tensor([3]), count, 2)[0]
        frequencies = torch.bincount(drawn[:, 0] * size + drawn[:, 1], minlength=size**2).view(size, size) / count
        first, second = log_probs.exp().view(size, size, 2).unbind(-1)
        expected = normalised(first[:, 0]).unsqueeze(1) * normalised(second)
        deviation = (expected * (1 - expected) / count).sqrt()
        assert ((frequencies - expected).abs() <= 5 * deviation).all()


def test_a_beginning_ends_where_its_length_says(language):
    rows = torch.tensor([[7, 12, 3, 9], [7, 12, 3, 5]])
    torch.manual_seed(1)
    short = language.forwards(rows[:1], torch.tensor([3]), 50, 4)
    torch.manual_seed(1)
    assert torch.equal(short, language.forwards(rows[1:], torch.tensor([3]), 50, 4))


def test_vocabularies_meet_through_words():
    first, second = Vocabulary(Counter("aab")), Vocabulary(Counter("bbbc"))
    translation = WordForWord.between(first, second)
    assert translation.there.tolist() == [0, 1, 0, 2]  # unknown, padding, a, b
    assert translation.back.tolist() == [0, 1, 3, 0]  # unknown, padding, b, c


def test_memory_is_bounded_and_changes_nothing(language, monkeypatch):
    rows, lengths = torch.tensor([[7, 12, 3], [4, 5, 6]]), torch.tensor([3, 2])
    found = []
    for size in (Sampler.ROWS, 7):
        monkeypatch.setattr(Sampler, "ROWS", size)
        torch.manual_seed(1)
        found.append(language.backwards(rows, lengths, 20, 4))
    assert torch.equal(*found)


@pytest.mark.parametrize("softmax", WORD_CHOICES)
def test_a_model_of_double_precision_draws_too(make_model, language_of, softmax):
    drawn = language_of(make_model(softmax).double()).forwards(torch.tensor([[7, 12]]), torch.tensor([2]), 3, 4)
    assert drawn.shape == (1, 3, 4)
