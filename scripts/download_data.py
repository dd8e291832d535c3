"""Download the data sets into ``data/``, or link a local copy of them.

``python scripts/download_data.py sst`` downloads one set into ``data/sst/``, and ``all`` downloads every set. The GloVe
vectors are a set as well and become ``data/glove/glove.840B.300d.txt``. With ``--from DIR`` nothing is downloaded: the
files of ``DIR/sst/`` are linked into ``data/sst/``, and ``DIR/vectors/*.sst.txt.gz`` into ``data/vectors/``.

An interrupted download continues where it stopped. Files are verified by their SHA-256 digests, which are known for the
treebank (sst) and the dev set of sst2. For any other file, the digest of the first download is recorded beside it as
``NAME.sha256`` once its form was checked, and later downloads are compared with it. A file that exists and agrees with
its digest is not downloaded again; one that disagrees is replaced, and kept as ``NAME.old``.
"""

import argparse
import filecmp
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from archives import unpack
from data_sources import BEER_VECTORS, DATASETS, Download
from digests import check, expected_digest, record_digest, sha256
from durable import beside, changing, free_name, move, sync
from fetching import discard, fetch
from file_forms import WrongFileError, check_form

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import locked, writable_folder

# Suffixes of the files that this script leaves beside a data file: partial downloads, their versions and old files.
UNFINISHED = {".part", ".version", ".new", ".old", ".tmp"}


def is_in_place(path: Path, pinned: str | None) -> bool:
    """Return whether a file exists and agrees with its digest, or has no digest; print which of these holds.

    Args:
        path: the file.
        pinned: its known digest, if any.

    Raises:
        InputError: if something else than a file has the name, or the recorded digest is damaged.
    """
    expected = expected_digest(path, pinned)  # first, so that a damaged record is found before anything is downloaded
    if not path.exists():
        return False
    if not path.is_file():
        raise InputError("is not a file; move it away and run the same command again", path)
    if expected is None:
        print(f"{path} exists; its SHA-256 is unknown, so it was not verified (delete it to download it)")
        return True
    agrees = sha256(path) == expected
    print(f"{path} exists" + ("" if agrees else ", but its SHA-256 is wrong; it is downloaded again"))
    return agrees


def verify(new: Path, target: Path, pinned: str | None, source: Download) -> None:
    """Check the form and the digest of a downloaded file.

    Args:
        new: the downloaded file.
        target: its place.
        pinned: its known digest, if any.
        source: the download that it comes from.

    Raises:
        WrongFileError: if it is not the expected file.
    """
    check_form(new, target.name, source.form, source.largest, source.url)
    try:
        check(new, expected_digest(target, pinned), f"{source.url}: {target.name}")
    except WrongFileError as error:
        if pinned:
            raise
        hint = f"if the official file has changed, delete {target.name}.sha256 and run the same command again"
        raise WrongFileError(f"{error}; {hint}") from error


def install(verified: Path, target: Path, pinned: str | None) -> None:
    """Move a verified file to its place, and keep an existing file as ``NAME.old``.

    Args:
        verified: the new file.
        target: its place.
        pinned: its known digest, if any; if neither this nor a recorded digest exists, the digest is recorded.

    Raises:
        InputError: if the disk is full or a file cannot be replaced.
    """
    with changing(target):
        sync(verified)  # a full disk may show only now, and must not leave the old file away from its place
    if expected_digest(target, pinned) is None:
        record_digest(verified, target)
    if target.exists():
        old = free_name(target, ".old")
        with changing(old):
            target.replace(old)
    move(verified, target)
    print(f"{target} is ready")


def download(source: Download, folder: Path) -> None:
    """Download the files of one source that are missing from a folder or disagree with their digests.

    Args:
        source: the download.
        folder: the folder of its files.

    Raises:
        InputError: if the download fails or a file is not the expected one; all files in ``folder`` are then unchanged.
            Also if another process downloads to the folder.
    """
    missing = {name: pinned for name, pinned in source.digests.items() if not is_in_place(folder / name, pinned)}
    if not missing:
        return
    try:
        with locked(writable_folder(folder)):
            fetch_and_install(source, folder, missing)
    except InputError:
        with suppress(OSError):
            folder.rmdir()  # if it is empty: where nothing could be downloaded, nothing is left
        raise


def fetch_and_install(source: Download, folder: Path, missing: Mapping[str, str | None]) -> None:
    """Download files, and put them into their places after all of them are verified.

    Args:
        source: the download.
        folder: the folder of its files.
        missing: names of the files, with their known digests.

    Raises:
        InputError: as ``download``.
    """
    part = folder / f"{source.name}.part"
    fetch(source, part)
    try:
        new = unpack(part, source, missing) if source.members else {source.name: part}
        # All files are verified before the first one is replaced.
        for name, pinned in missing.items():
            verify(new[name], folder / name, pinned, source)
        for name, pinned in missing.items():
            install(new[name], folder / name, pinned)
    except WrongFileError:
        discard(part)  # it is complete and wrong: continuing it would only repeat the error
        raise
    finally:
        for name in missing:
            (folder / f"{name}.new").unlink(missing_ok=True)
    discard(part)


