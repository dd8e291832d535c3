"""The official places of the data sets, and how a file is told to be the right one."""

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
    """One address and the files that come of it.

    Args:
        url: the address.
        members: where it is a zip archive, the members to take out, each with its SHA-256 or None if that is not
            known. Nothing else in an archive is touched. A plain file has no members and stays what it is.
    """

    url: str
    members: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file name at the end of the address."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def digests(self) -> dict[str, str | None]:
        """The files that come of it, by name, each with its SHA-256 or None."""
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


def beside(path: Path, ending: str) -> Path:
    """The neighbour of ``path`` whose name is longer by ``ending``."""
    return path.with_name(path.name + ending)


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expected_digest(path: Path, known: str | None) -> str | None:
    """The known digest of a file, else the one recorded at its first download, else None."""
    record = beside(path, ".sha256")
    if known or not record.exists():
        return known
    return record.read_text(encoding="utf-8").partition(" ")[0]


def check(path: Path, expected: str | None, origin: Path | str) -> None:
    """Refuse a file whose digest is not the expected one; the error names its origin."""
    if expected and (found := sha256(path)) != expected:
        raise InputError(f"the SHA-256 is {found} where {expected} is pinned or recorded; the file is refused", origin)
