"""Download script against a local HTTP server."""

import errno
import gzip
import os
import socket
import subprocess
import sys
from pathlib import Path

import fetching
import pytest
from data_sources import BEER_VECTORS, DATASETS, Download
from download_data import main
from local_server import Place, listing, sha256, zipped

CONTENT = gzip.compress(bytes(range(256)) * 40, compresslevel=0, mtime=0)
OTHER = gzip.compress(b"something else", mtime=0)
TREES = {"trees/train.txt": b"(3 good)\n" * 100, "trees/dev.txt": b"(1 bad)\n"}
SPLITS = ("train", "dev", "test")


class TestPlainFile:
    """A set of one plain file without a known digest."""

    @pytest.fixture
    def sets(self, place: Place) -> dict[str, list[Download]]:
        place.files["/reviews.txt.gz"] = CONTENT
        return {"beer": [Download(f"{place.url}/reviews.txt.gz")]}

    def run(self, sets: dict[str, list[Download]], data: Path) -> int:
        return main(["beer", "--to", str(data)], sets)

    def test_is_fetched_and_its_digest_recorded(self, sets, tmp_path, capsys):
        assert self.run(sets, tmp_path) == 0
        record = f"{sha256(CONTENT)}  reviews.txt.gz\n".encode()
        assert listing(tmp_path) == {"beer/reviews.txt.gz": CONTENT, "beer/reviews.txt.gz.sha256": record}
        assert "recorded in reviews.txt.gz.sha256" in capsys.readouterr().out

    def test_is_not_fetched_again(self, sets, place, tmp_path):
        assert [self.run(sets, tmp_path), self.run(sets, tmp_path)] == [0, 0]
        assert len(place.requests) == 1

    def test_another_content_than_recorded_is_refused(self, sets, place, tmp_path, capsys):
        self.run(sets, tmp_path)
        (tmp_path / "beer/reviews.txt.gz").unlink()
        place.files["/reviews.txt.gz"] = OTHER
        assert self.run(sets, tmp_path) == 2
        assert list(listing(tmp_path)) == ["beer/reviews.txt.gz.sha256"]
        error = capsys.readouterr().err
        assert all(
            part in error for part in (place.url, sha256(CONTENT), sha256(OTHER), "delete reviews.txt.gz.sha256")
        )

    def test_a_spoilt_file_is_fetched_again_and_kept(self, sets, tmp_path):
        self.run(sets, tmp_path)
        file = tmp_path / "beer/reviews.txt.gz"
        file.write_bytes(b"spoilt")
        assert self.run(sets, tmp_path) == 0
        assert file.read_bytes() == CONTENT
        assert (tmp_path / "beer/reviews.txt.gz.old").read_bytes() == b"spoilt"

    def test_a_file_of_ones_own_is_left_alone(self, sets, place, tmp_path, capsys):
        (tmp_path / "beer").mkdir()
        (tmp_path / "beer/reviews.txt.gz").write_bytes(b"my own")
        assert self.run(sets, tmp_path) == 0
        assert listing(tmp_path) == {"beer/reviews.txt.gz": b"my own"}
        assert not place.requests
        assert "SHA-256 is unknown" in capsys.readouterr().out

    def test_a_broken_download_goes_on_where_it_stopped(self, sets, place, tmp_path, capsys):
        place.breaks_off_after = 1000
        assert self.run(sets, tmp_path) == 2
        assert "closed early" in capsys.readouterr().err
        assert (tmp_path / "beer/reviews.txt.gz.part").read_bytes() == CONTENT[:1000]
        place.breaks_off_after = None
        assert self.run(sets, tmp_path) == 0
        assert place.requests == [("/reviews.txt.gz", None), ("/reviews.txt.gz", "bytes=1000-")]
        assert sorted(listing(tmp_path)) == ["beer/reviews.txt.gz", "beer/reviews.txt.gz.sha256"]
        assert (tmp_path / "beer/reviews.txt.gz").read_bytes() == CONTENT

    def test_a_broken_download_begins_anew_where_the_server_knows_no_ranges(self, sets, place, tmp_path):
        place.knows_ranges, place.breaks_off_after = False, 1000
        assert self.run(sets, tmp_path) == 2
        place.breaks_off_after = None
        assert self.run(sets, tmp_path) == 0
        assert (tmp_path / "beer/reviews.txt.gz").read_bytes() == CONTENT

    def test_a_broken_download_begins_anew_where_the_file_has_changed(self, sets, place, tmp_path):
        place.breaks_off_after = 1000
        assert self.run(sets, tmp_path) == 2
        changed = gzip.compress(bytes(range(256))[::-1] * 40, compresslevel=0, mtime=0)
        place.files["/reviews.txt.gz"], place.version, place.breaks_off_after = changed, '"second"', None
        assert self.run(sets, tmp_path) == 0
        assert (tmp_path / "beer/reviews.txt.gz").read_bytes() == changed

    @pytest.mark.parametrize(("part", "requests"), [(CONTENT, 1), (CONTENT + b"too much", 2)])
    def test_a_part_that_nothing_is_missing_from(self, sets, place, tmp_path, part, requests):
        (tmp_path / "beer").mkdir()
        (tmp_path / "beer/reviews.txt.gz.part").write_bytes(part)
        (tmp_path / "beer/reviews.txt.gz.part.version").write_text('"first"')
        assert self.run(sets, tmp_path) == 0
        assert (tmp_path / "beer/reviews.txt.gz").read_bytes() == CONTENT
        assert len(place.requests) == requests


