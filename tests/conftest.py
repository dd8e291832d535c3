"""Data for the tests: a few real sentences where the treebank is at hand, made-up ones elsewhere."""

import gzip
import os
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

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


@pytest.fixture(autouse=True)
def _fixed_seed():
    torch.manual_seed(0)
