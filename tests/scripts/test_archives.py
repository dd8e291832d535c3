"""Zip archives with missing, encrypted, unknown or damaged members."""

import struct
import warnings
import zipfile
from random import Random

import pytest
from data_sources import Download
from download_data import main
from local_server import listing, zipped

MEMBERS = {"data/rows.txt": b"a row\n" * 500, "data/other.txt": b"not wanted"}
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


@pytest.fixture
def refuse(place, tmp_path, capsys):
    """Function that downloads an archive, checks that it is refused in one sentence, and returns this sentence."""

    def run(archive: bytes, **options) -> str:
        place.files["/data.zip"] = archive
        sets = {"set": [Download(f"{place.url}/data.zip", {"data/rows.txt": None}, **options)]}
        assert main(["set", "--to", str(tmp_path)], sets) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert error.startswith(f"{place.url}/data.zip: not a usable zip archive")
        assert listing(tmp_path) == {}, "something is left"
        return error

    return run


def with_field(archive: bytes, offset: int, value: int) -> bytes:
    """Return an archive in which a field of two bytes of every member is set; ``offset`` is that in local headers."""
    changed = bytearray(archive)
    for magic, shift in ((LOCAL, 0), (CENTRAL, 2)):
        start = archive.find(magic)
        while start >= 0:
            struct.pack_into("<H", changed, start + offset + shift, value)
            start = archive.find(magic, start + 1)
    return bytes(changed)


def test_the_archive_of_these_tests_is_usable(place, tmp_path):
    place.files["/data.zip"] = zipped(MEMBERS)
    sets = {"set": [Download(f"{place.url}/data.zip", {"data/rows.txt": None})]}
    assert main(["set", "--to", str(tmp_path)], sets) == 0
    assert (tmp_path / "set/rows.txt").read_bytes() == MEMBERS["data/rows.txt"]


@pytest.mark.parametrize("name", ["rows.txt", "data/Rows.txt", "data\\rows.txt", "/data/rows.txt", "data/rows.txt/"])
def test_a_member_of_another_name_is_none(refuse, name):
    assert "data/rows.txt is missing" in refuse(zipped({name: b"a row\n"}))


def test_a_member_that_occurs_twice_is_refused(refuse, tmp_path):
    path = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(path, "w") as opened, warnings.catch_warnings(action="ignore"):
        for content in (b"one", b"two"):
            opened.writestr("data/rows.txt", content)
    assert "data/rows.txt occurs 2 times" in refuse(path.read_bytes())


def test_an_encrypted_member_is_refused(refuse):
    assert "data/rows.txt is encrypted" in refuse(with_field(zipped(MEMBERS), 6, 0x1))


@pytest.mark.parametrize("method", [1, 9, 97, 99])
def test_an_unknown_compression_is_refused(refuse, method):
    assert "compression" in refuse(with_field(zipped(MEMBERS), 8, method))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_wrong_compression_is_refused(refuse, method):
    refuse(with_field(zipped(MEMBERS), 8, method))


def test_damaged_content_of_another_compression_is_refused(refuse, tmp_path):
    path = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as opened:
        opened.writestr("data/rows.txt", Random(1).randbytes(1000))
    archive = bytearray(path.read_bytes())
    archive[100:900] = b"\xff" * 800
    refuse(bytes(archive))


@pytest.mark.parametrize("offset", [10**6, 2**62, 2**63 + 5, 2**64 - 1, None])
def test_an_impossible_position_is_refused(refuse, tmp_path, offset):
    """Position of a member in 64 bits, in an extra field; None is one at the end of the archive, in 32 bits."""
    path = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(path, "w") as opened:
        member = zipfile.ZipInfo("data/rows.txt")
        member.extra = b"" if offset is None else struct.pack("<HHQ", 1, 8, offset)
        opened.writestr(member, b"a row\n")
    archive = bytearray(path.read_bytes())
    position = len(archive) - 10 if offset is None else 2**32 - 1
    struct.pack_into("<L", archive, archive.find(CENTRAL) + 42, position)
    refuse(bytes(archive))


@pytest.mark.parametrize("flags", [0x20, 0x40])
def test_unknown_kinds_of_members_are_refused(refuse, flags):
    refuse(with_field(zipped(MEMBERS), 6, flags))


def test_a_large_member_is_refused(refuse):
    archive = zipped({"data/rows.txt": bytes(10**6)})
    assert "data/rows.txt is larger than 10,000 bytes" in refuse(archive, largest=10_000)


def test_a_member_larger_than_stated_is_refused(refuse):
    archive = bytearray(zipped({"data/rows.txt": bytes(10**6)}))
    struct.pack_into("<L", archive, archive.find(CENTRAL) + 24, 100)
    refuse(bytes(archive), largest=10_000)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_half_an_archive_is_refused(refuse, share):
    archive = zipped(MEMBERS)
    refuse(archive[: int(len(archive) * share)])


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_archive_is_refused_or_its_member_is_right(place, tmp_path, capsys, seed):
    """Three random bytes; damage outside the member and its headers does no harm."""
    random, archive = Random(seed), bytearray(zipped(MEMBERS))
    for _ in range(3):
        archive[random.randrange(len(archive))] = random.randrange(256)
    place.files["/data.zip"] = bytes(archive)
    code = main(["set", "--to", str(tmp_path)], {"set": [Download(f"{place.url}/data.zip", {"data/rows.txt": None})]})
    if code == 0:
        assert (tmp_path / "set/rows.txt").read_bytes() == MEMBERS["data/rows.txt"]
    else:
        assert (code, listing(tmp_path)) == (2, {})
        assert capsys.readouterr().err.count("\n") == 1
