"""Made-up data in the formats of all readers, and small models that were trained on it."""

import csv
import gzip
import io
import json
import random
import shutil
from pathlib import Path

from stress_tests.downloads import write_site
from stress_tests.processes import Command, Limits, run

RELATED = {
    "entailment": [("sleeps", "rests"), ("runs", "moves")],
    "contradiction": [("sleeps", "runs"), ("runs", "rests")],
    "neutral": [("sleeps", "dreams"), ("runs", "trains")],
}
WORDS = {
    0: ["awful", "dreadful"],
    1: ["dull", "clichéd"],
    2: ["a", "film", "the", ",", "café", "8\u00a01/2", "-LRB-"],
    3: ["good", "fine"],
    4: ["superb", "naïve"],
}
LENGTH = ("--batch_size", "8", "--hidden_size", "4", "--print_every", "1")
NO_VECTORS = ("--word_vectors", "none", "--embed_size", "4")
SPLITS = {"train": 24, "dev": 8, "test": 8}

SST = "latent_rationale.sst.train"
TRAIN_SST = Command(
    SST,
    (
        *("--model", "latent", "--selection", "0.5", "--data_path", "sst", "--classes", "2", *LENGTH),
        *("--word_vectors", "vectors.txt", "--eval_every", "3", "--num_iterations", "30"),
    ),
)
TRAIN_SNLI = Command(
    "latent_rationale.snli.train",
    (
        *("--data_path", "snli", "--dist", "hardkuma", "--selection", "0.3", *LENGTH, *NO_VECTORS),
        *("--proj_size", "4", "--eval_every", "3", "--num_iterations", "6"),
    ),
)
TRAIN_BEER = Command(
    "latent_rationale.beer.train",
    (
        *("--train_path", "beer/train.txt.gz", "--dev_path", "beer/dev.txt", "--test_path", "beer/annotations.json"),
        *("--embeddings", "none", "--embed_size", "4", "--aspect", "0", "--model", "rl", *LENGTH),
        *("--num_iterations", "-6"),
    ),
)
TRAIN_LM = Command(
    "latent_rationale.explain.train_lm",
    ("--ckpt", "results/sst", "--embed_size", "4", "--eval_every", "3", "--num_iterations", "6", *LENGTH),
)
EXPLAIN = Command(
    "latent_rationale.explain.__main__",
    ("--ckpt", "results/sst", "--lm", "results/lm", "--sample_n", "2", "--agg", "--overwrite"),
)
EVALUATE = Command(
    "latent_rationale.explain.evaluate",
    ("--ckpt", "results/sst", "--method", "occlusion", "--resamples", "5", "--stop", "4", "--overwrite"),
)
VISUALIZE = Command(
    "latent_rationale.explain.visualize", ("--input", "results/sst/soc/explanations.jsonl", "--stop", "1")
)
TRAINED = (
    TRAIN_SST.with_arguments("--save_path", "results/sst"),
    TRAIN_SNLI.with_arguments("--save_path", "results/snli"),
    TRAIN_LM.with_arguments("--save_path", "results/lm"),
    EXPLAIN,
    EVALUATE,
)


def make_material(folder: Path) -> None:
    """Write the data and train the models: the good folder that every case begins with a copy of.

    Raises:
        RuntimeError: if a command does not work on good data.
    """
    write_data(folder)
    write_site(folder)
    for command in TRAINED:
        must_work(command, folder)


def must_work(command: Command, folder: Path) -> float:
    """Run a command on good data and return its duration in seconds.

    Raises:
        RuntimeError: if it fails.
    """
    ended = run(command, folder, Limits())
    if ended.code != 0:
        raise RuntimeError(f"fails on good data: {' '.join(command.words)}\n{ended.stderr}")
    return ended.seconds