def link(source: Path, target: Path) -> None:
    """Create a symbolic link at ``target`` to ``source``, or a copy if the file system does not support links.

    Raises:
        InputError: if ``target`` is a file with another content, or cannot be written.
    """
    if target.exists() and not target.is_symlink():
        if not filecmp.cmp(source, target, shallow=False):
            raise InputError(f"exists already and differs from {source}; move it away first", target)
        return
    new = beside(target, ".new")  # renamed below, so that an existing link is replaced in one step
    with changing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        try:
            link_or_copy(source, new)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
        sync(target.parent)
    print(f"{target} -> {source.resolve()}")


def link_or_copy(source: Path, new: Path) -> None:
    """Create a symbolic link, or a complete copy where links are not supported."""
    try:
        new.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, new)
        sync(new)


def missing_files(digests: Mapping[str, str | None], names: set[str]) -> list[str]:
    """Return the files of a set that are missing from a folder.

    Args:
        digests: the files of the set with their known digests.
        names: the names of the files in the folder. A gzipped file counts as the file unless that has a known digest.
    """
    return [name for name, pinned in digests.items() if name not in names and (pinned or f"{name}.gz" not in names)]


def link_set(name: str, downloads: Sequence[Download], copy: Path, data: Path, partial: bool) -> None:
    """Link the files of a set from a local copy, ``copy/NAME/``, and the word vectors for that set into ``data``.

    Args:
        name: the name of the set.
        downloads: its official downloads.
        copy: the folder of the local copy.
        data: the data folder.
        partial: whether missing files are only reported.

    Raises:
        InputError: if a file is missing (unless ``partial``), is not the official one, or cannot replace an existing
            file.
    """
    digests = {file: pinned for source in downloads for file, pinned in source.digests.items()}
    files = [path for path in sorted((copy / name).glob("*")) if path.is_file() and path.suffix not in UNFINISHED]
    # Word vectors of a set lie in a folder of their own, reduced to the vocabulary of the set.
    vectors = sorted((copy / "vectors").glob(f"*.{name}.txt.gz"))
    missing = missing_files(digests, {path.name for path in files})
    if vectors and BEER_VECTORS in missing:
        missing.remove(BEER_VECTORS)
        print(f"{copy / name}: {BEER_VECTORS} is missing; {vectors[0].name} is used instead")
    if missing and not partial:
        raise InputError(f"missing files: {', '.join(missing)}", copy / name)
    if missing:
        print(f"{copy / name}: continuing without {', '.join(missing)}")
    for path in files:
        check(path, digests.get(path.name), path)
    for path in files + vectors:
        link(path, data / path.parent.name / path.name)


def server(text: str) -> str:
    """Parse the http(s) URL of a server, the value of an option."""
    if urlsplit(text).scheme not in ("http", "https"):
        raise argparse.ArgumentTypeError(f"expected an http(s) URL, got {text}")
    return text.rstrip("/")


def read_options(arguments: Sequence[str] | None, names: Collection[str]) -> argparse.Namespace:
    """Parse the command line; ``names`` are the names of the data sets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("set", choices=[*names, "all"], help="the data set")
    parser.add_argument("--to", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--from", type=Path, dest="copy", metavar="DIR", help="link the files of a local copy instead")
    origin.add_argument("--mirror", type=server, metavar="URL", help="download from this server, by the official paths")
    options = parser.parse_args(arguments)
    if options.copy and not any((options.copy / name).is_dir() for name in names):
        parser.error(f"--from {options.copy}: expected a folder that contains {' or '.join(names)}")
    return options


def provide(name: str, downloads: Sequence[Download], options: argparse.Namespace) -> None:
    """Link or download one set, according to the options."""
    if options.copy:
        link_set(name, downloads, options.copy, options.to, partial=options.set == "all")
        return
    for source in downloads:
        # A mirror serves every set under the official path, without the official host.
        url = options.mirror + urlsplit(source.url).path if options.mirror else source.url
        download(replace(source, url=url), options.to / name)


def provide_all(options: argparse.Namespace, datasets: Mapping[str, Sequence[Download]]) -> bool:
    """Link or download the chosen sets, the others also if one fails; return whether all of them succeeded."""
    succeeded = True
    for name in datasets if options.set == "all" else [options.set]:
        try:
            provide(name, datasets[name], options)
        except InputError as error:
            print(error, file=sys.stderr)
            succeeded = False
        except OSError as error:
            print(f"{error.filename or options.to / name}: {error.strerror or error}", file=sys.stderr)
            succeeded = False
    return succeeded


def main(arguments: Sequence[str] | None = None, datasets: Mapping[str, Sequence[Download]] = DATASETS) -> int:
    """Run the download command.

    Args:
        arguments: the command line; None takes that of the process.
        datasets: the downloads of each set.

    Returns:
        The exit code: 2 if a set failed, 130 if interrupted, else 0.
    """
    try:
        return 0 if provide_all(read_options(arguments, datasets), datasets) else 2
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
