"""Task that trains a language model on the texts of another task."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from latent_rationale.common.experiment.options import TextPredictOptions
from latent_rationale.common.experiment.targets import Target
from latent_rationale.common.experiment.task import Task, Text
from latent_rationale.common.experiment.variants import Rank
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective, Supervised
from latent_rationale.common.predictions.prediction import TextPrediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.metrics import MeanMetric
from latent_rationale.common.utils import config
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.options import LanguageModelOptions
from latent_rationale.explain.language_model.output_softmax import OUTPUT_SOFTMAXES
from latent_rationale.explain.models.transformer_folder import load_pieces, transformer_folder
from latent_rationale.tasks import TEXTS, find_task

RESERVED = 2
"""Number of ids at the start of a vocabulary that stand for no word: unknown words and padding."""

MOST_NATS = 700.0
"""Upper limit of the logarithm of a perplexity: ``exp`` of more than about 709 overflows a float."""


@dataclass(frozen=True, eq=False)
class PerplexityMetric(MeanMetric):
    """Perplexity: the exponential of the mean of negative log probabilities."""

    def value(self) -> float:
        """Return the perplexity, at most ``exp(MOST_NATS)``, so that it stays finite and can be written as JSON."""
        return math.exp(min(super().value(), MOST_NATS))


class LanguageModelling(Task[LanguageModelOptions]):
    """Prediction of every word of a text from the words before it and, separately, from the words after it."""

    name = "lm"
    options_class = LanguageModelOptions
    predict_options_class = TextPredictOptions
    output_names = ("forwards", "backwards")
    first_best_epoch = 0
    unit = "texts"
    data_option = None
    headline = ("perplexity", "perplexity_forwards", "perplexity_backwards")

    @classmethod
    def resolve(cls, options: LanguageModelOptions) -> LanguageModelOptions:
        """Fill in the task whose texts are read, and whether they are read in words or word pieces.

        Raises:
            InputError: if ``--use-bert-tokenizer`` is set without the folder of a transformer, or the model in
                ``--ckpt`` is not a classifier of texts or is for another task than ``--task``.
        """
        # The folder of a transformer gives the tokenizer but no texts; a folder of this package gives task and texts.
        pieces = options.ckpt is not None and transformer_folder(options.ckpt) is not None
        if options.use_bert_tokenizer and not pieces:
            raise InputError("--use-bert-tokenizer needs --ckpt, the folder of the transformer whose tokenizer is used")
        task = options.task or "sst"
        if options.ckpt is not None and not pieces:
            task = checkpoint.read_config(options.ckpt)["task"]
            if task not in TEXTS:
                raise InputError(f"holds a model for {task}; expected a classifier ({', '.join(TEXTS)})", options.ckpt)
            if options.task not in (None, task):
                raise InputError(f"--task {options.task}: the classifier in this folder is for {task}", options.ckpt)
        return replace(options, task=task, use_bert_tokenizer=pieces)

    @cached_property
    def reader(self) -> Task[Any]:
        """Task whose texts are read, with the options of the classifier in ``--ckpt`` if there is one."""
        task_class = find_task(self.options.task or "sst")
        if self.options.ckpt is None or self.options.use_bert_tokenizer:
            return task_class.without_vectors().resolved()
        # The recorded options name the data that the classifier was trained on.
        recorded = checkpoint.read_config(self.options.ckpt)["options"]
        return task_class(config.from_json(task_class.options_class, recorded))

    @cached_property
    def cut(self) -> Callable[[Sequence[str]], Sequence[str]]:
        """Function that splits words into the units of the language model: word pieces, or the words themselves."""
        folder = self.options.ckpt and self.options.use_bert_tokenizer and transformer_folder(self.options.ckpt)
        return load_pieces(folder).split if folder else tuple

    @property
    def source(self) -> str:
        """The place of the reader's texts."""
        return self.reader.source

    @property
    def model_name(self) -> str:
        """The language model, with its output layer."""
        return f"language model, {self.options.softmax} softmax"

    def read_split(self, name: str) -> list[tuple[str, ...]]:
        """Read all texts of a split, in the units of the language model."""
        texts = (text for example in self.reader.read_split(name) for text in self.reader.texts_of(example))
        return [tuple(self.cut(text)) for text in texts]

    def build(self, embedding: nn.Embedding) -> tuple[Model, Objective]:
        """A fresh language model, judged by the probability of held-out words."""
        options = self.options
        softmax = OUTPUT_SOFTMAXES[options.softmax](options.hidden_size, embedding.num_embeddings, reserved=RESERVED)
        return LanguageModel(embedding, softmax, options.dropout), Supervised(self.criterion)

    def rank(self, dev: dict[str, float]) -> Rank:
        """The loss on dev; a language model has no target share."""
        return 0.0, dev["loss"]

    def missed_targets(self, dev: dict[str, float]) -> dict[Target, str]:
        """Return no target, because no option sets one."""
        return {}

    def texts_of(self, example: tuple[str, ...]) -> tuple[Sequence[str], ...]:
        """Return the example, which is its only text."""
        return (example,)

    def targets_of(self, examples: Sequence[tuple[str, ...]]) -> Tensor:
        """Return zeros ``[N]``; a text is its own target."""
        return torch.zeros(len(examples))

    def example_of(self, texts: tuple[Text, ...]) -> tuple[str, ...]:
        """Make an example of a text given by the user, in the units of the language model."""
        return tuple(self.cut(self.words_of(texts[0])))

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Negative log probabilities ``[B]``, weighted so that their mean is the mean over predicted words."""
        predicted = _mask_of(output).sum((1, 2)).float()
        return -output.scores.sum((1, 2)) / predicted.mean().clamp(min=1)

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Perplexities of each direction and of both together."""
        nats, predicted = -output.scores.sum((0, 1)), _mask_of(output).sum((0, 1))
        return {
            "perplexity": PerplexityMetric(nats.sum(), predicted.sum()),
            "perplexity_forwards": PerplexityMetric(nats[0], predicted[0]),
            "perplexity_backwards": PerplexityMetric(nats[1], predicted[1]),
        }

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Return the negative log probability of each text in both directions, in nats."""
        nats = output.scores.sum(1).neg().tolist()
        return [
            TextPrediction(tuple(row), None, " and ".join(f"{x:.1f}" for x in row) + " nats", example, None)
            for example, row in zip(batch.examples, nats, strict=True)
        ]

    def gold(self, example: tuple[str, ...]) -> dict[str, Any]:
        """Return an empty dictionary: a text has no labels."""
        return {}


def _mask_of(output: Output) -> Tensor:
    """Mask ``[B, T, 2]`` of the words that the language model predicts."""
    if output.mask is None:
        raise ValueError("expected the output of a language model, which has a mask of the predicted words")
    return output.mask
