"""Data for the tests: a few real sentences where the treebank is at hand, made-up ones elsewhere."""

import gzip
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import nn

from latent_rationale.common.utils.files import plain_or_zipped, read_lines

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config):
    if "LATENT_RATIONALE_DATA" not in os.environ and SHARED.is_dir():
        os.environ["LATENT_RATIONALE_DATA"] = str(SHARED)


@pytest.fixture(scope="session")
def data_root():
    """Where the real data is. Only a machine without data may skip what needs it."""
    if "LATENT_RATIONALE_DATA" not in os.environ:
        pytest.skip("set LATENT_RATIONALE_DATA to run this on real data")
    return Path(os.environ["LATENT_RATIONALE_DATA"])


@dataclass(frozen=True)
class SmallData:
    folder: Path
    vectors: Path

    @property
    def arguments(self):
        return ["--data_path", str(self.folder), "--word_vectors", str(self.vectors)]


@pytest.fixture(scope="session")
def small_sst(tmp_path_factory):
    """100 training, 40 dev and 40 test sentences in the treebank's format, and vectors for most of their words."""
    folder = tmp_path_factory.mktemp("sst")
    lines = dict(zip(("train", "dev", "test"), _real_lines() or _made_up_lines(), strict=True))
    for name, trees in lines.items():
        (folder / f"{name}.txt").write_text("".join(trees), encoding="utf-8")
    words = sorted(
        {word.rstrip(")\n") for trees in lines.values() for tree in trees for word in tree.split() if ")" in word}
    )
    generator = random.Random(1)
    vectors = folder / "vectors.txt.gz"
    with gzip.open(vectors, "wt", encoding="utf-8") as file:
        for word in words[: int(0.9 * len(words))]:
            file.write(" ".join([word, *(f"{generator.gauss(0, 1):.4f}" for _ in range(12))]) + "\n")
    return SmallData(folder, vectors)


def _real_lines():
    root = os.environ.get("LATENT_RATIONALE_DATA")
    if root is None:
        return None
    texts = [(Path(root) / "sst" / f"{name}.txt").read_text(encoding="utf-8") for name in ("train", "dev", "test")]
    return [text.splitlines(keepends=True)[:size] for text, size in zip(texts, (100, 40, 40), strict=True)]


def _made_up_lines():
    generator = random.Random(1)
    words = {
        0: ["awful", "dreadful"],
        1: ["dull", "bad"],
        2: ["a", "film", "the", ","],
        3: ["good", "fine"],
        4: ["superb"],
    }

    def tree(label):
        labels = [2] * generator.randint(2, 8) + [label]
        generator.shuffle(labels)
        return f"({label} " + " ".join(f"({x} {generator.choice(words[x])})" for x in labels) + ")\n"

    return [[tree(generator.randrange(5)) for _ in range(size)] for size in (100, 40, 40)]


@dataclass(frozen=True)
class SmallBeer:
    train: Path
    dev: Path
    test: Path

    @property
    def arguments(self):
        paths = {"--train_path": self.train, "--dev_path": self.dev, "--test_path": self.test}
        return [word for name, path in paths.items() for word in (name, str(path))]


@pytest.fixture(scope="session")
def small_beer(tmp_path_factory):
    """100 training reviews (.gz), 40 dev reviews and 40 annotated ones, in the formats of Lei et al. (2016)."""
    folder = tmp_path_factory.mktemp("beer")
    small = SmallBeer(folder / "train.txt.gz", folder / "dev.txt", folder / "annotations.json")
    train, dev, test = _real_reviews() or _made_up_reviews()
    small.train.write_bytes(gzip.compress("".join(train).encode()))
    small.dev.write_text("".join(dev), encoding="utf-8")
    small.test.write_text("".join(test), encoding="utf-8")
    return small


def _real_reviews():
    root = os.environ.get("LATENT_RATIONALE_DATA")
    if root is None:
        return None
    found = []
    for name, size in (
        ("reviews.260k.train.txt.gz", 100),
        ("reviews.260k.heldout.txt.gz", 40),
        ("annotations.json", 40),
    ):
        path = Path(root) / "beer" / name
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            found.append(list(islice(file, size)))
    return found


def _made_up_reviews():
    """Five sentences, one an aspect, marked where people would mark them; a few are marked nowhere."""
    generator = random.Random(1)
    about = ["pours a colour", "smells of malt", "feels like velvet", "tastes like hops", "is a beer"]
    words = [["awful", "bad"], ["dull", "plain"], ["fair"], ["good", "nice"], ["superb", "great"]]

    def review():
        tokens, scores, spans = [], [], []
        for sentence in about:
            level = generator.randrange(5)
            start = len(tokens)
            tokens += [*sentence.split(), generator.choice(words[level]), "."]
            spans.append([[start, len(tokens)]] if generator.random() < 0.9 else [])
            scores.append(level / 4)
        return tokens, scores, spans

    def plain():
        tokens, scores, _ = review()
        return " ".join(f"{score:.2f}" for score in scores) + "\t" + " ".join(tokens) + "\n"

    def annotated():
        tokens, scores, spans = review()
        return json.dumps({"x": tokens, "y": scores} | {str(a): found for a, found in enumerate(spans)}) + "\n"

    return [plain() for _ in range(100)], [plain() for _ in range(40)], [annotated() for _ in range(40)]


