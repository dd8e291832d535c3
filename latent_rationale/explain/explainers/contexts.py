"""What stands around a phrase while it is judged. A new kind of context is one class here."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.spans import Span
from latent_rationale.explain.language_model.sampler import BidirectionalSampler, DirectionalSampler


class Context(ABC):
    """Sentences that hold a phrase where it is, and other words around it.

    Attributes:
        MEMORY: ids in the contexts of several phrases, that are made at a time.

    Args:
        padding_id: the id that stands where there is no word.
        count: K, how many there are for each phrase.
    """

    MEMORY = 2**21

    def __init__(self, padding_id: int, count: int = 1):
        self.padding_id = padding_id
        self.count = count

    @abstractmethod
    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """For each of S phrases of a sentence, ids ``[T]``, K sentences: ids ``[S, K, T]``."""

    def phrases_at_once(self, length: int) -> int:
        """For how many phrases of a sentence so long to make contexts at a time, one at least."""
        return max(1, self.MEMORY // (self.count * length))


class SentenceContext(Context):
    """The sentence itself."""

    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """K = 1."""
        return ids.expand(len(spans), 1, -1)


class EmptyContext(Context):
    """Nothing but padding."""

    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """K = 1."""
        inside = positions_inside(spans, len(ids), ids.device)
        return torch.where(inside, ids, self.padding_id).unsqueeze(1)


class JoinedContext(Context):
    """All that several contexts have.

    Args:
        contexts: those.
    """

    def __init__(self, *contexts: Context):
        super().__init__(contexts[0].padding_id, sum(context.count for context in contexts))
        self.contexts = contexts

    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """K is the sum of theirs."""
        return torch.cat([context(ids, spans) for context in self.contexts], dim=1)


class SampledContext(Context):
    """The words near a phrase replaced by what a language model would put there (Jin et al., section 3.2).

    The words to its right are drawn forwards, those to its left backwards. The models read the phrase and what stands
    beyond it on the other side, with padding for what is replaced there.

    Args:
        language: goes on in either direction.
        nb_range: N, how many words on either side are replaced.
        sample_n: K, how often.
        share: read the true words on the other side instead of padding. All phrases that end at the same word, or begin
            there, then share their samples, if their contexts are made at the same time.

    Raises:
        InputError: for a negative range, or no samples.
    """

    def __init__(self, language: BidirectionalSampler, nb_range: int = 10, sample_n: int = 20, share: bool = False):
        if nb_range < 0 or sample_n < 1:
            raise InputError(f"expected nb_range >= 0 and sample_n >= 1, got {nb_range} and {sample_n}")
        super().__init__(language.padding_id, sample_n)
        self.language = language
        self.nb_range = nb_range
        self.share = share

    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """K = ``sample_n``."""
        starts, ends = torch.tensor(spans, device=ids.device).T
        drawn = ids.expand(len(spans), self.count, -1)
        drawn = self._replaced(drawn, ids, starts, ends, self.language.forwards)
        # What stands to the left stands to the right in a mirror.
        drawn = self._replaced(drawn.flip(-1), ids.flip(0), len(ids) - ends, len(ids) - starts, self.language.backwards)
        return drawn.flip(-1)

    def _replaced(
        self, drawn: Tensor, ids: Tensor, starts: Tensor, ends: Tensor, sampler: DirectionalSampler
    ) -> Tensor:
        """``drawn [S, K, T]`` with new words behind each phrase."""
        positions = torch.arange(len(ids), device=ids.device)
        starts, ends = starts.unsqueeze(1), ends.unsqueeze(1)
        reach = min(self.nb_range, len(ids))
        words = min(reach, int((len(ids) - ends).max()))
        if words == 0:
            return drawn
        replaced = (positions < starts) & (positions >= starts - reach) & (not self.share)
        read = torch.where(replaced | (positions >= ends), self.padding_id, ids)
        rows, which = torch.unique(torch.cat([read, ends], dim=1), dim=0, return_inverse=True)
        read, lengths = rows[:, :-1], rows[:, -1]
        sampled = sampler(read, lengths, self.count, (len(ids) - lengths).clamp(max=words))[which]
        steps = (positions - ends).unsqueeze(1)
        near = (steps >= 0) & (steps < words)
        return torch.where(near, sampled.gather(-1, steps.clamp(0, words - 1).expand_as(drawn)), drawn)


def positions_inside(spans: Sequence[Span], length: int, device: torch.device) -> Tensor:
    """Where each phrase is, bool ``[S, T]``."""
    positions = torch.arange(length, device=device)
    starts, ends = (torch.tensor(edges, device=device).unsqueeze(1) for edges in zip(*spans, strict=True))
    return (positions >= starts) & (positions < ends)
