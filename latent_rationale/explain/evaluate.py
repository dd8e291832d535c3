"""``python -m latent_rationale.explain.evaluate``: compares explanation methods."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command, note_without_effect
from latent_rationale.explain.options import EvaluateOptions


def run(options: EvaluateOptions, named: dict[str, Any]) -> None:
    """Evaluate with the options of the command line."""
    from latent_rationale.explain.evaluation.command import evaluate

    note_without_effect(options, named)
    evaluate(options)


main = Command(
    program="python -m latent_rationale.explain.evaluate",
    about=(
        "Compare explanation methods for a two-class classifier: correlation of word scores with a linear model, of "
        "phrase scores with the treebank, and the drop of the predicted probability as words are deleted."
    ),
    examples=(
        "--ckpt results/sst/baseline2 --lm results/sst/lm --split dev --stop 100",
        "--ckpt path/to/model --method occlusion integrated-gradients --sample 200",
    ),
    options_class=EvaluateOptions,
    run=run,
)

if __name__ == "__main__":
    sys.exit(main())
