"""``python -m latent_rationale.explain.finetune_bert``: fine-tunes a pretrained encoder."""

import sys

from latent_rationale.common.experiment.entry_points import train_command
from latent_rationale.explain.models.options import FineTuningOptions

main = train_command(
    "latent_rationale.explain.models.finetuning:FineTuning",
    FineTuningOptions,
    program="python -m latent_rationale.explain.finetune_bert",
    about="Fine-tune BERT or another pretrained encoder on the sentences of GLUE's SST-2.",
    examples=(
        "--bert_model bert-base-uncased --no_subtrees --save_path results/sst/bert",
        "--bert_model path/to/encoder --epochs 3 --batch_size 32 --lr 2e-5",
    ),
)

if __name__ == "__main__":
    sys.exit(main())
