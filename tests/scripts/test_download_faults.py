"""Downloads with faults: wrong servers, odd partial files, full disks. One sentence each; nothing recorded or lost."""

import errno
import gzip
import io
import os
from pathlib import Path

import fetching
import pytest
from data_sources import Download
from download_data import main
from local_server import listing, sha256

ROWS = "".join(f"{number},some text\n" for number in range(200)).encode()
NAME = "table.csv"
PAGE = b"<!DOCTYPE html>\n<html>log in first</html>"


def answer(body: bytes, status: str = "200 OK", length: int | None = -1, **headers: str) -> bytes:
    """Return an HTTP answer as it stands; ``length`` is stated in place of the true one, or not at all if None."""
    if length is not None:
        headers["Content_Length"] = str(len(body) if length == -1 else length)
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in [*lines, "Connection: close", ""]).encode() + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return answer(body + end, length=None, Transfer_Encoding="chunked")


def span(start: int, end: int, total: int | str = len(ROWS), status: str = "206 Partial Content", **headers) -> bytes:
    """Return a partial answer with the bytes from ``start`` up to ``end``, which is excluded."""
    return answer(ROWS[start:end], status, Content_Range=f"bytes {start}-{end - 1}/{total}", **headers)


def named_cases(names: tuple[str, ...], cases: dict[str, object]) -> pytest.MarkDecorator:
    """Return the decorator of a test with these cases."""
    values = [case if len(names) > 1 else (case,) for case in cases.values()]
    return pytest.mark.parametrize(names, values, ids=list(cases))


@pytest.fixture
def refuse(place, tmp_path, capsys):
    """Function that runs a download, checks that it is refused in one sentence, and returns this sentence."""

    def run(name: str = NAME, **options) -> str:
        sets = {"esnli": [Download(f"{place.url}/{name}", **options)]}
        before = {n: c for n, c in listing(tmp_path).items() if ".part" not in n}
        assert main(["esnli", "--to", str(tmp_path)], sets) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert {n: c for n, c in listing(tmp_path).items() if ".part" not in n} == before, "something was changed"
        return error

    return run


@pytest.fixture
def succeed(place, tmp_path):
    """Function that runs a download and checks that the true file is there, with its digest, and nothing else."""

    def run(name: str = NAME, content: bytes = ROWS) -> None:
        place.files[f"/{name}"] = content
        assert main(["esnli", "--to", str(tmp_path)], {"esnli": [Download(f"{place.url}/{name}")]}) == 0
        record = f"{sha256(content)}  {name}\n".encode()
        assert listing(tmp_path) == {f"esnli/{name}": content, f"esnli/{name}.sha256": record}

    return run


@pytest.fixture
def part(tmp_path):
    """Function that writes a partial file with its version, as an interrupted download leaves them."""

    def write(content: bytes = ROWS[:1000], version: str | None = '"first"') -> Path:
        path = tmp_path / f"esnli/{NAME}.part"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        if version is not None:
            path.with_name(f"{NAME}.part.version").write_text(version, encoding="utf-8")
        return path

    return write


