"""``python -m latent_rationale.vectors``: makes word vectors from texts."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.vectors.options import VectorsOptions


def run(options: VectorsOptions, named: dict[str, Any]) -> None:
    """Make vectors with the options of the command line."""
    from latent_rationale.vectors.command import make_vectors

    make_vectors(options)


main = Command(
    program="python -m latent_rationale.vectors",
    about=(
        "Make word vectors from your own texts, without a download: counts of words that occur together, positive "
        "pointwise mutual information, truncated SVD. Training reads them with --word_vectors (Beer: --embeddings)."
    ),
    examples=(
        "--input reviews.txt more_reviews.txt.gz --output data/vectors/reviews.200d.txt.gz",
        "--input data/beer/reviews.260k.train.txt.gz --column 2 --tokenized --output beer.200d.txt.gz",
    ),
    options_class=VectorsOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
