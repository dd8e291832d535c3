"""What every explainer can do, and what it may ask of a model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.spans import Span

TokenScore = Callable[[Tokens], Tensor]
"""From sentences to s(x) ``[B]``: access to a model by the ids of its words, and the least that there is."""


class Explainer(ABC):
    """Scores phrases by what they contribute to s(x), the margin of the explained class."""

    @abstractmethod
    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Scores ``[S]`` of S phrases of one sentence, ids ``[T]``. Positive ones speak for the class."""
