"""``python -m latent_rationale.explain.finetune_bert``: fine-tunes a pretrained encoder."""

import sys
from typing import Any

from latent_rationale.common.utils.command import STOPPED_TRAINING, Command
from latent_rationale.explain.models.options import FineTuningOptions


def run(options: FineTuningOptions, named: dict[str, Any]) -> None:
    """Fine-tune with the options of the command line."""
    from latent_rationale.common.experiment.commands import train
    from latent_rationale.explain.models.finetuning import FineTuning

    train(FineTuning, options, named)


main = Command(
    program="python -m latent_rationale.explain.finetune_bert",
    about="Fine-tune BERT or another pretrained encoder on the sentences of GLUE's SST-2.",
    examples=(
        "--bert_model bert-base-uncased --no_subtrees --save_path results/sst/bert",
        "--bert_model path/to/encoder --epochs 3 --batch_size 32 --lr 2e-5",
    ),
    options_class=FineTuningOptions,
    run=run,
    stopped=STOPPED_TRAINING,
)

if __name__ == "__main__":
    sys.exit(main())
