"""Durable writing and locks."""

import os
import subprocess
import sys
import time

import pytest
import torch

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import LOCK, locked, replacing, writable_folder, write_atomically


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_link_is_replaced_and_not_followed(tmp_path):
    """Somebody else's folder must not decide what is written elsewhere."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/results.json").symlink_to(tmp_path / "mine")
    write_atomically(tmp_path / "run/results.json", "new")
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "run/results.json").read_text() == "new"


def test_a_temporary_file_is_new(tmp_path, monkeypatch):
    """A name that is taken, as by a link, is an error and never written through."""
    (tmp_path / "mine").write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)
    (tmp_path / f".results.json.{'0' * 16}.tmp").symlink_to(tmp_path / "mine")
    with pytest.raises(InputError, match=r"results.json: cannot be written \(File exists\)"):
        write_atomically(tmp_path / "results.json", "new")
    assert (tmp_path / "mine").read_text() == "mine"


def test_permissions_are_those_of_other_new_files(tmp_path):
    write_atomically(tmp_path / "atomic", "text")
    (tmp_path / "plain").write_text("text")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    "save", [lambda file: file.write(b"x" * 10**6), lambda file: torch.save(torch.ones(10**6), file)]
)
def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path, save):
    resource = pytest.importorskip("resource", reason="no limits on this system")
    (tmp_path / "last.pt").write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, before[1]))
    try:
        with pytest.raises(InputError, match=r"last.pt: cannot be written"), replacing(tmp_path / "last.pt") as file:
            save(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names_in(tmp_path) == ["last.pt"]
    assert (tmp_path / "last.pt").read_bytes() == b"old"


def test_file_and_folder_are_synced_before_the_function_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.path.realpath(f"/proc/self/fd/{descriptor}")))
    write_atomically(tmp_path / "a", "text")
    assert [os.path.basename(path).split(".")[1] if ".tmp" in path else path for path in synced] == ["a", str(tmp_path)]


HOLD = """
import sys, time
from pathlib import Path
from latent_rationale.common.utils.writing import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of a folder."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_folder_in_use_is_refused_with_the_process(tmp_path, holder):
    with pytest.raises(InputError, match=f"in use by process {holder.pid} on "), locked(tmp_path):
        pass


def test_the_lock_of_a_killed_process_counts_no_longer(tmp_path, holder):
    (tmp_path / f".last.pt.{'a' * 16}.tmp").write_text("half")
    (tmp_path / ".mine.tmp").write_text("of the user")
    holder.kill()
    holder.wait()
    assert LOCK in names_in(tmp_path)
    deadline = time.monotonic() + 10
    with locked(tmp_path):
        assert time.monotonic() < deadline
    assert names_in(tmp_path) == [".mine.tmp"]


def test_a_lock_without_an_owner_counts_no_longer(tmp_path):
    """As a kill leaves it right after its creation."""
    (tmp_path / LOCK).touch()
    with locked(tmp_path):
        assert (tmp_path / LOCK).stat().st_size > 0
    assert names_in(tmp_path) == []


def test_a_lock_is_removed_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    assert names_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        writable_folder(tmp_path / "file/folder")
