"""``python -m latent_rationale.explain.visualize``: draws explanations."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command
from latent_rationale.explain.options import VisualizeOptions


def run(options: VisualizeOptions, named: dict[str, Any]) -> None:
    """Draw with these options."""
    from latent_rationale.explain.visualization.command import visualize

    visualize(options)


main = Command(
    program="python -m latent_rationale.explain.visualize",
    about="Draw explanations: a heat map of the phrases of each sentence, and one page for all.",
    examples=(
        "--input results/sst/baseline2/soc/explanations.jsonl",
        "--input results/sst/baseline2/soc/explanations.jsonl --start 20 --stop 30 --format pdf",
    ),
    options_class=VisualizeOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
