"""Durable writes, also as Windows and full disks require."""

import errno
import os
from pathlib import Path

import durable
import pytest

from latent_rationale.common.utils.errors import InputError


def test_all_files_are_complete_and_no_other_is_left(tmp_path):
    files = {tmp_path / "a/one": b"1" * 100_000, tmp_path / "two": b""}
    durable.write_files(files)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_content_is_synced_before_the_rename_and_the_folder_after_it(tmp_path, monkeypatch):
    events, replace = [], Path.replace
    monkeypatch.setattr(durable, "sync", lambda path: events.append(f"sync {path.name}"))
    monkeypatch.setattr(Path, "replace", lambda path, target: (events.append("rename"), replace(path, target)))
    durable.write_files({tmp_path / "file": b"content"})
    assert events == ["sync file.tmp", "rename", f"sync {tmp_path.name}"]


def test_no_file_is_replaced_if_another_cannot_be_written(tmp_path):
    (tmp_path / "one").write_bytes(b"old")
    (tmp_path / "no folder").write_bytes(b"")
    with pytest.raises(InputError, match=r"two: cannot be written \(.+\)$"):
        durable.write_files({tmp_path / "one": b"new", tmp_path / "no folder" / "two": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"old", "no folder": b""}


def test_a_write_in_pieces_is_completed(tmp_path):
    class Pieces(durable.FileIO):
        def write(self, content) -> int:
            return super().write(bytes(content)[:7])

    with Pieces(tmp_path / "file", "x") as file:
        durable.write(file, b"0123456789" * 5)
    assert (tmp_path / "file").read_bytes() == b"0123456789" * 5


def test_free_names_are_counted(tmp_path):
    path, found = tmp_path / "file", []
    for _ in range(3):
        found.append(durable.free_name(path, ".old"))
        found[-1].symlink_to("nowhere")
    assert [name.name for name in found] == ["file.old", "file.2.old", "file.3.old"]


def test_windows_syncs_writable_files_and_no_folders(tmp_path, monkeypatch):
    """Windows refuses to flush a file that is open for reading, and to open a folder."""
    fcntl = pytest.importorskip("fcntl")

    def fsync(descriptor: int) -> None:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(durable, "FOLDERS_CAN_BE_OPENED", False)
    durable.write_files({tmp_path / "file": b"content"})
    assert (tmp_path / "file").read_bytes() == b"content"