class TestArchive:
    """A set of one zip archive whose members have known digests."""

    @pytest.fixture
    def sets(self, place: Place) -> dict[str, list[Download]]:
        place.files["/trees.zip"] = zipped(TREES | {"trees/README": b"not wanted"})
        return {"sst": [Download(f"{place.url}/trees.zip", {n: sha256(c) for n, c in TREES.items()})]}

    def run(self, sets: dict[str, list[Download]], data: Path) -> int:
        return main(["sst", "--to", str(data)], sets)

    def expected(self) -> dict[str, bytes]:
        return {name.replace("trees/", "sst/"): content for name, content in TREES.items()}

    def test_its_members_are_taken_out(self, sets, tmp_path):
        assert self.run(sets, tmp_path) == 0
        assert listing(tmp_path) == self.expected()

    def test_only_what_is_lacking_is_replaced(self, sets, tmp_path):
        self.run(sets, tmp_path)
        (tmp_path / "sst/dev.txt").unlink()
        assert self.run(sets, tmp_path) == 0
        assert listing(tmp_path) == self.expected()

    def test_a_wrong_member_is_refused_and_what_was_there_stays(self, sets, place, tmp_path, capsys):
        (tmp_path / "sst").mkdir()
        (tmp_path / "sst/train.txt").write_bytes(b"older")
        place.files["/trees.zip"] = zipped(TREES | {"trees/dev.txt": b"(4 forged)\n"})
        assert self.run(sets, tmp_path) == 2
        assert listing(tmp_path) == {"sst/train.txt": b"older"}
        error = capsys.readouterr().err
        assert "dev.txt" in error
        assert "delete" not in error, "there is no record"

    @pytest.mark.parametrize("content", [b"<html>log in first</html>", zipped({"other.txt": b""}), b""])
    def test_what_is_no_such_archive_is_refused(self, sets, place, tmp_path, capsys, content):
        place.files["/trees.zip"] = content
        assert self.run(sets, tmp_path) == 2
        assert listing(tmp_path) == {}
        assert "not a usable zip archive" in capsys.readouterr().err

    def test_no_member_lands_outside(self, place, tmp_path):
        evil = {"../../escaped.txt": b"evil", "/absolute.txt": b"evil", **TREES}
        place.files["/trees.zip"] = zipped(evil)
        sets = {"sst": [Download(f"{place.url}/trees.zip", dict.fromkeys(["trees/dev.txt", "../../escaped.txt"]))]}
        data = tmp_path / "deep" / "data"
        assert self.run(sets, data) == 0
        written = {name for name in listing(tmp_path) if not name.endswith(".sha256")}
        assert written == {"deep/data/sst/dev.txt", "deep/data/sst/escaped.txt"}


