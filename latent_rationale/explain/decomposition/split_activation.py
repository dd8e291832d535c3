"""A network's activations, split into what a phrase put there and the rest (Jin et al., section 3.4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.utils.errors import InputError


@dataclass(frozen=True, eq=False)
class SplitActivation:
    """An activation in several contexts of a phrase, and the part of it that is relevant to the phrase.

    The functions of torch listed in ``FUNCTION_RULES`` accept it in place of a tensor, so that a network's own code
    splits its activations. What is added or does not depend on the phrase, such as a bias, belongs to the rest.

    Attributes:
        whole: the activation under each of K contexts of S phrases, ``[S, K, *]``. The sentence itself comes first.
        relevant: one for all contexts, ``[S, 1, *]``.
    """

    whole: Tensor
    relevant: Tensor

    @classmethod
    def of(cls, values: Tensor, inside: Tensor) -> "SplitActivation":
        """Of what stands in each place ``[S, K, T, *]`` the phrase's own, ``inside [S, T]``, is relevant."""
        return cls(values, values[:, :1] * inside[:, None, :, None])

    @property
    def rest(self) -> Tensor:
        """Of the sentence itself, ``[S, 1, *]``; it and what is relevant add up to the activation."""
        return self.whole[:, :1] - self.relevant

    def each(self, function: Callable[[Tensor], Tensor]) -> "SplitActivation":
        """A linear function without a bias, of both."""
        return type(self)(function(self.whole), function(self.relevant))

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> "SplitActivation":
        """A linear layer. Its bias goes to the rest."""
        return type(self)(functional.linear(self.whole, weight, bias), functional.linear(self.relevant, weight))

    def scaled(self, factor: Tensor) -> "SplitActivation":
        """Times what depends on the context alone, ``[S, K, *]``."""
        return type(self)(self.whole * factor, (self.relevant * factor).mean(1, keepdim=True))

    def bent(self, function: Callable[[Tensor], Tensor]) -> "SplitActivation":
        """A nonlinear function f of each element: f(h) - f(h - r) is relevant, on average over contexts."""
        whole = function(self.whole)
        return type(self)(whole, (whole - function(self.whole - self.relevant)).mean(1, keepdim=True))

    def with_biases(self, own: Tensor) -> "SplitActivation":
        """What was added in the phrase's own places ``[S, 1, T, 1]`` to embedded words: it goes to the rest."""
        return self

    @classmethod
    def cat(cls, *parts: "SplitActivation") -> "SplitActivation":
        """Side by side, along the last dimension."""
        return cls(torch.cat([p.whole for p in parts], dim=-1), torch.cat([p.relevant for p in parts], dim=-1))

    def __add__(self, other: "SplitActivation | Tensor") -> "SplitActivation":
        if isinstance(other, Tensor):
            return type(self)(self.whole + other, self.relevant)
        return type(self)(self.whole + other.whole, self.relevant + other.relevant)

    def __sub__(self, other: "SplitActivation") -> "SplitActivation":
        return type(self)(self.whole - other.whole, self.relevant - other.relevant)

    def __mul__(self, other: "SplitActivation") -> "SplitActivation":
        """Relevant is what either part has to do with, on average over contexts; not what the rests make together."""
        rests = (self.whole - self.relevant) * (other.whole - other.relevant)
        whole = self.whole * other.whole
        return type(self)(whole, (whole - rests).mean(1, keepdim=True))

    def chunk(self, chunks: int, dim: int) -> "list[SplitActivation]":
        """Pieces along a dimension counted from the end."""
        pairs = zip(self.whole.chunk(chunks, dim), self.relevant.chunk(chunks, dim), strict=True)
        return [type(self)(*pair) for pair in pairs]

    def sigmoid(self) -> "SplitActivation":
        """Between 0 and 1."""
        return self.bent(torch.sigmoid)

    def tanh(self) -> "SplitActivation":
        """Between -1 and 1."""
        return self.bent(_tanh)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Sequence[type], args: Sequence[Any], kwargs: Mapping[str, Any] | None = None
    ) -> "SplitActivation":
        if function not in FUNCTION_RULES:
            raise InputError(f"no rule tells how {getattr(function, '__name__', function)} splits an activation")
        found: SplitActivation = FUNCTION_RULES[function](*args, **(kwargs or {}))
        return found


@dataclass(frozen=True, eq=False)
class MurdochActivation(SplitActivation):
    """Split as CD does, in the sentence alone (Murdoch, Liu & Yu, ICLR 2018): a bias is a part of its own.

    Attributes:
        bias: what the linear layer that made the activation added, in all places alike; None elsewhere.
    """

    bias: Tensor | None = None

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> SplitActivation:
        """Remembers the bias."""
        return MurdochActivation(
            functional.linear(self.whole, weight, bias), functional.linear(self.relevant, weight), bias
        )

    def with_biases(self, own: Tensor) -> SplitActivation:
        """In the phrase's own places they go to the phrase, as the product of two biases does in an LSTM."""
        return MurdochActivation(self.whole, self.whole * own)

    def bent(self, function: Callable[[Tensor], Tensor]) -> SplitActivation:
        """In both orders of adding the parts."""
        bias = self.relevant.new_zeros(()) if self.bias is None else self.bias
        return MurdochActivation(function(self.whole), in_both_orders(function, self.relevant, self.whole, bias))


def in_both_orders(function: Callable[[Tensor], Tensor], relevant: Tensor, whole: Tensor, bias: Tensor) -> Tensor:
    """What the relevant part changes of a nonlinear function, on average over adding it to the bias first, and last."""
    first, last = function(relevant + bias) - function(bias), function(whole) - function(whole - relevant)
    return (first + last) / 2


def _tanh(x: Tensor) -> Tensor:
    """On a processor torch's own takes twice as long; the error is one of rounding 1."""
    return 2 * torch.sigmoid(2 * x) - 1


def _lerp(start: SplitActivation, end: SplitActivation, weight: SplitActivation) -> SplitActivation:
    return start + weight * (end - start)


FUNCTION_RULES: dict[Any, Callable[..., SplitActivation]] = {
    functional.linear: lambda parts, *layer: parts.linear(*layer),  # each kind by its own
    torch.sigmoid: SplitActivation.sigmoid,
    torch.tanh: SplitActivation.tanh,
    torch.lerp: _lerp,
}
"""How functions split what they are given."""