def copy_of(good: Path, folder: Path) -> Path:
    """Copy the good folder to a new place and return that."""
    shutil.copytree(good, folder, symlinks=True)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_data(folder: Path) -> None:
    """Write small data sets in the formats of all readers."""
    rng = random.Random(1)
    for name, size in SPLITS.items():
        _write(folder / f"sst/{name}.txt", [_tree(rng) for _ in range(size)])
        _write(folder / f"snli/snli_1.0_{name}.jsonl", [json.dumps(_pair(rng)) for _ in range(size)])
    for name in ("train", "dev"):
        rows = [f"{_text(rng)}\t{rng.randrange(2)}" for _ in range(SPLITS[name])]
        _write(folder / f"glue/{name}.tsv", ["sentence\tlabel", *rows])
    reviews = ["\n".join(_plain_review(rng) for _ in range(size)) + "\n" for size in (24, 8)]
    _write(folder / "beer/dev.txt", [reviews[1].strip()])
    (folder / "beer/train.txt.gz").write_bytes(gzip.compress(reviews[0].encode(), mtime=0))
    _write(folder / "beer/annotations.json", [json.dumps(_annotated_review(rng)) for _ in range(8)])
    _write(folder / "esnli/esnli_dev.csv", [_highlighted_pairs(rng).strip()])
    words = sorted({word for group in WORDS.values() for word in group})
    _write(folder / "vectors.txt", [" ".join([w, *(f"{rng.gauss(0, 1):.4f}" for _ in range(4))]) for w in words[:-1]])
    _write(folder / "texts.txt", [_text(rng) for _ in range(5)])
    _write(folder / "pairs.txt", [f"{row['sentence1']}\t{row['sentence2']}" for row in map(_pair, [rng] * 5)])


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _tree(rng: random.Random) -> str:
    label = rng.choice([0, 1, 3, 4])
    labels = [2] * rng.randint(2, 6) + [label]
    rng.shuffle(labels)
    return f"({label} " + " ".join(f"({x} {rng.choice(WORDS[x])})" for x in labels) + ")"


def _text(rng: random.Random) -> str:
    return " ".join(rng.choice(WORDS[2] + WORDS[rng.randrange(5)]) for _ in range(rng.randint(3, 8)))


def _pair(rng: random.Random) -> dict[str, str]:
    label = rng.choice(list(RELATED))
    who = rng.choice(["man", "woman", "dog"])
    premise, hypothesis = rng.choice(RELATED[label])
    return {"gold_label": label, "sentence1": f"A {who} {premise} outside .", "sentence2": f"The {who} {hypothesis} ."}


def _highlighted_pairs(rng: random.Random) -> str:
    file = io.StringIO()
    highlights = [f"Sentence{side}_Highlighted_1" for side in (1, 2)]
    writer = csv.DictWriter(file, ["gold_label", "Sentence1", "Sentence2", *highlights], lineterminator="\n")
    writer.writeheader()
    for row in (_pair(rng) for _ in range(8)):
        texts = {"Sentence1": row["sentence1"], "Sentence2": row["sentence2"]}
        writer.writerow({"gold_label": row["gold_label"], **texts, highlights[0]: "1,2", highlights[1]: "{}"})
    return file.getvalue()


def _review(rng: random.Random) -> tuple[list[str], list[float], list[list[list[int]]]]:
    tokens: list[str] = []
    scores, spans = [], []
    for start in ("pours", "smells", "feels", "tastes", "is"):
        level = rng.randrange(5)
        spans.append([[len(tokens), len(tokens) + 3]])
        tokens += [start, rng.choice(WORDS[level]), "."]
        scores.append(level / 4)
    return [token.replace("\u00a0", "") for token in tokens], scores, spans


def _plain_review(rng: random.Random) -> str:
    tokens, scores, _ = _review(rng)
    return " ".join(f"{score:.2f}" for score in scores) + "\t" + " ".join(tokens)


def _annotated_review(rng: random.Random) -> dict[str, object]:
    tokens, scores, spans = _review(rng)
    return {"x": tokens, "y": scores} | {str(aspect): found for aspect, found in enumerate(spans)}