class TestWrongContent:
    @named_cases(
        ("sent", "words"),
        {
            "login page": (answer(PAGE, Content_Type="text/html; charset=utf-8"), "a web page (text/html"),
            "XHTML": (answer(PAGE, Content_Type="application/xhtml+xml"), "a web page (application/xhtml+xml)"),
            "login page of another type": (answer(PAGE, Content_Type="text/csv"), "a web page, such as a login"),
            "page after a byte order mark": (answer(b"\xef\xbb\xbf \n" + PAGE.lower()), "a web page"),
            "table in HTML by its header": (answer(ROWS, Content_Type="Text/HTML"), "a web page (Text/HTML)"),
            "nothing": (answer(b""), "an empty file, not the expected file"),
            "nothing, in chunks": (chunked(), "an empty file, not the expected file"),
            "no content": (answer(b"", "204 No Content"), "download failed: unexpected answer 204 No Content"),
            "a part that was not requested": (span(0, 500), "download failed: unexpected answer 206"),
        },
    )
    def test_is_refused_and_the_true_file_accepted_later(self, place, refuse, succeed, tmp_path, sent, words):
        place.raw = [sent]
        assert f"{place.url}/{NAME}: {words}" in refuse()
        assert listing(tmp_path) == {}
        succeed()

    @pytest.mark.parametrize("sent", [answer(PAGE, Content_Type="text/html"), answer(PAGE), answer(b"")])
    def test_keeps_what_has_arrived_before(self, place, refuse, succeed, part, sent):
        path = part()
        place.raw = [sent]
        refuse()
        assert path.read_bytes() == ROWS[:1000]
        succeed()
        assert place.requests[-1] == (f"/{NAME}", "bytes=1000-")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b'{"error": "log in"}', "not a gzip file"),
            (gzip.compress(ROWS)[:-9], "damaged gzip file"),
            (gzip.compress(ROWS)[:-8] + bytes(8), "damaged gzip file"),
            (gzip.compress(ROWS) + b"more", "damaged gzip file"),
            (gzip.compress(ROWS)[:20] + bytes(50), "damaged gzip file"),
            (gzip.compress(ROWS)[:10] + b"\xff" * 50, "damaged gzip file"),
        ],
    )
    def test_of_a_gzip_file_is_refused(self, place, refuse, succeed, tmp_path, content, words):
        place.files["/rows.gz"] = content
        assert words in refuse("rows.gz")
        assert listing(tmp_path) == {}
        succeed("rows.gz", gzip.compress(ROWS))

    @pytest.mark.parametrize("size", [len(ROWS), None])
    def test_is_refused_when_too_large(self, place, refuse, tmp_path, size):
        place.raw = [answer(ROWS, length=size) if size else chunked(ROWS[:1000], ROWS[1000:])]
        assert refuse(largest=1500).endswith("1,500 bytes\n" if size is None else "expected at most 1,500\n")
        assert listing(tmp_path) == {}

    def test_is_refused_when_too_large_uncompressed(self, place, refuse, tmp_path):
        place.files["/bomb.gz"] = gzip.compress(bytes(10**6))
        assert "bomb.gz: larger than 10,000 bytes when uncompressed" in refuse("bomb.gz", largest=10_000)
        assert listing(tmp_path) == {}


class TestHalfFiles:
    @pytest.mark.parametrize(
        "sent",
        [
            answer(ROWS[:1000], length=len(ROWS), ETag='"first"'),
            chunked(ROWS[:500], ROWS[500:1000], end=b"").replace(b"Connection", b'ETag: "first"\r\nConnection'),
            chunked(ROWS[:1000], end=b"ffff\r\n").replace(b"Connection", b'ETag: "first"\r\nConnection'),
        ],
    )
    def test_are_kept_and_completed(self, place, refuse, succeed, tmp_path, sent):
        place.raw = [sent]
        assert "closed early; run the same command again to continue" in refuse()
        assert (tmp_path / f"esnli/{NAME}.part").read_bytes() == ROWS[:1000]
        succeed()
        assert place.requests[-1] == (f"/{NAME}", "bytes=1000-")

    def test_with_a_size_that_is_not_stated_are_refused(self, place, refuse, succeed, tmp_path):
        place.raw = [answer(ROWS[:1000], length=None)]
        assert "does not state the size" in refuse()
        assert listing(tmp_path) == {}
        succeed()

    def test_of_which_nothing_arrives(self, place, refuse, succeed, part):
        path = part()
        place.raw = [answer(b"", length=len(ROWS))]
        assert "closed early" in refuse()
        assert path.read_bytes() == ROWS[:1000]
        succeed()

    def test_without_a_version_begin_anew(self, place, succeed, part):
        part(b"unknown bytes", version=None)
        succeed()
        assert place.requests == [(f"/{NAME}", None)]


