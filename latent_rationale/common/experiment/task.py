"""Abstract base class of tasks: a kind of data and the targets that are predicted from it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from torch import Tensor, nn

from latent_rationale.common.data.batching import Encoded, encode
from latent_rationale.common.data.tokenization import tokenize
from latent_rationale.common.data.vocabulary import Tokenizer, Vocabulary
from latent_rationale.common.data.word_vectors import WordVectors, join_vectors, make_embedding, read_vectors
from latent_rationale.common.experiment.description import describe_vectors
from latent_rationale.common.experiment.options import NO_VECTORS, PredictOptions
from latent_rationale.common.experiment.targets import Target
from latent_rationale.common.experiment.variants import VARIANTS, Rank, Variant
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.predictions.display import read_texts
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.metrics import MeanMetric
from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.sizes import build_checked
from latent_rationale.common.utils import config
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import AbsentDataError

Options = TypeVar("Options", bound=TrainOptions)

Text = str | Sequence[str]
"""Type of a text: raw, or as a sequence of tokens."""


@dataclass(frozen=True)
class Splits:
    """Examples of a data set by split; the test split is empty if its labels are not public."""

    train: Sequence[Any]
    dev: Sequence[Any]
    test: Sequence[Any]


class Task(ABC, Generic[Options]):
    """Kind of data, with the targets, the loss and the metrics of a model for it.

    A subclass defines how examples are read, converted to tokens and targets, and judged. Training, checkpoints and
    commands are shared by all tasks. An example may have any type: only the methods of the task look inside. The other
    methods have defaults for classifiers of word ids; a task overrides them if it builds its vocabulary or model
    differently.

    Args:
        options: options of a training run.

    Attributes:
        name: name of the task, as in ``latent_rationale.<name>.train``.
        options_class: class of the options of ``train``.
        predict_options_class: class of the options of ``predict``.
        text_names: names of the texts of an example, in their order.
        first_best_epoch: number of epochs before an evaluation can count as the best one.
        headline: names of the measures that are shown to the user, the most important first.
        vectors_option: name of the option that holds the files of word vectors, or ``none``.
        data_option: name of the option that holds the folder of the data; None if there is no such option.
        zips_predictions: True if ``predictions.jsonl`` is large and therefore compressed.
        kept: names of the files and folders that ``keep`` writes to the results folder.
        share_name: name of the measure that holds the share of selected words (or cells).
        unit: plural noun for examples, for messages.
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
    kept: ClassVar[tuple[str, ...]] = (checkpoint.VOCABULARY,)
    share_name: ClassVar[str] = Variant.share_name
    unit: ClassVar[str] = "sentences"

    def __init__(self, options: Options):
        self.options = options

    @classmethod
    @abstractmethod
    def resolve(cls, options: Options) -> Options:
        """Return the options with a value for each path that the user did not set.

        It is called once, before a new run reads its data. The result is recorded in the results folder, so that
        resumed runs and predictions use the same files.

        Raises:
            InputError: if no data or no word vectors are found.
        """

    @classmethod
    def without_vectors(cls, **changes: Any) -> Self:
        """Return the task with default options and without word vectors, for commands that only need its texts.

        Paths of data that are not in ``changes`` stay open; see ``resolved``.

        Args:
            changes: values of options that differ from the defaults.
        """
        options: Any = config.make(cls.options_class, {cls.vectors_option: NO_VECTORS, **changes})
        return cls(options)

    def resolved(self) -> Self:
        """Return the task with a value for each path that its options leave open.

        Raises:
            InputError: if no data or no word vectors are found.
        """
        return type(self)(self.resolve(self.options))

    @abstractmethod
    def read_split(self, name: str) -> Sequence[Any]:
        """Read the examples of one split.

        Args:
            name: ``train``, ``dev`` or ``test``.

        Returns:
            Labelled examples in the order of the file; none if the labels of the test split are not public.

        Raises:
            InputError: if a file is missing or, with the number of the line, malformed.
        """

    def read_nonempty_split(self, name: str) -> Sequence[Any]:
        """Read the examples of a split of which some are needed.

        Raises:
            AbsentDataError: if the split has no labelled examples, or its file is missing.
            InputError: if the file is malformed.
        """
        examples = self.read_split(name)
        if not examples:
            raise AbsentDataError(f"the data has no labelled {self.unit} in its {name} split")
        return examples

    @property
    def vectors_paths(self) -> tuple[Path, ...]:
        """Files of word vectors, which are joined side by side; none to learn embeddings from scratch."""
        values: tuple[str, ...] = getattr(self.options, self.vectors_option)
        return () if NO_VECTORS in values else tuple(map(Path, values))

    @abstractmethod
    def texts_of(self, example: Any) -> tuple[Sequence[str], ...]:
        """Return the tokens of each text of an example, as the model reads them.

        The texts are in the order of ``text_names``. Tokens include special ones, such as a start token.
        """

    def phrases_of(self, example: Any) -> dict[tuple[int, int], int]:
        """Return the annotated phrases of an example's text, such as the nodes of a parse tree, with their classes.

        A phrase is a span of words ``(start, end)``, where ``end`` is excluded. By default there are none.
        """
        return {}

    @abstractmethod
    def targets_of(self, examples: Sequence[Any]) -> Tensor:
        """Return the targets of ``N`` examples: classes, int64 ``[N]``, or scores, float32 ``[N, C]``.

        Examples without a gold label, as from ``example_of``, get a placeholder such as -1 or nan.
        """

    @abstractmethod
    def example_of(self, texts: tuple[Text, ...]) -> Any:
        """Return an example without a gold label, for prediction.

        Args:
            texts: each text, raw or as tokens without special ones, in the order of ``text_names``.
        """

    @property
    @abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """Names of the ``C`` scores of a model: classes, or the targets of a regression."""

    @abstractmethod
    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the task loss of each example, ``[B]``, which objectives average and combine with penalties.

        Args:
            output: output of the model, with scores ``[B, C]``.
            batch: batch with targets as in ``targets_of``, on the same device.
        """

    @abstractmethod
    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the metrics of a batch in an evaluation, by name.

        Each metric is a sum and a count, which are added up over batches. The names appear in ``headline``, in
        tensorboard and in ``results.json``. The losses of the objective are added by the evaluation.

        Args:
            output: output of the model, in evaluation mode.
            batch: labelled batch.
        """

    @abstractmethod
    def predictions(self, output: Output, batch: Batch) -> Sequence[Prediction]:
        """Convert the output for a batch to predictions, which hold plain Python values.

        Args:
            output: output of the model, in evaluation mode.
            batch: batch with or without labels.

        Returns:
            One prediction per example, in the order of ``batch.examples``.
        """

    @abstractmethod
    def gold(self, example: Any) -> dict[str, Any]:
        """Return the gold label of an example as fields of ``predictions.jsonl``.

        ``gold`` is the label and ``gold_name`` its text for people, both None for an example without a label.
        ``gold_spans``, if the data has them, are annotated spans of words ``[start, end]``, where ``end`` is excluded.
        A task without labels returns an empty dictionary.
        """

    def tokenize(self, text: str) -> Sequence[str]:
        """Split a raw text into words, in the style of the data."""
        return tokenize(text)

    def words_of(self, text: Text) -> tuple[str, ...]:
        """Return the words of a text that is raw or consists of words already."""
        return tuple(self.tokenize(text) if isinstance(text, str) else text)

    def read_input(self, path: Path, tokenized: bool) -> Iterable[Any]:
        """Return the user's examples in a file, without gold labels.

        Args:
            path: text file with one example per line, plain or .gz, with tabs between the texts of an example.
            tokenized: True if blanks separate the tokens.

        Raises:
            InputError: if the file is missing or has no texts, or, with the line, if an example is malformed.
        """
        rows = read_texts(path, self.text_names)
        return (self.example_of(tuple(map(str.split, texts)) if tokenized else texts) for texts in rows)

    def read_splits(self) -> Splits:
        """Read the examples of all splits; a test set that is absent is reported and stays empty."""
        train, dev = map(self.read_nonempty_split, ("train", "dev"))
        try:
            return Splits(train, dev, self.read_nonempty_split("test"))
        except AbsentDataError as error:
            LOGGER.info("note: no test set: %s", error)
            return Splits(train, dev, ())

    @property
    def trains_embedding(self) -> bool:
        """True if the embeddings of words are updated in training."""
        options: Any = self.options  # has EncoderOptions, or the task overrides start and reopen
        return bool(options.train_embed) or not self.vectors_paths

    @property
    def source(self) -> str:
        """Location of the data, for messages; by default the folder in ``data_option``."""
        return "" if self.data_option is None else str(getattr(self.options, self.data_option))

    @property
    def model_name(self) -> str:
        """Kind of the model, for messages; by default ``--model`` and ``--layer``."""
        options: Any = self.options
        return f"{options.model}, {options.layer}"

    def read_vectors(self, splits: Splits) -> WordVectors | None:
        """Read the word vectors of all words of the data, joined side by side if they are in several files.

        Returns None if embeddings are learned from scratch.
        """
        examples = (*splits.train, *splits.dev, *splits.test)
        options: Any = self.options
        tables = []
        for path in self.vectors_paths:
            tables.append(read_vectors(path, self._texts(examples), options.lowercase_vectors))
            if len(self.vectors_paths) > 1:
                LOGGER.info("vectors: %s (%s)", describe_vectors(tables[-1], self._texts(splits.train)), path)
        return join_vectors(tables) if tables else None

    def _texts(self, examples: Iterable[Any]) -> Iterator[Sequence[str]]:
        return (text for example in examples for text in self.texts_of(example))

    def vocabulary(self, splits: Splits, vectors: WordVectors | None) -> Vocabulary:
        """Build the vocabulary from the words of the training data and the words that have a vector."""
        return Vocabulary.build(self._texts(splits.train), vectors.words if vectors is not None else ())

    def start(self, splits: Splits) -> tuple[Tokenizer, Model, Objective]:
        """Create the vocabulary, the untrained model and the objective of a new run.

        The model owns its embedding, in the attribute ``embedding``.

        Raises:
            InputError: if the file of word vectors cannot be used.
        """
        vectors = self.read_vectors(splits)
        vocabulary = self.vocabulary(splits, vectors)
        if vectors is None:
            LOGGER.info("vectors: none; embeddings are learned from scratch")
        else:
            files = " and ".join(map(str, self.vectors_paths))
            LOGGER.info("vectors: %s (%s)", describe_vectors(vectors, self._texts(splits.train)), files)
        options: Any = self.options
        size = options.embed_size if vectors is None else vectors.matrix.shape[1]
        trained = self.trains_embedding
        return vocabulary, *build_checked(lambda: self.build(make_embedding(vocabulary, size, vectors, trained)))

    def keep(self, folder: Path, vocabulary: Any, model: Model) -> None:
        """Save the files that ``reopen`` needs beside the configuration, at the start of a run.

        Args:
            folder: results folder.
            vocabulary: vocabulary that ``start`` returned.
            model: model that ``start`` returned.
        """
        vocabulary.save(folder / checkpoint.VOCABULARY)

    def finish(self, folder: Path, model: Model) -> None:
        """Save further files of the best model at the end of a run; by default none.

        Args:
            folder: results folder.
            model: model with its best weights.
        """

    def reopen(self, folder: Path) -> tuple[Tokenizer, Model, Objective]:
        """Recreate the vocabulary, the model and the objective of a run from its results folder.

        The weights of the model are initial ones; the caller loads the saved weights. The file of word vectors is not
        needed.

        Raises:
            InputError: if a file of the folder is missing or malformed.
        """
        vocabulary = Vocabulary.load(folder / checkpoint.VOCABULARY)
        size, trained = checkpoint.read_config(folder)["embedding_size"], self.trains_embedding
        return vocabulary, *build_checked(
            lambda: self.build(make_embedding(vocabulary, size, trained=trained)),
            partial(checkpoint.check_shapes, folder),
        )

    def encode(self, examples: Sequence[Any], vocabulary: Tokenizer) -> Encoded:
        """Convert examples to ids and targets."""
        return encode(examples, vocabulary, self.texts_of, self.targets_of(examples))

    def build(self, embedding: nn.Embedding) -> tuple[Model, Objective]:
        """Create an untrained model on an embedding, and its objective."""
        return self.variant.model(embedding, len(self.output_names)), self.variant.objective(self.criterion)

    @property
    def variant(self) -> Variant[Any]:
        """Rules for building and ranking models; by default those of ``--model``."""
        options: Any = self.options
        return VARIANTS[options.model](options)

    def rank(self, dev: dict[str, float]) -> Rank:
        """Return the sort key by which evaluations on dev are compared; the smallest is the best.

        Args:
            dev: measures by name.
        """
        return self.variant.rank(dev)

    def missed_targets(self, dev: dict[str, float]) -> dict[Target, str]:
        """Return the targets that an evaluation on dev misses, each with advice on what to change."""
        variant = self.variant
        return {target: variant.advice(target, dev) for target in variant.targets() if target.is_missed(dev)}

    def select_examples_to_show(
        self, predictions: Sequence[Prediction], examples: Sequence[Any], count: int
    ) -> list[int]:
        """Return the indices of predictions to show to the user; by default the first ones.

        Args:
            predictions: predictions in the order of the examples.
            examples: the examples.
            count: maximum number of indices.
        """
        return list(range(min(count, len(predictions))))