@pytest.fixture(scope="session")
def small_snli(tmp_path_factory):
    """120 training pairs (.gz), 40 dev and 40 test pairs in the format of SNLI, and vectors for most of their words."""
    folder = tmp_path_factory.mktemp("snli")
    splits = dict(zip(("train", "dev", "test"), _real_pairs() or _made_up_pairs(), strict=True))
    for name, lines in splits.items():
        text = "".join(lines)
        if name == "train":
            (folder / f"snli_1.0_{name}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"snli_1.0_{name}.jsonl").write_text(text, encoding="utf-8")
    rows = [json.loads(line) for lines in splits.values() for line in lines]
    words = sorted({word for row in rows for name in ("sentence1", "sentence2") for word in row[name].split()})
    generator = random.Random(1)
    vectors = folder / "vectors.txt"
    vectors.write_text(
        "".join(
            " ".join([word, *(f"{generator.gauss(0, 3):.4f}" for _ in range(12))]) + "\n"
            for word in words[: int(0.9 * len(words))]
        ),
        encoding="utf-8",
    )
    return SmallData(folder, vectors)


def _real_pairs():
    root = os.environ.get("LATENT_RATIONALE_DATA")
    if root is None:
        return None
    found = []
    for name, size in (("train", 120), ("dev", 40), ("test", 40)):
        lines = (line for _, line in read_lines(plain_or_zipped(Path(root) / "snli" / f"snli_1.0_{name}.jsonl")))
        found.append(
            [line + "\n" for line in islice((line for line in lines if '"gold_label": "-"' not in line), size)]
        )
    return found


def _made_up_pairs():
    generator = random.Random(1)
    others = {
        "entailment": [("sleeps", "rests"), ("runs", "moves")],
        "contradiction": [("sleeps", "runs"), ("runs", "rests")],
        "neutral": [("sleeps", "dreams"), ("runs", "trains")],
    }

    def line():
        label = generator.choice(list(others))
        who = generator.choice(["man", "woman", "dog"])
        premise, hypothesis = generator.choice(others[label])
        sentences = {"sentence1": f"A {who} {premise} outside .", "sentence2": f"The {who} {hypothesis} ."}
        return json.dumps({"gold_label": label, **sentences}) + "\n"

    return [[line() for _ in range(size)] for size in (120, 40, 40)]


@pytest.fixture(autouse=True)
def _fixed_seed():
    torch.manual_seed(0)


@pytest.fixture(params=[1, 2, 5])
def threads(request):
    """So many share the work."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture
def randomise() -> Callable[[nn.Module], nn.Module]:
    """Gives every parameter of a module, biases too, a random float64 value: at zero a bias hides its mistakes."""

    def fill(module: nn.Module) -> nn.Module:
        for parameter in module.double().parameters():
            nn.init.normal_(parameter, std=0.5)
        return module

    return fill


PIECES = "[PAD] [UNK] [CLS] [SEP] a the film love ##ly un ##love n ' t ( ) . is not very good bad"
SIZES = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 12}


@pytest.fixture(scope="session")
def tokenizer():
    """A tokenizer of few pieces for a small BERT."""
    transformers = pytest.importorskip("transformers")
    return transformers.BertTokenizer(vocab={piece: number for number, piece in enumerate(PIECES.split())})


@pytest.fixture
def pieces(tokenizer):
    from latent_rationale.common.data.word_pieces import WordPieces

    return WordPieces(tokenizer, 20)


@pytest.fixture
def make_transformer(pieces):
    """A classifier of a kind of three classes with random weights, in float64 and without dropout."""
    import transformers

    from latent_rationale.explain.models.transformer_network import SequenceClassifier

    def make(kind="Bert", **changes):
        torch.manual_seed(1)
        sizes = {**SIZES, "vocab_size": len(pieces.words), "max_position_embeddings": 24, "num_labels": 3, **changes}
        config = getattr(transformers, f"{kind}Config")(pad_token_id=pieces.padding_id, **sizes)
        network = getattr(transformers, f"{kind}ForSequenceClassification")(config)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(0.4 * torch.randn(parameter.shape))
        return SequenceClassifier(network, pieces).double().eval()

    return make


@pytest.fixture(scope="session")
def pretrained(tokenizer, tmp_path_factory):
    """A folder with an encoder that has no head, as encoders are published."""
    folder = tmp_path_factory.mktemp("encoder")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **SIZES)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
