"""Activations split into the part that a phrase contributes and the rest (Jin et al., section 3.4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.utils.errors import InputError


def without_rule(operation: str) -> InputError:
    """Return the error for an operation that has no rule for splitting its result."""
    return InputError(f"no rule tells how {operation} splits an activation")


def _refused(operation: str) -> Callable[..., NoReturn]:
    """Return a method for a Python operator that has no rule."""

    def refuse(self: object, *others: object) -> NoReturn:
        raise without_rule(operation)

    return refuse


@dataclass(frozen=True, eq=False)
class SplitActivation:
    """An activation in several contexts of a phrase, and the part of it that is relevant to the phrase.

    It takes the place of a tensor in a network's own code: it has the operators and methods of
    ``latent_rationale.common.nn.cells.Activation``, and functions of torch accept it if they are in
    ``FUNCTION_RULES``. A parameter or a number does not depend on the phrase; what is added by it, such as a bias,
    belongs to the rest. Any other operation raises an ``InputError`` that names the operation.

    Attributes:
        whole: the activation in each of K contexts of S phrases, ``[S, K, *]``. The sentence itself is the first
            context.
        relevant: the relevant part, one for all contexts, ``[S, 1, *]``.
    """

    whole: Tensor
    relevant: Tensor

    @classmethod
    def of(cls, values: Tensor, inside: Tensor) -> "SplitActivation":
        """Split embedded words ``[S, K, T, *]``: the words ``inside [S, T]`` a phrase are relevant to it."""
        return cls(values, values[:, :1] * inside[:, None, :, None])

    @property
    def rest(self) -> Tensor:
        """Rest of the activation in the sentence itself, ``[S, 1, *]``: whole less relevant part."""
        return self.whole[:, :1] - self.relevant

    def each(self, function: Callable[[Tensor], Tensor]) -> "SplitActivation":
        """Apply a linear function without a bias to both tensors."""
        return type(self)(function(self.whole), function(self.relevant))

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> "SplitActivation":
        """Apply a linear layer, whose bias belongs to the rest."""
        return type(self)(functional.linear(self.whole, weight, bias), functional.linear(self.relevant, weight))

    def scaled(self, factor: Tensor | float) -> "SplitActivation":
        """Multiply by a number, or by a tensor ``[S, K, *]`` that depends on the context alone."""
        return type(self)(self.whole * factor, (self.relevant * factor).mean(1, keepdim=True))

    def bent(self, function: Callable[[Tensor], Tensor]) -> "SplitActivation":
        """Apply a nonlinear function f to each element h.

        With r the relevant part of h, f(h) - f(h - r) is relevant, averaged over contexts.
        """
        whole = function(self.whole)
        return type(self)(whole, (whole - function(self.whole - self.relevant)).mean(1, keepdim=True))

    def with_biases(self, own: Tensor) -> "SplitActivation":
        """Assign what a layer added to the embedded words of the phrase, ``own [S, 1, T, 1]``: here to the rest."""
        return self

    @classmethod
    def cat(cls, *parts: "SplitActivation") -> "SplitActivation":
        """Concatenate activations along the last dimension."""
        return cls(torch.cat([p.whole for p in parts], dim=-1), torch.cat([p.relevant for p in parts], dim=-1))

    def __neg__(self) -> "SplitActivation":
        return self.each(torch.neg)

    def __add__(self, other: "SplitActivation | Tensor | float") -> "SplitActivation":
        if isinstance(other, SplitActivation):
            return type(self)(self.whole + other.whole, self.relevant + other.relevant)
        return type(self)(self.whole + other, self.relevant)

    __radd__ = __add__

    def __sub__(self, other: "SplitActivation | Tensor | float") -> "SplitActivation":
        if isinstance(other, SplitActivation):
            return type(self)(self.whole - other.whole, self.relevant - other.relevant)
        return type(self)(self.whole - other, self.relevant)

    def __rsub__(self, other: Tensor | float) -> "SplitActivation":
        return type(self)(other - self.whole, -self.relevant)

    def __mul__(self, other: "SplitActivation | Tensor | float") -> "SplitActivation":
        """Multiply; the product of both rests is the rest, averaged over contexts, and all else is relevant."""
        if not isinstance(other, SplitActivation):
            return self.scaled(other)
        rests = (self.whole - self.relevant) * (other.whole - other.relevant)
        whole = self.whole * other.whole
        return type(self)(whole, (whole - rests).mean(1, keepdim=True))

    __rmul__ = __mul__

    def chunk(self, chunks: int, dim: int) -> "tuple[SplitActivation, ...]":
        """Split into pieces along a dimension, which is counted from the end."""
        pairs = zip(self.whole.chunk(chunks, dim), self.relevant.chunk(chunks, dim), strict=True)
        return tuple(type(self)(*pair) for pair in pairs)

    def sigmoid(self) -> "SplitActivation":
        """Apply the logistic function to each element."""
        return self.bent(torch.sigmoid)

    def tanh(self) -> "SplitActivation":
        """Apply the hyperbolic tangent to each element."""
        return self.bent(_tanh)

    def lerp(self, end: "SplitActivation | Tensor", weight: "SplitActivation | Tensor | float") -> "SplitActivation":
        """Interpolate between this activation, at weight 0, and another one, at weight 1."""
        return _interpolated(self, end, weight)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Sequence[type], args: Sequence[Any], kwargs: Mapping[str, Any] | None = None
    ) -> "SplitActivation":
        name = getattr(function, "__name__", str(function))
        if name not in FUNCTION_RULES:
            raise without_rule(name)
        try:
            found: SplitActivation = FUNCTION_RULES[name](*args, **(kwargs or {}))
        except TypeError as error:  # such as an option of the function that the rule does not have
            raise without_rule(f"{name}, with these arguments,") from error
        return found

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse the methods of a tensor that have no rule.

        Raises:
            InputError: for a method or attribute of tensors.
            AttributeError: for names with a leading underscore, by which Python and libraries look for protocols.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        raise without_rule(name)

    __pow__ = __rpow__ = _refused("the operator **")
    __truediv__ = __rtruediv__ = _refused("the operator /")
    __floordiv__ = __rfloordiv__ = _refused("the operator //")
    __mod__ = __rmod__ = _refused("the operator %")
    __matmul__ = __rmatmul__ = _refused("the operator @")
    __lt__ = __le__ = __gt__ = __ge__ = _refused("a comparison")
    __abs__ = _refused("abs")
    __getitem__ = _refused("an index")
    __len__ = __bool__ = __float__ = __int__ = _refused("a conversion to a number")


@dataclass(frozen=True, eq=False)
class MurdochActivation(SplitActivation):
    """An activation split as in CD, in the sentence alone (Murdoch, Liu & Yu, ICLR 2018): a bias is a third part.

    Attributes:
        bias: what the linear layer that computed the activation added, at all positions alike; None after any other
            operation.
    """

    bias: Tensor | None = None

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> SplitActivation:
        """Apply a linear layer and keep its bias."""
        return MurdochActivation(
            functional.linear(self.whole, weight, bias), functional.linear(self.relevant, weight), bias
        )

    def with_biases(self, own: Tensor) -> SplitActivation:
        """Assign what a layer added within the phrase to the phrase, as CD does with the product of two biases."""
        return MurdochActivation(self.whole, self.whole * own)

    def bent(self, function: Callable[[Tensor], Tensor]) -> SplitActivation:
        """Apply a nonlinear function, averaged over both orders of adding relevant part and bias."""
        bias = self.relevant.new_zeros(()) if self.bias is None else self.bias
        return MurdochActivation(function(self.whole), in_both_orders(function, self.relevant, self.whole, bias))


def in_both_orders(function: Callable[[Tensor], Tensor], relevant: Tensor, whole: Tensor, bias: Tensor) -> Tensor:
    """Compute what the relevant part contributes to f(whole).

    Args:
        function: f, applied to each element.
        relevant: the relevant part of the argument.
        whole: the argument.
        bias: the part of the argument that is a bias.

    Returns:
        The mean of what f gains when the relevant part is added to the bias alone, and when it is added last.
    """
    first, last = function(relevant + bias) - function(bias), function(whole) - function(whole - relevant)
    return (first + last) / 2


def _interpolated(start: Any, end: Any, weight: Any) -> SplitActivation:
    interpolated: SplitActivation = start + weight * (end - start)
    return interpolated


def _tanh(x: Tensor) -> Tensor:
    # On a processor torch.tanh takes twice as long. The absolute error is that of rounding 1.
    return 2 * torch.sigmoid(2 * x) - 1


FUNCTION_RULES: dict[str, Callable[..., SplitActivation]] = {
    "linear": lambda parts, weight, bias=None: parts.linear(weight, bias),  # of the activation's own kind
    "sigmoid": lambda parts: parts.sigmoid(),
    "tanh": lambda parts: parts.tanh(),
    "lerp": _interpolated,
    "neg": lambda parts: -parts,
    "add": lambda first, second: second + first if isinstance(first, Tensor) else first + second,
    "sub": lambda first, second: second.__rsub__(first) if isinstance(first, Tensor) else first - second,
    "rsub": lambda first, second: second - first,
    "mul": lambda first, second: second * first if isinstance(first, Tensor) else first * second,
    "chunk": lambda parts, chunks, dim: parts.chunk(chunks, dim),
}
"""Rules of torch's functions and of the tensor methods of the same names, which torch calls for ``tensor * split``."""
