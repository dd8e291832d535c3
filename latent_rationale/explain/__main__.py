"""``python -m latent_rationale.explain``: explains the predictions of a trained classifier."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command, note_without_effect
from latent_rationale.explain.options import ExplainOptions


def run(options: ExplainOptions, named: dict[str, Any]) -> None:
    """Explain with the options of the command line."""
    from latent_rationale.explain.command import run_explain

    note_without_effect(options, named)
    run_explain(options)


main = Command(
    program="python -m latent_rationale.explain",
    about="Score the phrases of sentences by their contribution to the prediction of a trained classifier.",
    examples=(
        "--ckpt results/sst/baseline2 --method soc --lm results/sst/lm --stop 50",
        '--ckpt path/to/model --method occlusion --agg --text "Not a good film."',
    ),
    options_class=ExplainOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