class TestPlaces:
    """Servers that are unreachable, do not answer, or lack the file."""

    def test_a_dead_place_does_not_stop_the_other_sets(self, place, tmp_path, capsys):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{closed.getsockname()[1]}/annotations.json"
        place.files["/b.txt"] = CONTENT
        sets = {"beer": [Download(dead)], "snli": [Download(f"{place.url}/b.txt")]}
        assert main(["all", "--to", str(tmp_path)], sets) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"{dead}: download failed")
        assert error.count("\n") == 1
        assert sorted(listing(tmp_path)) == ["snli/b.txt", "snli/b.txt.sha256"]
        assert not (tmp_path / "beer").exists()

    def test_a_silent_place_is_given_up(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(fetching, "SECONDS_TO_ANSWER", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/annotations.json"
            assert main(["beer", "--to", str(tmp_path)], {"beer": [Download(url)]}) == 2
        assert capsys.readouterr().err == f"{url}: download failed: timed out\n"

    def test_a_mirror_takes_the_place_of_the_official_servers(self, place, tmp_path, capsys):
        assert main(["all", "--mirror", f"{place.url}/", "--to", str(tmp_path)]) == 2
        assert [path for path, _ in place.requests] == [
            "/sentiment/trainDevTestTrees_PTB.zip",
            "/glue/data/SST-2.zip",
            "/taolei/beer/annotations.json",
            "/projects/snli/snli_1.0.zip",
            "/OanaMariaCamburu/e-SNLI/master/dataset/esnli_dev.csv",
            "/data/glove.840B.300d.zip",
        ]
        assert capsys.readouterr().err.count("Not Found") == len(DATASETS)

    @pytest.mark.parametrize(
        "options", [["all", "--mirror", "nowhere"], ["all", "--mir", "x"], ["cifar"], ["sst", "--from", "missing"]]
    )
    def test_a_wrong_option_is_refused(self, options):
        with pytest.raises(SystemExit, match="2"):
            main(options)


class TestLocalCopy:
    """``--from``: links to files that are at hand."""

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        """Local copy with all files of SNLI, gzipped, and beer reviews with word vectors of another origin."""
        beer = [source.name for source in DATASETS["beer"] if source.name != BEER_VECTORS]
        names = [f"snli/snli_1.0_{split}.jsonl.gz" for split in SPLITS] + [f"beer/{name}" for name in beer]
        for name in [*names, "vectors/other.300d.beer.txt.gz", "vectors/other.300d.sst.txt.gz"]:
            path = tmp_path / "copy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
        return tmp_path / "copy"

    def run(self, name: str, copy: Path) -> int:
        return main([name, "--from", str(copy), "--to", str(copy.parent / "data")])

    def test_gzipped_files_are_linked_under_their_name(self, copy, monkeypatch):
        monkeypatch.chdir(copy.parent)
        assert self.run("snli", Path("copy")) == 0
        links = sorted((copy.parent / "data").rglob("*.gz"))
        assert [link.name for link in links] == [f"snli_1.0_{split}.jsonl.gz" for split in sorted(SPLITS)]
        assert all(link.readlink() == copy / "snli" / link.name for link in links)

    def test_other_vectors_stand_in_for_those_of_beer(self, copy, capsys):
        assert self.run("beer", copy) == 0
        assert f"{BEER_VECTORS} is missing; other.300d.beer.txt.gz is used instead" in capsys.readouterr().out
        data = copy.parent / "data"
        assert (data / "beer/annotations.json").is_symlink()
        assert [path.name for path in (data / "vectors").iterdir()] == ["other.300d.beer.txt.gz"]

    def test_beer_without_any_vectors_is_not_whole(self, copy, capsys):
        (copy / "vectors/other.300d.beer.txt.gz").unlink()
        assert self.run("beer", copy) == 2
        assert capsys.readouterr().err == f"{copy / 'beer'}: missing files: {BEER_VECTORS}\n"
        assert not (copy.parent / "data").exists()

    @pytest.mark.parametrize("name", ["sst", "glove"])
    def test_a_missing_set_is_an_error(self, copy, name):
        assert self.run(name, copy) == 2

    def test_all_takes_what_is_there(self, copy, capsys):
        assert self.run("all", copy) == 0
        assert "glove: continuing without glove.840B.300d.txt" in capsys.readouterr().out
        assert {path.name for path in (copy.parent / "data").iterdir()} == {"snli", "beer", "vectors"}

    def test_the_treebank_must_be_the_official_one(self, copy, capsys):
        (copy / "sst").mkdir()
        for split in SPLITS:
            (copy / f"sst/{split}.txt").write_text("(2 forged)\n")
        assert self.run("sst", copy) == 2
        assert "SHA-256" in capsys.readouterr().err
        assert not (copy.parent / "data").exists()

    def test_linking_twice_is_the_same_as_once(self, copy):
        assert [self.run("snli", copy), self.run("snli", copy)] == [0, 0]
        assert all(path.is_symlink() for path in (copy.parent / "data/snli").iterdir())

    def test_another_file_in_the_place_is_kept(self, copy, capsys):
        mine = copy.parent / "data/snli/snli_1.0_dev.jsonl.gz"
        mine.parent.mkdir(parents=True)
        mine.write_bytes(b"mine")
        assert self.run("snli", copy) == 2
        assert mine.read_bytes() == b"mine"
        assert capsys.readouterr().err.startswith(f"{mine}: ")

    def test_an_unfinished_download_is_not_linked(self, copy):
        (copy / "snli/snli_1.0.zip.part").write_bytes(b"half")
        assert self.run("snli", copy) == 0
        assert not (copy.parent / "data/snli/snli_1.0.zip.part").exists()

    def test_files_are_copied_where_there_are_no_links(self, copy, monkeypatch):
        def refuse(self: Path, target: Path) -> None:
            raise OSError("no links here")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        assert [self.run("snli", copy), self.run("snli", copy)] == [0, 0]
        assert listing(copy.parent / "data/snli") == listing(copy / "snli")
        assert not any(path.is_symlink() for path in (copy.parent / "data/snli").iterdir())

    def test_a_full_disk_while_copying_leaves_nothing(self, copy, monkeypatch, capsys):
        def fail(source: Path, target: Path) -> None:
            Path(target).write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "symlink_to", fail)
        monkeypatch.setattr("shutil.copyfile", fail)
        assert self.run("snli", copy) == 2
        path = copy.parent / "data/snli/snli_1.0_dev.jsonl.gz"
        assert capsys.readouterr().err == f"{path}: cannot be written (No space left on device)\n"
        assert list(path.parent.iterdir()) == []

    def test_as_a_user_runs_it(self, copy):
        root = Path(__file__).parents[2]
        command = [sys.executable, "scripts/download_data.py", "glove", "--from", copy, "--to", copy.parent / "data"]
        environment = os.environ | {"PYTHONPATH": str(root)}
        ended = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"{copy / 'glove'}: missing files: glove.840B.300d.txt\n"
