"""``python -m latent_rationale.explain.evaluate``: compares methods of explanation."""

import sys
from typing import Any

from latent_rationale.common.utils.command import Command, note_without_effect
from latent_rationale.explain.options import EvaluateOptions


def run(options: EvaluateOptions, named: dict[str, Any]) -> None:
    """Evaluate with these options."""
    from latent_rationale.explain.evaluation.command import evaluate

    note_without_effect(options, named)
    evaluate(options)


main = Command(
    program="python -m latent_rationale.explain.evaluate",
    about=(
        "Evaluate which method explains a two-class classifier best: scores of words against a linear model, of "
        "phrases against the treebank, and the fall of the probability as words are deleted."
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
