"""Explained models that are functions: any classifier from ids to scores."""

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
    """A function from ids to scores. SCD and CD, which split activations, are not for functions.

    Example:
        >>> model = ExplainedFunction(lambda ids: network(ids), padding_id=0)  # doctest: +SKIP
        >>> EXPLAINERS["occlusion"](model, label=1)(ids, [(0, 1), (0, 2)])  # doctest: +SKIP

    Args:
        score: from ids ``[B, T]`` to scores ``[B, C]``. Padding stands at the end of shorter sentences, and in place of
            words that are removed.
        padding_id: id of padding.
        embed: from ids ``[*]`` to vectors ``[*, D]``; explainers by gradients need it.
        score_embedded: from embedded words ``[B, T, D]`` to scores ``[B, C]``, with gradients; likewise.
        device: device of the ids that the function takes.
        max_batch: sentences that the function is given at a time.
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
        """Return the function with another limit on the sentences that it is given at a time."""
        functions = self._score, self.padding_id, self._embed, self._score_embedded
        return ExplainedFunction(*functions, self.device, max_batch)

    def scores(self, tokens: Tokens) -> Tensor:
        """Call the function."""
        return self._score(tokens.ids)

    def embed(self, ids: Tensor) -> Tensor:
        """Call the function that embeds ids.

        Raises:
            InputError: if there is none.
        """
        if self._embed is None:
            raise InputError("this explainer needs gradients: give the functions embed and score_embedded as well")
        return self._embed(ids)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Call the function that scores embedded words.

        Raises:
            InputError: if there is none.
        """
        if self._score_embedded is None:
            raise InputError("this explainer needs gradients: give the functions embed and score_embedded as well")
        return self._score_embedded(embedded)

    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Refuse.

        Raises:
            InputError: always.
        """
        raise InputError("contextual decomposition looks inside a model, and this one is a function")

    def recurrent(self) -> None:
        """Return None: nothing is known of the inside of a function."""


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
    """Words whose ids are their places in a list.

    Args:
        words: the words. Unknown words and padding are written as in the vocabularies of this package.

    Raises:
        InputError: if the list has no unknown word or no padding.
    """

    def __init__(self, words: Sequence[str]):
        self.words = list(words)
        self._ids = {word: number for number, word in enumerate(words)}
        if not {UNKNOWN, PADDING} <= self._ids.keys():
            raise InputError(f"words: expected a list that holds {UNKNOWN} and {PADDING}")
        self.padding_id = self._ids[PADDING]

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the id of each word."""
        return self.look_up(tokens)

    def look_up(self, words: Sequence[str]) -> list[int]:
        """Return the id of each word; the id of the unknown word for others."""
        return [self._ids.get(word, self._ids[UNKNOWN]) for word in words]
