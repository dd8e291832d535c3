"""What the task says about itself, and that its models find the words that decide."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.experiment.task import Splits
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.training.loop import train_step
from latent_rationale.common.training.state import TrainState
from latent_rationale.snli.options import SNLIOptions
from latent_rationale.snli.prediction import PairPrediction
from latent_rationale.snli.reader import SNLIPair
from latent_rationale.snli.task import SNLI, START

PAIR = SNLIPair(("A", "zzyzx", "sleeps"), ("It", "rests"), 0)


@pytest.fixture
def make_task(tmp_path):
    def make(**options):
        vectors = tmp_path / "vectors.txt"
        vectors.write_text("A 3 4 0\nsleeps 0 0.5 0\nIt 1 1 1\nrests -2 0 0\n")
        return SNLI(SNLIOptions(**({"word_vectors": (str(vectors),)} | options)))

    return make


def built(task):
    splits = Splits([PAIR], [PAIR], [PAIR])
    vectors = task.read_vectors(splits)
    vocabulary = task.vocabulary(splits, vectors)
    size = task.options.embed_size if vectors is None else vectors.matrix.shape[1]
    return vocabulary, make_embedding(vocabulary, size, vectors, task.trains_embedding)


def test_vectors_have_length_one_and_stay(make_task):
    vocabulary, embedding = built(make_task())
    lengths = embedding.weight.norm(dim=1)
    assert lengths[vocabulary.padding_id] == 0
    lengths[vocabulary.padding_id] = 1
    torch.testing.assert_close(lengths, torch.ones(len(vocabulary)))
    (known,) = vocabulary.encode(["A"])
    torch.testing.assert_close(embedding.weight[known], torch.tensor([0.6, 0.8, 0.0]))
    assert not embedding.weight.requires_grad


def test_vectors_keep_their_lengths_if_asked_to(make_task):
    vocabulary, embedding = built(make_task(no_emb_normalization=True))
    (known,) = vocabulary.encode(["A"])
    assert embedding.weight[known].tolist() == [3, 4, 0]
    assert embedding.weight[vocabulary.encode([START, "nowhere"])].norm(dim=1).tolist() == pytest.approx([1, 1])


def test_joined_vectors_have_length_one(make_task, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("A 0 12\nrests 3 4\n")
    vocabulary, embedding = built(make_task(word_vectors=(str(tmp_path / "vectors.txt"), str(other))))
    found = embedding.weight[vocabulary.encode(["A", "It"])]
    torch.testing.assert_close(found, torch.tensor([[3.0, 4, 0, 0, 12], [13 / 3**0.5] * 3 + [0, 0]]) / 13)
    assert embedding.weight[vocabulary.encode([START, "nowhere"])].norm(dim=1).tolist() == pytest.approx([1, 1])


def test_words_without_a_vector_share_a_hundred(make_task):
    """Also those of the training pairs."""
    vocabulary, _ = built(make_task())
    assert "zzyzx" not in vocabulary
    assert len(set(vocabulary.encode([f"nowhere{number}" for number in range(2000)]))) == 100
    learned, _ = built(make_task(word_vectors=("none",)))
    assert "zzyzx" in learned


def test_both_sentences_begin_with_a_start_token_of_its_own(make_task):
    task = make_task()
    vocabulary, _ = built(task)
    data = task.encode([PAIR], vocabulary)
    batch = data.batch(torch.tensor([0]))
    for tokens, words in zip(batch.inputs, (PAIR.premise, PAIR.hypothesis), strict=True):
        assert vocabulary.words[int(tokens.ids[0, 0])] == START
        assert tokens.lengths.tolist() == [1 + len(words)]


def test_a_better_evaluation_is_more_accurate_among_those_on_target(make_task):
    task = make_task(dist="hardkuma", selection=0.1)
    on, better, off = ({"acc": acc, "p2h_selected": share} for acc, share in ((0.6, 0.1), (0.7, 0.119), (0.9, 0.125)))
    assert task.rank(better) < task.rank(on) < task.rank(off)


def test_files_are_found_plain_and_zipped(make_task, small_snli):
    task = make_task(data_path=small_snli.folder)
    assert [len(task.read_split(name)) for name in ("train", "dev", "test")] == [120, 40, 40]


def test_links_are_listed_by_strength():
    p2h, h2p = ((0.0, 0.9), (0.2, 0.004)), ((0.0, 0.0), (0.5, 0.3))
    prediction = PairPrediction((0.7, 0.2, 0.1), 0, "entailment", ("a", "b"), ("c", "d"), p2h, h2p)
    assert [link[1:] for link in prediction.links] == [("a", "d"), ("b", "d"), ("b", "c")]
    assert [link[0] for link in prediction.links] == pytest.approx([0.7, 0.152, 0.1])
    assert prediction.marked() == "a b | c d | a ~ d 0.70, b ~ d 0.15, b ~ c 0.10"
    row = json.loads(json.dumps(prediction.to_json()))
    assert row["p2h"] == [[0, 1, 0.9], [1, 0, 0.2]]
    assert row["h2p"] == [[1, 0, 0.5], [1, 1, 0.3]]
    assert replace(prediction, p2h=((0.0, 0.0), (0.0, 0.0)), h2p=None).marked() == "a b | c d | no links"


# Overfitting

WORDS, OTHERS = 6, 12


def planted_pairs() -> Batch:
    """Six verbs somewhere in the premise, six in the hypothesis, of which the relation is the sum."""
    generator = torch.Generator().manual_seed(0)
    left = torch.arange(WORDS).repeat_interleave(WORDS)
    right = torch.arange(WORDS).repeat(WORDS)
    sentences = []
    for length, verbs in ((5, left), (4, WORDS + right)):
        ids = torch.randint(2 * WORDS, 2 * WORDS + OTHERS, (len(verbs), length), generator=generator)
        ids[torch.arange(len(verbs)), torch.randint(length, verbs.shape, generator=generator)] = verbs
        sentences.append(Tokens(ids, torch.ones_like(ids).bool(), torch.full(verbs.shape, length)))
    return Batch(tuple(sentences), (left + right) % 3, range(len(left)))


def overfit(make_task, steps: int, **options):
    """After training: the accuracy, and the output."""
    batch = planted_pairs()
    task = make_task(hidden_size=20, proj_size=15, dropout=0.0, weight_decay=0.0, **options)
    torch.manual_seed(1)
    embedding = nn.Embedding.from_pretrained(torch.eye(2 * WORDS + OTHERS))
    train_state = TrainState(*task.build(embedding), task.options)
    train_state.train()
    for _ in range(steps):
        train_step(train_state, batch, 5.0)
    train_state.train(False)
    output = train_state.model(batch)
    return (output.scores.argmax(1) == batch.targets).float().mean().item(), output


@pytest.mark.parametrize("options", [{}, {"self_attention": True}, {"model": "recurrent"}])
def test_every_model_learns_three_dozen_pairs(make_task, options):
    accuracy, _ = overfit(make_task, 150, lr=0.005, **options)
    assert accuracy == 1


def test_three_dozen_pairs_are_learned_with_as_few_links_as_asked_for(make_task):
    """From nine cells of ten, which it takes first: no certainty is beyond the reach of the penalty."""
    multiplier = {"lambda_init": 0.02, "lagrange_lr": 0.02, "lagrange_alpha": 0.5}
    accuracy, output = overfit(make_task, 500, lr=0.002, dist="hardkuma", selection=0.3, **multiplier)
    assert accuracy == 1
    assert (output.rationale.z > 0).float().mean().item() == pytest.approx(0.3, abs=0.1)
