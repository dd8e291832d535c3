"""Many embedded words, of which few differ."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Repeated(Tensor):
    """Embedded sentences ``[*, T, D]`` that go through a linear layer word by word, not place by place.

    To every other function it is the tensor that it is. In the contexts of phrases the same few words stand in
    thousands of places, and most of a recurrent network's work is the product of its inputs.
    """

    words: Tensor
    """The words that differ, embedded, ``[N, D]``."""

    places: Tensor
    """Which of them stands where, ``[*, T]``."""

    @classmethod
    def of(cls, embedding: nn.Embedding, ids: Tensor) -> "Repeated":
        """Ids ``[*, T]``, embedded. It has no gradient."""
        unique, places = torch.unique(ids, return_inverse=True)
        with torch.no_grad():
            words = embedding(unique)
            repeated: Repeated = words[places].as_subclass(cls)
        repeated.words, repeated.places = words, places
        return repeated

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        with torch._C.DisableTorchFunctionSubclass():  # as torch's own notes on extending it do
            if function is functional.linear and isinstance(args[0], cls):
                return functional.linear(args[0].words, *args[1:], **(kwargs or {}))[args[0].places]
            return function(*args, **(kwargs or {}))
