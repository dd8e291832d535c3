"""``python -m latent_rationale.explain.visualize``: draws explanations as heat maps and as a page."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.explain.options import VisualizeOptions


def run(options: VisualizeOptions, named: dict[str, Any]) -> None:
    """Draw with the options of the command line."""
    from latent_rationale.explain.visualization.command import visualize

    visualize(options)


main = Command(
    program="python -m latent_rationale.explain.visualize",
    about="Draw explanations: a heat map of the phrases of each sentence, and an HTML page of all sentences.",
    examples=(
        "--input results/sst/baseline2/soc/explanations.jsonl",
        "--input results/sst/baseline2/soc/explanations.jsonl --start 20 --stop 30 --format pdf",
    ),
    options_class=VisualizeOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
