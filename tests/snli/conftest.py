"""Small sentences and models for the tests of pairs."""

import gzip
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
import torch

from latent_rationale.common.files import plain_or_zipped, read_lines
from latent_rationale.common.structures import Batch, Tokens

VOCABULARY, CLASSES = 20, 3


@pytest.fixture
def make_pairs() -> Callable[..., Batch]:
    """From lengths of premises and hypotheses (and widths, if there is to be more padding) to pairs of random ids."""

    def tokens(lengths: Sequence[int], width: int | None) -> Tokens:
        mask = torch.arange(width or max(lengths)) < torch.tensor(lengths).unsqueeze(1)
        return Tokens(torch.where(mask, torch.randint(1, VOCABULARY, mask.shape), 0), mask, torch.tensor(lengths))

    def make(premises: Sequence[int], hypotheses: Sequence[int], widths: tuple[int | None, int | None] = (None, None)):
        inputs = tokens(premises, widths[0]), tokens(hypotheses, widths[1])
        return Batch(inputs, torch.randint(CLASSES, (len(premises),)), range(len(premises)))

    return make


@dataclass(frozen=True)
class SmallSNLI:
    folder: Path
    vectors: Path

    @property
    def arguments(self) -> list[str]:
        return ["--data_path", str(self.folder), "--word_vectors", str(self.vectors)]


@pytest.fixture(scope="session")
def small_snli(tmp_path_factory) -> SmallSNLI:
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
    return SmallSNLI(folder, vectors)


def _real_pairs() -> list[list[str]] | None:
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


def _made_up_pairs() -> list[list[str]]:
    generator = random.Random(1)
    others = {
        "entailment": [("sleeps", "rests"), ("runs", "moves")],
        "contradiction": [("sleeps", "runs"), ("runs", "rests")],
        "neutral": [("sleeps", "dreams"), ("runs", "trains")],
    }

    def line() -> str:
        label = generator.choice(list(others))
        who = generator.choice(["man", "woman", "dog"])
        premise, hypothesis = generator.choice(others[label])
        sentences = {"sentence1": f"A {who} {premise} outside .", "sentence2": f"The {who} {hypothesis} ."}
        return json.dumps({"gold_label": label, **sentences}) + "\n"

    return [[line() for _ in range(size)] for size in (120, 40, 40)]
