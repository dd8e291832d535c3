"""Official download addresses of the data sets, with what is known of each file: digest, form and size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from file_forms import ANNOTATIONS, GLUE_TABLE, HIGHLIGHTS, PAIRS, REVIEWS, TREES, Form, vectors

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
        form: the form of the files; None if any is accepted.
        largest: the size that the download and each uncompressed file may have at most, in bytes. It is several times
            the real size and stops archives and servers that never end.
    """

    url: str
    members: Mapping[str, str | None] = field(default_factory=dict)
    form: Form | None = None
    largest: int = 4 * 10**9

    @property
    def marks_its_end(self) -> bool:
        """True for archives, whose checksums tell half a file from the whole file; plain text has none."""
        return self.name.endswith((".zip", ".gz"))

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
            TREES,
        )
    ],
    "sst2": [
        Download(
            f"{GLUE}/SST-2.zip",
            {
                "SST-2/train.tsv": None,
                "SST-2/dev.tsv": "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
            },
            GLUE_TABLE,
        )
    ],
    "beer": [
        Download(f"{BEER}/annotations.json", form=ANNOTATIONS),
        Download(f"{BEER}/{BEER_VECTORS}", form=vectors(200)),
        *(
            Download(f"{BEER}/reviews.{part}.{split}.txt.gz", form=REVIEWS)
            for part in BEER_PARTS
            for split in ("train", "heldout")
        ),
    ],
    "snli": [
        Download(
            f"{STANFORD}/projects/snli/snli_1.0.zip",
            {f"snli_1.0/snli_1.0_{split}.jsonl": None for split in ("train", "dev", "test")},
            PAIRS,
        )
    ],
    "esnli": [Download(f"{ESNLI}/esnli_dev.csv", form=HIGHLIGHTS)],
    "glove": [
        Download(
            f"{STANFORD}/data/glove.840B.300d.zip", {"glove.840B.300d.txt": None}, form=vectors(300), largest=10**10
        )
    ],
}
