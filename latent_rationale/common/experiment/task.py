"""What a task must say about itself; everything else is shared."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from torch import Tensor, nn

from latent_rationale.common.data.batching import Encoded, encode
from latent_rationale.common.data.tokenization import tokenize
from latent_rationale.common.data.vocabulary import Tokenizer, Vocabulary
from latent_rationale.common.data.word_vectors import WordVectors, make_embedding, read_vectors
from latent_rationale.common.experiment.description import describe_vectors
from latent_rationale.common.experiment.options import PredictOptions
from latent_rationale.common.experiment.variants import VARIANTS, Rank, Variant
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives.objectives import Objective
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.metrics import MeanMetric
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils import config
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError

Options = TypeVar("Options", bound=TrainOptions)


@dataclass(frozen=True)
class Splits:
    """A data set's examples; none for test, where nobody but its makers knows the labels."""

    train: Sequence[Any]
    dev: Sequence[Any]
    test: Sequence[Any]


class Task(ABC, Generic[Options]):
    """A kind of data and what is predicted from it.

    Attributes:
        name: as in ``latent_rationale.<name>.train``.
        options_class: what its ``train`` takes.
        predict_options_class: what its ``predict`` takes.
        text_names: what the texts of an example are called.
        first_best_epoch: an evaluation may count as best after so many epochs.
        headline: the measures that a user sees first.
        vectors_option: the option that names the file of word vectors, or says none.
        data_option: the option that names the folder of the data; None where there is no such folder.
        zips_predictions: they are large, and written zipped.
        share_name: the measure that holds the share of the rationale.
        unit: a plural word for the examples.

    Args:
        options: of a training run.
    """

    name: ClassVar[str]
    options_class: ClassVar[type[TrainOptions]]
    predict_options_class: ClassVar[type[PredictOptions]]
    text_names: ClassVar[tuple[str, ...]] = ("text",)
    first_best_epoch: ClassVar[int]
    headline: ClassVar[tuple[str, ...]]
    vectors_option: ClassVar[str] = "word_vectors"
    data_option: ClassVar[str | None] = "data_path"
    zips_predictions: ClassVar[bool] = False
    share_name: ClassVar[str] = Variant.share_name
    unit: ClassVar[str] = "sentences"

    def __init__(self, options: Options):
        self.options = options

    @classmethod
    @abstractmethod
    def resolve(cls, options: Options) -> Options:
        """Options with every path that the user left open filled in.

        Raises:
            InputError: if what the options ask for is not there.
        """

    @classmethod
    def without_vectors(cls, **changes: Any) -> Self:
        """The task as it is by default, for its texts alone: without word vectors. Data is not looked for yet.

        Args:
            changes: options that are not as they are by default.
        """
        options: Any = config.make(cls.options_class, {cls.vectors_option: "none", **changes})
        return cls(options)

    def resolved(self) -> Self:
        """The task with every path that was left open filled in.

        Raises:
            InputError: if what its options ask for is not there.
        """
        return type(self)(self.resolve(self.options))

    @abstractmethod
    def read_split(self, name: str) -> Sequence[Any]:
        """The examples of ``train``, ``dev`` or ``test``.

        Raises:
            InputError: for a file that is missing or malformed, with its line.
        """

    def read_asked(self, name: str) -> Sequence[Any]:
        """The same for a split that a user asks for by ``--split``.

        Raises:
            InputError: likewise, and if there are none.
        """
        examples = self.read_split(name)
        if not examples:
            raise InputError(f"--split: there are no sentences in {name}")
        return examples

    @property
    def vectors_path(self) -> Path | None:
        """The file of word vectors, or None to learn them from scratch."""
        named: str | None = getattr(self.options, self.vectors_option)
        return None if named in (None, "none") else Path(named)

    @abstractmethod
    def texts_of(self, example: Any) -> tuple[Sequence[str], ...]:
        """The tokens of each text of an example."""

    def phrases_of(self, example: Any) -> dict[tuple[int, int], int]:
        """The phrases that the data knows of an example's text, as stretches of words, each with its class.

        None unless the data has trees.
        """
        return {}

    @abstractmethod
    def targets_of(self, examples: Sequence[Any]) -> Tensor:
        """What is to be predicted, ``[N]`` or ``[N, C]``."""

    @abstractmethod
    def example_of(self, texts: tuple[Sequence[str], ...]) -> Any:
        """An example without a gold label, for prediction, from the tokens of each of its texts."""

    @property
    @abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """What the C scores are called: classes, or aspects."""

    @abstractmethod
    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """The loss per example, ``[B]``."""

    @abstractmethod
    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """What is counted in an evaluation."""

    @abstractmethod
    def predictions(self, output: Output, batch: Batch) -> Sequence[Prediction]:
        """What the model says of each example."""

    @abstractmethod
    def gold(self, example: Any) -> dict[str, Any]:
        """What ``predictions.jsonl`` holds of an example beside the prediction; ``gold_name`` is shown to people."""

    def tokenize(self, text: str) -> Sequence[str]:
        """The words of a raw text of the user's."""
        return tokenize(text)

    def read(self) -> Splits:
        """All of the data."""
        return Splits(*map(self.read_split, ("train", "dev", "test")))

    @property
    def trains_embedding(self) -> bool:
        """Whether the word vectors move in training."""
        options: Any = self.options  # with EncoderOptions, unless the task builds its model without an embedding
        return bool(options.train_embed) or self.vectors_path is None

    @property
    def source(self) -> str:
        """The place of the data, for messages; by default the folder that ``data_option`` names."""
        return "" if self.data_option is None else str(getattr(self.options, self.data_option))

    @property
    def model_name(self) -> str:
        """The kind of the model, for messages; by default ``--model`` and ``--layer``."""
        options: Any = self.options
        return f"{options.model}, {options.layer}"

    def read_vectors(self, splits: Splits) -> WordVectors | None:
        """Word vectors for the data, or None to learn them."""
        if self.vectors_path is None:
            return None
        examples = (*splits.train, *splits.dev, *splits.test)
        return read_vectors(self.vectors_path, (text for example in examples for text in self.texts_of(example)))

    def vocabulary(self, splits: Splits, vectors: WordVectors | None) -> Vocabulary:
        """The training words and those that have a vector."""
        training = (text for example in splits.train for text in self.texts_of(example))
        return Vocabulary.build(training, vectors.words if vectors is not None else ())

    def start(self, splits: Splits) -> tuple[Tokenizer, Model, Objective]:
        """What a run begins with: words and their ids, a fresh model, which owns its embedding, and its objective."""
        vectors = self.read_vectors(splits)
        vocabulary = self.vocabulary(splits, vectors)
        if vectors is None:
            LOGGER.info("vectors: none, they are learned")
        else:
            texts = (text for example in splits.train for text in self.texts_of(example))
            LOGGER.info("vectors: %s (%s)", describe_vectors(vectors, texts), self.vectors_path)
        options: Any = self.options
        size = options.embed_size if vectors is None else vectors.matrix.shape[1]
        return vocabulary, *self.build(make_embedding(vocabulary, size, vectors, self.trains_embedding))

    def keep(self, folder: Path, words: Any, model: Model) -> None:
        """Write to a results folder what ``reopen`` needs beside the configuration."""
        words.save(folder / checkpoint.VOCABULARY)

    def finish(self, folder: Path, model: Model) -> None:
        """Write to a results folder what else there is to keep of the best model."""

    def reopen(self, folder: Path) -> tuple[Tokenizer, Model, Objective]:
        """What a run began with, from its results folder, before weights are loaded.

        Raises:
            InputError: if the folder does not hold it.
        """
        vocabulary = Vocabulary.load(folder / checkpoint.VOCABULARY)
        size = checkpoint.read_config(folder)["embedding_size"]
        return vocabulary, *self.build(make_embedding(vocabulary, size, trained=self.trains_embedding))

    def encode(self, examples: Sequence[Any], vocabulary: Tokenizer) -> Encoded:
        """Examples as ids."""
        return encode(examples, vocabulary, self.texts_of, self.targets_of(examples))

    def build(self, embedding: nn.Embedding) -> tuple[Model, Objective]:
        """A fresh model and its objective."""
        return self.variant.model(embedding, len(self.output_names)), self.variant.objective(self.criterion)

    @property
    def variant(self) -> Variant[Any]:
        """The way in which the model is built, trained and judged; by default the one that ``--model`` names."""
        options: Any = self.options
        return VARIANTS[options.model](options)

    def rank(self, dev: dict[str, float]) -> Rank:
        """How good an evaluation on dev is; lower is better."""
        return self.variant.rank(dev)

    def picked(self, predictions: Sequence[Prediction], examples: Sequence[Any], count: int) -> list[int]:
        """Which of the predictions to show to people, ``count`` at most: the first."""
        return list(range(min(count, len(predictions))))
