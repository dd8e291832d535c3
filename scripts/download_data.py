"""Put the data sets under ``data/``: from their official places, or as links to a local copy.

``python scripts/download_data.py sst`` fetches one set into ``data/sst/``, ``all`` fetches every set. GloVe's vectors
are a set too and become ``data/glove/glove.840B.300d.txt``. With ``--from DIR`` nothing is fetched: the files of
``DIR/sst/`` are linked into ``data/sst/``, and ``DIR/vectors/*.sst.txt.gz`` into ``data/vectors/``.

A broken download goes on where it stopped. SHA-256 digests are known for the treebank (sst) and the dev set of sst2:
any other file has the digest of its first download recorded beside it, as ``NAME.sha256``, and later downloads are
compared with that.
A file that is there and agrees is not fetched again; one that disagrees is replaced and kept as ``NAME.old``.
"""

import argparse
import filecmp
import shutil
import sys
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from data_sources import BEER_VECTORS, DATASETS, Download, beside, check, expected_digest, sha256
from fetching import copy_with_progress, discard, fetch

from latent_rationale.common.utils.errors import InputError

# What this script itself leaves beside a file on the way to it.
UNFINISHED = {".part", ".version", ".new", ".old"}


def is_in_place(path: Path, known: str | None) -> bool:
    """Whether a file is there and nothing speaks against it."""
    if not path.exists():
        return False
    expected = expected_digest(path, known)
    if expected is None:
        print(f"{path} is there already; no digest is known to check it by (remove it to fetch it)")
        return True
    agrees = sha256(path) == expected
    print(f"{path} is there already" + ("" if agrees else ", but its SHA-256 is wrong: it is fetched again"))
    return agrees


def unpack(archive: Path, source: Download, names: Iterable[str]) -> dict[str, Path]:
    """Take the named files out of a zip archive, beside it as ``NAME.new``: no member can land elsewhere."""
    members = {PurePosixPath(member).name: member for member in source.members}
    fresh = {name: archive.with_name(name + ".new") for name in names}
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, path in fresh.items():
                with opened.open(members[name]) as content:
                    copy_with_progress(content, path, opened.getinfo(members[name]).file_size)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise InputError(f"is no usable archive: {error.args[0]}", source.url) from error
    return fresh


def install(fresh: Path, target: Path, known: str | None) -> None:
    """Give a checked file its place, keep what was there, and record the digest if none was known."""
    if expected_digest(target, known) is None:
        record = beside(target, ".sha256")
        record.write_text(f"{sha256(fresh)}  {target.name}\n", encoding="utf-8")
        print(f"{target}: no digest is known, so that of this first download is recorded in {record.name}")
    if target.exists():
        target.replace(beside(target, ".old"))
    fresh.replace(target)
    print(f"{target} is ready")


def download(source: Download, folder: Path) -> None:
    """Bring what ``folder`` lacks of the files of one download.

    Raises:
        InputError: it cannot be fetched, or is not what it should be; ``folder`` then holds the files it held before.
    """
    lacking = {name: known for name, known in source.digests.items() if not is_in_place(folder / name, known)}
    if not lacking:
        return
    part = folder / f"{source.name}.part"
    fetch(source.url, part)
    try:
        fresh = unpack(part, source, lacking) if source.members else {source.name: part}
        for name, known in lacking.items():
            check(fresh[name], expected_digest(folder / name, known), f"{source.url}: {name}")
        for name, known in lacking.items():
            install(fresh[name], folder / name, known)
    except InputError:
        discard(part)
        raise
    finally:
        for name in lacking:
            (folder / f"{name}.new").unlink(missing_ok=True)
    discard(part)


def link(source: Path, target: Path) -> None:
    """Make ``target`` a link to ``source``, or a copy where the file system has no links."""
    if target.exists() and not target.is_symlink():
        if not filecmp.cmp(source, target, shallow=False):
            raise InputError(f"is there already and differs from {source}; move it away first", target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    new = beside(target, ".new")
    new.unlink(missing_ok=True)
    try:
        new.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, new)
    new.replace(target)
    print(f"{target} -> {source.resolve()}")


def missing_files(digests: Mapping[str, str | None], names: set[str]) -> list[str]:
    """The files of a set that are not among ``names``; where no digest is to be met, the gzipped file will do."""
    return [name for name, known in digests.items() if name not in names and (known or f"{name}.gz" not in names)]


def link_set(name: str, downloads: Sequence[Download], copy: Path, data: Path, partial: bool) -> None:
    """Link the files of ``copy/NAME/``, and the word vectors made for that set, into ``data``.

    Raises:
        InputError: a file of the set is missing (unless ``partial``), is not the official one, or another is in its
            place.
    """
    digests = {file: known for source in downloads for file, known in source.digests.items()}
    files = [path for path in sorted((copy / name).glob("*")) if path.is_file() and path.suffix not in UNFINISHED]
    vectors = sorted((copy / "vectors").glob(f"*.{name}.txt.gz"))
    missing = missing_files(digests, {path.name for path in files})
    if vectors and BEER_VECTORS in missing:
        missing.remove(BEER_VECTORS)
        print(f"{copy / name}: {BEER_VECTORS} is missing; {vectors[0].name} stands in for it")
    if missing and not partial:
        raise InputError(f"missing: {', '.join(missing)}", copy / name)
    if missing:
        print(f"{copy / name}: going on without {', '.join(missing)}")
    for path in files:
        check(path, digests.get(path.name), path)
    for path in files + vectors:
        link(path, data / path.parent.name / path.name)


def server(text: str) -> str:
    """An option's value that is the http(s) address of a server."""
    if urlsplit(text).scheme not in ("http", "https"):
        raise argparse.ArgumentTypeError(f"{text} is no http(s) address")
    return text.rstrip("/")


def read_options(arguments: Sequence[str] | None, names: Collection[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("set", choices=[*names, "all"], help="which data set")
    parser.add_argument("--to", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--from", type=Path, dest="copy", metavar="DIR", help="link a local copy instead of fetching")
    place.add_argument("--mirror", type=server, metavar="URL", help="a server to use in place of the official ones")
    options = parser.parse_args(arguments)
    if options.copy and not any((options.copy / name).is_dir() for name in names):
        parser.error(f"--from {options.copy}: there is no folder {' or '.join(names)} in it")
    return options


def bring(name: str, downloads: Sequence[Download], options: argparse.Namespace) -> None:
    """Link or fetch one set, as the options say."""
    if options.copy:
        link_set(name, downloads, options.copy, options.to, partial=options.set == "all")
        return
    for source in downloads:
        url = options.mirror + urlsplit(source.url).path if options.mirror else source.url
        download(replace(source, url=url), options.to / name)


def main(arguments: Sequence[str] | None = None, datasets: Mapping[str, Sequence[Download]] = DATASETS) -> int:
    """Run the command; a set that fails does not stop the others.

    Returns:
        The exit code: 2 if a set failed, 130 if interrupted, else 0.
    """
    options = read_options(arguments, datasets)
    failed = False
    for name in datasets if options.set == "all" else [options.set]:
        try:
            bring(name, datasets[name], options)
        except (InputError, OSError) as error:
            print(error, file=sys.stderr)
            failed = True
        except KeyboardInterrupt:
            print("interrupted; the same command goes on from there", file=sys.stderr)
            return 130
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
