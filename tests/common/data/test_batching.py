import itertools

import pytest
import torch

from latent_rationale.common.data import batching
from latent_rationale.common.data.batching import encode, training_batches
from latent_rationale.common.data.vocabulary import Vocabulary

CPU = torch.device("cpu")


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(3)
    lengths = torch.randint(1, 30, (203,), generator=generator).tolist()
    return [[f"w{number % 17}"] * length for number, length in enumerate(lengths)]


@pytest.fixture
def encoded(examples):
    return encode(examples, Vocabulary.build(examples), lambda tokens: (tokens,), torch.arange(len(examples)))


def test_a_batch_holds_its_sentences_padded(examples, encoded):
    words = Vocabulary.build(examples)
    batch = encoded.batch(torch.tensor([5, 0, 7]))
    (tokens,) = batch.inputs
    assert batch.examples == [examples[5], examples[0], examples[7]]
    assert batch.targets.tolist() == [5, 0, 7]
    assert tokens.lengths.tolist() == [len(example) for example in batch.examples]
    assert tokens.ids.shape[1] == max(tokens.lengths)
    for row, mask, example in zip(tokens.ids.tolist(), tokens.mask.tolist(), batch.examples, strict=True):
        padding = len(row) - len(example)
        assert row == words.encode(example) + [words.padding_id] * padding
        assert mask == [True] * len(example) + [False] * padding


@pytest.mark.parametrize("size", [1, 10, 203, 500])
def test_every_example_comes_once(encoded, size):
    for plan in (encoded.in_order(size), encoded.shuffled(size, torch.Generator().manual_seed(1))):
        assert sorted(torch.cat(plan).tolist()) == list(range(203))
        assert len(plan) == -(-203 // size)


def test_long_texts_come_in_smaller_batches_in_evaluation(examples, encoded, monkeypatch):
    monkeypatch.setattr(batching, "MOST_WORDS", 60)
    plan = encoded.in_order(5)
    lengths = [[len(examples[i]) for i in index.tolist()] for index in plan]
    assert sum(lengths, []) == sorted(map(len, examples), reverse=True)  # noqa: RUF017
    assert all(max(row) * len(row) <= 60 for row in lengths)
    assert {len(row) for row in lengths[:-1]} == {2, 3, 4, 5}
    monkeypatch.setattr(batching, "MOST_WORDS", 1)
    assert [len(index) for index in encoded.in_order(5)] == [1] * 203


def test_shuffling_differs_by_seed_and_only_by_it(encoded):
    first, again, other = (encoded.shuffled(10, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert [x.tolist() for x in first] == [x.tolist() for x in again]
    assert [x.tolist() for x in first] != [x.tolist() for x in other]


def test_batches_are_of_similar_length_and_not_sorted(examples, encoded):
    plan = encoded.shuffled(10, torch.Generator().manual_seed(1))
    lengths = [[len(examples[i]) for i in index.tolist()] for index in plan]
    words, padded = sum(map(sum, lengths)), sum(max(x) * len(x) for x in lengths)
    assert padded < 1.15 * words
    longest = [max(x) for x in lengths]
    assert longest != sorted(longest)


def test_epochs_differ_and_a_resumed_run_meets_the_same_batches(encoded):
    whole = [(i, b.targets.tolist()) for i, b in itertools.islice(training_batches(encoded, 10, 1, 0, CPU), 50)]
    assert [i for i, _ in whole] == list(range(1, 51))
    assert sorted(t for _, targets in whole[:21] for t in targets) == list(range(203))
    assert [t for _, t in whole[:21]] != [t for _, t in whole[21:42]]
    for start in (7, 21, 30):
        rest = itertools.islice(training_batches(encoded, 10, 1, start, CPU), 50 - start)
        assert [(i, b.targets.tolist()) for i, b in rest] == whole[start:]
