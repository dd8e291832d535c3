"""Official download addresses of the data sets, and verification of files by their SHA-256 digests."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from latent_rationale.common.utils.errors import InputError

STANFORD = "https://nlp.stanford.edu"
BEER = "http://people.csail.mit.edu/taolei/beer"
BEER_VECTORS = "review+wiki.filtered.200.txt.gz"
GLUE = "https://dl.fbaipublicfiles.com/glue/data"
ESNLI = "https://raw.githubusercontent.com/OanaMariaCamburu/e-SNLI/master/dataset"
BEER_PARTS = ("260k", "aspect0", "aspect1", "aspect2")


@dataclass(frozen=True)
class Download:
    """A URL and the files that its download provides.

    Attributes:
        url: the address of a plain file or a zip archive.
        members: the members to extract from an archive, each with its SHA-256 digest, or None if that is unknown; other
            members are ignored. Empty for a plain file, whose digest is unknown.
    """

    url: str
    members: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """File name at the end of the URL."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def digests(self) -> dict[str, str | None]:
        """SHA-256 digest of each provided file by name; None if unknown."""
        return {PurePosixPath(member).name: digest for member, digest in self.members.items()} or {self.name: None}


DATASETS: dict[str, Sequence[Download]] = {
    "sst": [
        Download(
            f"{STANFORD}/sentiment/trainDevTestTrees_PTB.zip",
            {
                "trees/train.txt": "e2f3f41b0b1e6d4dddc0effe3bfc2d27ed8928079aa9a03d652311614fc5feb7",
                "trees/dev.txt": "0e9336aed6e4730e19f58d00a77b3f0297efdb755f7b5e598c98a05e3f97ea40",
                "trees/test.txt": "6e54806dee95cf80cd918e7dfb3f6770f6df24bf826f289a4d1f709e1c8f6761",
            },
        )
    ],
    "sst2": [
        Download(
            f"{GLUE}/SST-2.zip",
            {
                "SST-2/train.tsv": None,
                "SST-2/dev.tsv": "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
            },
        )
    ],
    "beer": [
        Download(f"{BEER}/annotations.json"),
        Download(f"{BEER}/{BEER_VECTORS}"),
        *(Download(f"{BEER}/reviews.{part}.{split}.txt.gz") for part in BEER_PARTS for split in ("train", "heldout")),
    ],
    "snli": [
        Download(
            f"{STANFORD}/projects/snli/snli_1.0.zip",
            {f"snli_1.0/snli_1.0_{split}.jsonl": None for split in ("train", "dev", "test")},
        )
    ],
    "esnli": [Download(f"{ESNLI}/esnli_dev.csv")],
    "glove": [Download(f"{STANFORD}/data/glove.840B.300d.zip", {"glove.840B.300d.txt": None})],
}


def beside(path: Path, suffix: str) -> Path:
    """Return the path in the same folder whose name has ``suffix`` appended."""
    return path.with_name(path.name + suffix)


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal notation."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expected_digest(path: Path, pinned: str | None) -> str | None:
    """Return the digest that a file must have.

    Args:
        path: the file, which need not exist.
        pinned: its digest according to ``DATASETS``, if known.

    Returns:
        The pinned digest, or the one recorded beside the file at its first download, or None if there is neither.
    """
    record = beside(path, ".sha256")
    if pinned or not record.exists():
        return pinned
    return record.read_text(encoding="utf-8").partition(" ")[0]  # the format of sha256sum: digest, blanks, name


def check(path: Path, expected: str | None, origin: Path | str) -> None:
    """Check the digest of a file.

    Args:
        path: the file.
        expected: the digest that it must have; None accepts every file.
        origin: the file or address that an error names.

    Raises:
        InputError: if the digest differs.
    """
    if expected and (actual := sha256(path)) != expected:
        raise InputError(f"expected a file with SHA-256 {expected}, got {actual}; the file was rejected", origin)
