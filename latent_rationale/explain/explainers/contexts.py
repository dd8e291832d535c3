"""Contexts in which a phrase is scored. A new kind of context is one class in this file."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.spans import Span
from latent_rationale.explain.language_model.sampler import BidirectionalSampler, DirectionalSampler


class Context(ABC):
    """Sentences that hold a phrase at its place, with the same or other words around it.

    Attributes:
        MEMORY: ids in the contexts of several phrases that are made at a time.

    Args:
        padding_id: id of padding.
        count: K, the number of contexts of each phrase.
    """

    MEMORY = 2**21

    def __init__(self, padding_id: int, count: int = 1):
        self.padding_id = padding_id
        self.count = count

    @abstractmethod
    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Make K contexts for each of S phrases.

        Args:
            ids: the sentence, ``[T]``.
            spans: the phrases.
            generator: the only source of randomness.

        Returns:
            Ids ``[S, K, T]``.
        """

    def phrases_at_once(self, length: int) -> int:
        """Return the number of phrases of a sentence of this length whose contexts fit ``MEMORY``, at least 1."""
        return max(1, self.MEMORY // (self.count * length))


class SentenceContext(Context):
    """The sentence itself, K = 1."""

    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Repeat the sentence for each phrase."""
        return ids.expand(len(spans), 1, -1)


class EmptyContext(Context):
    """Padding around the phrase, K = 1."""

    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Replace all words around each phrase by padding."""
        inside = positions_inside(spans, len(ids), ids.device)
        return torch.where(inside, ids, self.padding_id).unsqueeze(1)


class JoinedContext(Context):
    """The contexts of several kinds together; K is the sum of theirs.

    Args:
        contexts: one or more kinds of contexts.
    """

    def __init__(self, *contexts: Context):
        super().__init__(contexts[0].padding_id, sum(context.count for context in contexts))
        self.contexts = contexts

    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Concatenate the contexts in the order of their kinds."""
        return torch.cat([context(ids, spans, generator) for context in self.contexts], dim=1)


class SampledContext(Context):
    """The sentence with the words near a phrase sampled from a language model (Jin et al., section 3.2).

    Words to the right of the phrase are sampled forwards, words to its left backwards. To do so, the language model
    reads the phrase and the sentence on its other side, with padding in place of the words that are replaced there.

    Args:
        language: the language model.
        nb_range: N, the number of words on either side that are replaced.
        sample_n: K, the number of samples.
        share: read the true words on the other side instead of padding. All phrases that begin or end at the same word
            then share their samples on that side, as long as their contexts are made at the same time.

    Raises:
        InputError: if ``nb_range`` is negative or ``sample_n`` less than 1.
    """

    def __init__(self, language: BidirectionalSampler, nb_range: int = 10, sample_n: int = 20, share: bool = False):
        if nb_range < 0 or sample_n < 1:
            raise InputError(f"expected nb_range >= 0 and sample_n >= 1, got {nb_range} and {sample_n}")
        super().__init__(language.padding_id, sample_n)
        self.language = language
        self.nb_range = nb_range
        self.share = share

    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Sample the words to the right of each phrase, then those to its left."""
        starts, ends = torch.tensor(spans, device=ids.device).T
        sampled = ids.expand(len(spans), self.count, -1)
        sampled = self._replaced(sampled, ids, starts, ends, self.language.forwards, generator)
        # In the reversed sentence, the words to the left of a phrase are to its right.
        mirrored = sampled.flip(-1), ids.flip(0), len(ids) - ends, len(ids) - starts
        return self._replaced(*mirrored, self.language.backwards, generator).flip(-1)

    def _replaced(
        self,
        contexts: Tensor,
        ids: Tensor,
        starts: Tensor,
        ends: Tensor,
        sampler: DirectionalSampler,
        generator: torch.Generator,
    ) -> Tensor:
        """Replace the words to the right of each phrase in ``contexts [S, K, T]``."""
        positions = torch.arange(len(ids), device=ids.device)
        starts, ends = starts.unsqueeze(1), ends.unsqueeze(1)
        reach = min(self.nb_range, len(ids))
        words = min(reach, int((len(ids) - ends).max()))
        if words == 0:
            return contexts
        replaced = (positions < starts) & (positions >= starts - reach) & (not self.share)
        read = torch.where(replaced | (positions >= ends), self.padding_id, ids)
        # Phrases with the same beginning before the sampled words share the samples; [R, T + 1] for R beginnings.
        rows, which = torch.unique(torch.cat([read, ends], dim=1), dim=0, return_inverse=True)
        read, lengths = rows[:, :-1], rows[:, -1]
        counts = (len(ids) - lengths).clamp(max=words)
        sampled = sampler(read, lengths, self.count, counts, generator)[which]  # [S, K, words]
        steps = (positions - ends).unsqueeze(1)  # [S, 1, T], 0 at the first word to the right of the phrase
        near = (steps >= 0) & (steps < words)
        return torch.where(near, sampled.gather(-1, steps.clamp(0, words - 1).expand_as(contexts)), contexts)


def needed(context: Context | None) -> Context:
    """Return the context of an explainer that samples.

    Raises:
        InputError: if there is none.
    """
    if context is None:
        train = "python -m latent_rationale.explain.train_lm"
        raise InputError(f"needs --lm, a language model (in Python: lm=); train one with {train}")
    return context


def positions_inside(spans: Sequence[Span], length: int, device: torch.device) -> Tensor:
    """Return the mask of each phrase, bool ``[S, T]``."""
    positions = torch.arange(length, device=device)
    starts, ends = (torch.tensor(edges, device=device).unsqueeze(1) for edges in zip(*spans, strict=True))
    return (positions >= starts) & (positions < ends)
