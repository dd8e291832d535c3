"""Initialization of weights: Glorot uniform for matrices, zero for biases."""

from torch import Tensor, nn


def glorot_(weight: Tensor, parts: int = 1) -> None:
    """Fill a weight in place with Glorot uniform values, separately for each of several stacked layers.

    The gates of a recurrent cell are stacked layers. Initialized as one layer, they would get the fan-out of all gates
    together, and thus weights that are too small.

    Args:
        weight: weight ``[parts * H, D]``, or one of a convolution.
        parts: number of layers that are stacked along the rows.
    """
    for part in weight.detach().chunk(parts):
        nn.init.xavier_uniform_(part)


def glorot_lstms_(module: nn.Module) -> None:
    """Fill all LSTMs of a module in place: Glorot uniform per gate, biases zero."""
    for name, parameter in module.named_parameters():
        if "weight" in name:
            glorot_(parameter, parts=4)
        else:
            nn.init.zeros_(parameter)


def linear(input_size: int, output_size: int, parts: int = 1) -> nn.Linear:
    """Return a linear layer, initialized as a number of separate layers side by side.

    Args:
        input_size: size of an input.
        output_size: size of an output, a multiple of ``parts``.
        parts: number of layers.
    """
    layer = nn.Linear(input_size, output_size)
    glorot_(layer.weight, parts)
    nn.init.zeros_(layer.bias)
    return layer