class TestRanges:
    @named_cases(
        ("sent",),
        {
            "other bytes": span(900, len(ROWS)),
            "the beginning": span(0, len(ROWS)),
            "no range": answer(ROWS[1000:], "206 Partial Content"),
            "odd range": answer(ROWS[1000:], "206 Partial Content", Content_Range="lines 1-2/3"),
            "end before start": answer(ROWS[1000:], "206 Partial Content", Content_Range="bytes 1000-900/2000"),
            "end after the total": span(1000, len(ROWS), total=1500),
            "another length": span(1000, len(ROWS), length=100),
            "another version": span(1000, len(ROWS), ETag='"second"'),
            "several parts": answer(b"--x--", "206 Partial Content", Content_Type="multipart/byteranges; boundary=x"),
            "another end": answer(b"", "416 Range Not Satisfiable", Content_Range="bytes */900"),
            "no end": answer(b"", "416 Range Not Satisfiable"),
        },
    )
    def test_that_do_not_fit_are_not_used(self, place, succeed, part, sent):
        part()
        place.raw = [sent]
        succeed()
        assert [asked for _, asked in place.requests] == ["bytes=1000-", None]

    @pytest.mark.parametrize("headers", [{}, {"ETag": '"first"'}, {"Last_Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}])
    @pytest.mark.parametrize("total", [len(ROWS), "*"])
    def test_that_fit_are_used(self, place, succeed, part, total, headers):
        part()
        place.raw = [span(1000, len(ROWS), total, **headers)]
        succeed()
        assert len(place.requests) == 1

    def test_that_fit_in_part_bring_the_file_on(self, place, refuse, succeed, part):
        path = part()
        place.raw = [span(1000, 1500)]
        assert "run the same command again to continue" in refuse()
        assert path.read_bytes() == ROWS[:1500]
        succeed()

    def test_of_a_server_without_ranges_give_the_whole_file(self, place, succeed, part):
        place.knows_ranges = False
        part(b"other bytes")
        succeed()

    def test_a_refused_part_is_kept_while_the_server_fails(self, place, refuse, succeed, part):
        path = part()
        place.raw = [span(0, 1000), answer(b"", "503 Busy")]
        assert "download failed: 503 Busy" in refuse()
        assert path.read_bytes() == ROWS[:1000]
        succeed()


class TestRedirects:
    @pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "file:///etc/hostname", "data:,x", "http://[", "//a..b/"])
    def test_to_other_places_are_refused(self, place, refuse, tmp_path, target):
        place.raw = [answer(b"", "302 Found", Location=target)]
        assert f"{place.url}/{NAME}: download failed: " in refuse()
        assert listing(tmp_path) == {}

    def test_to_servers_of_files_are_not_followed(self, place, refuse):
        place.raw = [answer(b"", "302 Found", Location="ftp://127.0.0.1/x")]
        assert "redirected to ftp://127.0.0.1/x, which is not followed from http to ftp" in refuse()

    def test_in_a_loop_are_one_sentence(self, place, refuse, succeed):
        place.raw = [answer(b"", "302 Found", Location=f"/{NAME}")] * 20
        assert "redirects in a loop; the last answer: Found" in refuse()
        place.raw = []
        succeed()

    def test_without_a_target_are_refused(self, place, refuse):
        place.raw = [answer(b"", "302 Found")]
        assert "download failed: 302 Found" in refuse()

    def test_away_from_an_encrypted_connection_are_refused(self):
        request = fetching.Request("https://127.0.0.1/a")
        with pytest.raises(fetching.HTTPException, match=r"from https to http$"):
            fetching.Redirects().redirect_request(request, io.BytesIO(), 302, "Found", {}, "http://127.0.0.1/a")

    def test_to_a_login_page_are_refused(self, place, refuse, tmp_path):
        place.raw = [answer(b"", "302 Found", Location="/login"), answer(PAGE, Content_Type="text/html")]
        assert "a web page" in refuse()
        assert listing(tmp_path) == {}

    def test_to_the_file_are_followed(self, place, succeed, part):
        part()
        place.raw = [answer(b"", "302 Found", Location=f"/{NAME}")]
        succeed()
        assert [asked for _, asked in place.requests] == ["bytes=1000-", "bytes=1000-"]


class TestPartialFiles:
    @pytest.mark.parametrize("version", ["", "\n", '"first"\r\nX-Header: 1', "ä", "\x00"])
    def test_with_a_damaged_version_begin_anew(self, place, succeed, part, version):
        part(b"unknown bytes", version)
        succeed()
        assert place.requests == [(f"/{NAME}", None)]

    def test_of_the_whole_file_need_no_further_bytes(self, place, succeed, part):
        part(ROWS)
        succeed()
        assert len(place.requests) == 1

    @pytest.mark.parametrize("content", [ROWS + b"too much", ROWS * 2])
    def test_that_are_too_long_begin_anew(self, succeed, part, content):
        part(content)
        succeed()

    def test_of_another_version_begin_anew(self, succeed, part):
        part(b"other bytes", '"zero"')
        succeed()

    @pytest.mark.parametrize("suffix", [".part", ".part.version"])
    def test_that_are_links_leave_their_targets_alone(self, succeed, part, tmp_path_factory, suffix):
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
        elsewhere.write_bytes(b"precious")
        link = part().with_name(NAME + suffix)
        link.unlink()
        link.symlink_to(elsewhere)
        succeed()
        assert elsewhere.read_bytes() == b"precious"

    @pytest.mark.parametrize("suffix", ["", ".part", ".part.version"])
    def test_that_are_folders_are_named(self, place, refuse, tmp_path, suffix):
        folder = tmp_path / f"esnli/{NAME}{suffix}"
        (folder / "mine").mkdir(parents=True)
        assert refuse() == f"{folder}: is not a file; move it away and run the same command again\n"
        assert not place.requests
        assert (folder / "mine").is_dir()

    def test_a_kill_at_the_beginning_does_not_mix_versions(self, place, part, tmp_path, monkeypatch):
        part(ROWS[:1000], '"zero"')
        place.files[f"/{NAME}"] = ROWS[::-1]

        def kill(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(fetching, "copy_with_progress", kill)
        assert main(["esnli", "--to", str(tmp_path)], {"esnli": [Download(f"{place.url}/{NAME}")]}) == 130
        assert listing(tmp_path) == {f"esnli/{NAME}.part.version": b'"first"'}


class TestDigests:
    @pytest.mark.parametrize("record", [b"", b"no digest", b"\xff\xfe", b"0" * 63, b"0" * 65 + b"  table.csv\n"])
    def test_a_damaged_record_is_named(self, place, refuse, tmp_path, record):
        path = tmp_path / f"esnli/{NAME}.sha256"
        path.parent.mkdir()
        path.write_bytes(record)
        place.files[f"/{NAME}"] = ROWS
        assert refuse() == f"{path}: expected a SHA-256 digest; delete this record and run the same command again\n"
        assert not place.requests

    def test_earlier_replaced_files_are_kept(self, place, succeed, tmp_path):
        succeed()
        sets = {"esnli": [Download(f"{place.url}/{NAME}")]}
        for spoilt in (b"spoilt", b"spoilt again"):
            (tmp_path / f"esnli/{NAME}").write_bytes(spoilt)
            assert main(["esnli", "--to", str(tmp_path)], sets) == 0
        old = {name: content for name, content in listing(tmp_path).items() if name.endswith(".old")}
        assert old == {f"esnli/{NAME}.old": b"spoilt", f"esnli/{NAME}.2.old": b"spoilt again"}


class FullDisk(io.FileIO):
    """File on a disk that has room for 1,000 more bytes."""

    room = 1000

    def write(self, block) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(bytes(block)[: self.room])
        self.room -= written
        return written


class TestFullDisk:
    def test_while_downloading_keeps_what_has_arrived(self, place, refuse, succeed, tmp_path, monkeypatch):
        place.files[f"/{NAME}"] = ROWS
        with monkeypatch.context() as patched:
            patched.setattr("durable.FileIO", FullDisk)
            error = refuse()
        assert error == f"{tmp_path / f'esnli/{NAME}.part'}: cannot be written (No space left on device)\n"
        assert (tmp_path / f"esnli/{NAME}.part").read_bytes() == ROWS[:1000]
        succeed()
        assert place.requests[-1] == (f"/{NAME}", "bytes=1000-")

    def test_while_continuing_keeps_what_has_arrived(self, place, refuse, succeed, part, monkeypatch):
        path = part(ROWS[:500])
        place.files[f"/{NAME}"] = ROWS
        with monkeypatch.context() as patched:
            patched.setattr(fetching, "FileIO", FullDisk)
            assert "No space left on device" in refuse()
        assert path.read_bytes() == ROWS[:1500]
        succeed()

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_while_installing_records_and_loses_nothing(self, place, refuse, succeed, tmp_path, monkeypatch, call):
        """A full disk may show only when the content is synced; then a network file system refuses the rename."""
        place.files[f"/{NAME}"] = ROWS
        with monkeypatch.context() as patched:
            patched.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[call], fail)
            assert "cannot be written (No space left on device)" in refuse()
        assert (tmp_path / f"esnli/{NAME}.part").read_bytes() == ROWS
        succeed()

    def test_while_replacing_leaves_the_old_file_in_its_place(self, place, refuse, succeed, tmp_path, monkeypatch):
        succeed()
        (tmp_path / f"esnli/{NAME}").write_bytes(b"spoilt")
        monkeypatch.setattr(os, "fsync", fail)
        assert "No space left on device" in refuse()
        assert (tmp_path / f"esnli/{NAME}").read_bytes() == b"spoilt"


def fail(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_files_and_folders_reach_the_disk(place, succeed, monkeypatch):
    synced = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}").rpartition("/")[2])
        fsync(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("the names of open files are read from /proc")
    monkeypatch.setattr(os, "fsync", record)
    succeed()
    assert f"{NAME}.part" in synced
    assert synced[-1] == "esnli"


def test_ctrl_c_while_options_are_read_is_one_sentence(monkeypatch, capsys):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("download_data.read_options", interrupt)
    assert main(["sst"]) == 130
    assert capsys.readouterr().err == "interrupted; run the same command again to continue\n"
