"""The command that makes word vectors: files, determinism, bad input."""

import gzip
import random

import numpy as np
import pytest

from latent_rationale.common.data.word_vectors import read_vectors
from latent_rationale.vectors import command
from latent_rationale.vectors.__main__ import main

SMALL = ["--size", "4", "--min-count", "2"]


@pytest.fixture
def texts(tmp_path):
    """File of 200 made-up tokenized texts."""
    draw = random.Random(1)
    words = ["beer", "head", "pours", "thin", "malt", "sweet", "-LRB-", "-RRB-", "hops", "dry"]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(" ".join(draw.choices(words, k=draw.randrange(1, 9))) for _ in range(200)))
    return path


@pytest.fixture
def make(tmp_path, capsys):
    """Function that runs the command and returns its vectors, or with a name of a file also writes there."""

    def call(*arguments, to="vectors.txt"):
        path = tmp_path / to
        assert main([*map(str, arguments), "--output", str(path)]) == 0, capsys.readouterr().err
        return read_vectors(path, [])

    return call


def refused(capsys, *arguments):
    """The error message of the command."""
    assert main(list(map(str, arguments))) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said.removeprefix("error: ").rstrip("\n")


def test_vectors_are_read_as_they_were_computed(texts, make, monkeypatch):
    written = []
    write = command.write_vectors
    monkeypatch.setattr(command, "write_vectors", lambda path, table: (written.append(table), write(path, table)))
    found = make("--input", texts, "--tokenized", *SMALL)
    assert found.words == written[0].words
    assert {"(", ")", "beer"} <= set(found.words)
    assert found.matrix.shape == (10, 4)
    np.testing.assert_allclose(found.matrix, written[0].matrix, atol=5.1e-5)


def test_the_bytes_depend_on_texts_and_seed_only(texts, make, tmp_path):
    # The SVD is exact, whatever the seed, if there are few more words than dimensions.
    draw = random.Random(1)
    texts.write_text("\n".join(f"w{draw.randrange(60)} w{draw.randrange(60)}" for _ in range(2000)))
    for name, seed in (("a.gz", 1), ("b.gz", 1), ("c.gz", 2)):
        make("--input", texts, "--tokenized", *SMALL, "--seed", seed, to=name)
    first, second, other = ((tmp_path / name).read_bytes() for name in ("a.gz", "b.gz", "c.gz"))
    assert first == second != other
    assert first[4:8] == bytes(4), "the time stamp in gzip's header"


def test_several_files_plain_and_zipped_are_one_corpus(texts, make, tmp_path):
    lines = texts.read_text().splitlines()
    (tmp_path / "one.txt").write_text("\n".join(lines[:50]) + "\n\n")
    (tmp_path / "two.txt.gz").write_bytes(gzip.compress("\r\n".join(lines[50:]).encode()))
    whole = make("--input", texts, "--tokenized", *SMALL)
    parts = make("--input", tmp_path / "one.txt", tmp_path / "two.txt.gz", "--tokenized", *SMALL, to="parts.txt")
    assert parts.words == whole.words
    np.testing.assert_array_equal(parts.matrix, whole.matrix)


def test_raw_text_is_tokenized(make, tmp_path):
    (tmp_path / "raw.txt").write_text("A gripping film. I don't know.\n" * 3 + "A dull film (sadly).\n" * 3)
    found = make("--input", tmp_path / "raw.txt", "--size", "2", "--min-count", "3")
    assert {"film", ".", "do", "n't", "("} <= set(found.words)


def test_columns_are_texts_of_their_own(make, texts, tmp_path):
    lines = texts.read_text().splitlines()
    (tmp_path / "table.tsv").write_text("".join(f"0.8 0.9\t{line}\tlast word\n" for line in lines))
    whole = make("--input", texts, "--tokenized", *SMALL)
    column = make("--input", tmp_path / "table.tsv", "--column", "2", "--tokenized", *SMALL, to="column.txt")
    np.testing.assert_array_equal(column.matrix, whole.matrix)
    three = make("--input", tmp_path / "table.tsv", "--tokenized", *SMALL, to="all.txt")
    assert {"0.8", "last", "word"} <= set(three.words)
    seen = list(
        command.read_texts(command.VectorsOptions(input=(tmp_path / "table.tsv",), output=texts, column=(3, 1)))
    )
    assert seen[:2] == [["last", "word"], ["0.8", "0.9"]]


def test_words_without_context_have_no_vector(make, texts):
    texts.write_text(texts.read_text() + "\nalone\nalone")
    assert "alone" not in make("--input", texts, "--tokenized", *SMALL).words


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", [], "FILE: holds no texts"),
        (" \n\n", [], "FILE: holds no texts"),
        (
            "beer beer beer\n",
            ["--min-count", "2"],
            "--size 200: 1 of 1 different words occur at least 2 times; choose a lower --size or --min-count",
        ),
        ("beer beer\n", ["--size", "1", "--min-count", "1"], "no two words occur together more often than by chance"),
        ("a b c d\n" * 9, ["--size", "5"], "--size 5: 4 of 4 different words occur at least 5 times"),
        ("a b\n", ["--size", "1"], "--size 1: 0 of 2 different words occur at least 5 times"),
        ("a\tb\na b\n", ["--column", "2"], "FILE:2: --column 2: expected columns with tabs between them, got 1"),
        ("a \udcff\n", [], "FILE:1: not UTF-8 text"),
        ("a b\n", ["--size", "0"], "--size: expected a number in [1, 1e5], got 0"),
    ],
    ids=["empty", "blank", "one word", "no context", "few words", "rare words", "no column", "encoding", "size"],
)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, capsys, content, options, message):
    path = tmp_path / "texts.txt"
    path.write_bytes(content.encode(errors="surrogateescape"))
    said = refused(capsys, "--input", path, "--output", tmp_path / "vectors.txt", *options)
    assert said.startswith(message.replace("FILE", str(path)))
    assert [other.name for other in tmp_path.iterdir()] == ["texts.txt"]


def test_nothing_is_overwritten_unasked(texts, make, tmp_path, capsys):
    output = tmp_path / "mine.txt"
    output.write_text("mine")
    line = ["--input", texts, "--tokenized", *SMALL, "--output", output]
    assert (
        refused(capsys, *line) == f"{output}: exists already; replace it with --overwrite, or choose another --output"
    )
    assert output.read_text() == "mine"
    assert len(make(*line[:-2], "--overwrite", to="mine.txt").words) == 10


def test_texts_are_never_overwritten(texts, tmp_path, capsys):
    before = texts.read_bytes()
    (tmp_path / "link.txt").symlink_to(texts)
    for output in (texts, tmp_path / "link.txt"):
        said = refused(capsys, "--input", texts, "--output", output, "--overwrite")
        assert said == f"{texts}: is one of the texts; choose another --output"
    assert texts.read_bytes() == before


def test_missing_files_are_told_before_the_first_is_read(texts, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "read_filled_lines", lambda *_: pytest.fail("a file was read"))
    output = ["--output", tmp_path / "vectors.txt"]
    assert refused(capsys, "--input", texts, tmp_path / "no.txt", *output) == f"{tmp_path / 'no.txt'}: no such file"
    assert "is a folder" in refused(capsys, "--input", tmp_path, *output)
    assert "is a folder" in refused(capsys, "--input", texts, "--output", tmp_path)


def test_an_interruption_leaves_no_file(texts, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "factorize", stop)
    assert main(["--input", str(texts), "--tokenized", *SMALL, "--output", str(tmp_path / "vectors.txt")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["texts.txt"]
