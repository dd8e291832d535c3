"""How weights start: Glorot uniform for matrices, zero for biases."""

from torch import Tensor, nn


def glorot_(weight: Tensor, parts: int = 1) -> None:
    """Fill a weight in place, Glorot uniform for each of ``parts`` layers that are stacked along its rows.

    The gates of a recurrent cell are such layers: together they would get a fan-out that none of them has.
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
    """A linear layer, initialised as ``parts`` layers side by side."""
    layer = nn.Linear(input_size, output_size)
    glorot_(layer.weight, parts)
    nn.init.zeros_(layer.bias)
    return layer
