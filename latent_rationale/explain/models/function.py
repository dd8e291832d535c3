"""Adapter between the explainers and any function from ids to scores."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from latent_rationale.common.data.vocabulary import PADDING, UNKNOWN, Tokenizer
from latent_rationale.common.nn.model import Model
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.explained_model import ExplainedModel

Score = Callable[[Tensor], Tensor]
"""Type of functions from ids ``[B, T]``, or embedded words ``[B, T, D]``, to scores ``[B, C]`` before a softmax."""

CPU = torch.device("cpu")


class ExplainedFunction(ExplainedModel):
    """Function from ids to scores. SCD and CD, which split activations, cannot explain functions.

    Example:
        >>> model = ExplainedFunction(lambda ids: network(ids), padding_id=0)  # doctest: +SKIP
        >>> EXPLAINERS["occlusion"](model, label=1)(ids, [(0, 1), (0, 2)])  # doctest: +SKIP

    Args:
        score: function from ids ``[B, T]`` to scores ``[B, C]``. Shorter sentences are padded at the end, and removed
            words are replaced by padding.
        padding_id: id of padding.
        embed: function from ids ``[*]`` to vectors ``[*, D]``, which gradient-based explainers need.
        score_embedded: differentiable function from embedded words ``[B, T, D]`` to scores ``[B, C]``, which
            gradient-based explainers need.
        device: device of the ids that the function takes.
        max_batch: maximum number of sentences per call of the function.
    """

    def __init__(
        self,
        score: Score,
        padding_id: int,
        embed: Callable[[Tensor], Tensor] | None = None,
        score_embedded: Score | None = None,
        device: torch.device = CPU,
        max_batch: int | None = None,
    ):
        super().__init__(padding_id, device, max_batch)
        self._score = score
        self._embed = embed
        self._score_embedded = score_embedded

    def limited(self, max_batch: int) -> "ExplainedFunction":
        """Return the same function with another maximum number of sentences per call."""
        functions = self._score, self.padding_id, self._embed, self._score_embedded
        return ExplainedFunction(*functions, self.device, max_batch)

    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of ids ``[B, T]``."""
        return self._score(tokens.ids)

    def embed(self, ids: Tensor) -> Tensor:
        """Embed ids ``[*]`` as vectors ``[*, D]``.

        Raises:
            InputError: if ``embed`` was not given.
        """
        if self._embed is None:
            raise InputError("this explainer needs gradients: pass the functions embed and score_embedded")
        return self._embed(ids)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded words ``[B, T, D]``.

        Raises:
            InputError: if ``score_embedded`` was not given.
        """
        if self._score_embedded is None:
            raise InputError("this explainer needs gradients: pass the functions embed and score_embedded")
        return self._score_embedded(embedded)

    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Raise an error, because a function has no activations to split.

        Raises:
            InputError: always.
        """
        raise InputError("contextual decomposition needs the layers of a model and cannot explain a function")

    def recurrent(self) -> None:
        """Return None, because the layers of a function are not accessible."""


class FunctionClassifier(Model):
    """A function as a model that predicts.

    Args:
        explained: the function.
    """

    def __init__(self, explained: ExplainedFunction):
        super().__init__()
        self.explained = explained
        # Empty, since the function embeds ids itself; its device is the device of the batches.
        self.embedding = nn.Embedding(0, 0, device=explained.device)

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]``."""
        (tokens,) = batch.inputs
        return Output(self.explained.scores(tokens))


class WordList(Tokenizer):
    """Vocabulary in which the id of a word is its index in a list.

    Args:
        words: the words, including ``<unk>`` for unknown words and ``<pad>`` for padding.

    Raises:
        InputError: if the list has no unknown word or no padding.
    """

    def __init__(self, words: Sequence[str]):
        self.words = list(words)
        self._ids = {word: number for number, word in enumerate(words)}
        if not {UNKNOWN, PADDING} <= self._ids.keys():
            raise InputError(f"words: expected a list that contains {UNKNOWN} and {PADDING}")
        self.padding_id = self._ids[PADDING]

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the id of each word."""
        return self.look_up(tokens)

    def look_up(self, words: Sequence[str]) -> list[int]:
        """Return the id of each word; words outside the list get the id of ``<unk>``."""
        return [self._ids.get(word, self._ids[UNKNOWN]) for word in words]
