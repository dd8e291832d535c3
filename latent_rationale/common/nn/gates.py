"""From a word's hidden state to a distribution over its choice."""

from torch import Tensor, nn

from latent_rationale.common.distributions import Selection
from latent_rationale.common.nn.initialization import linear


class Gate(nn.Module):
    """One linear layer per parameter of a distribution, whose own ``from_raw`` bounds what they say.

    Args:
        input_size: D.
        family: the distribution to parameterise.
    """

    def __init__(self, input_size: int, family: type[Selection]):
        super().__init__()
        self.family = family
        self.layer = linear(input_size, family.parameter_count, parts=family.parameter_count)

    def forward(self, states: Tensor) -> Selection:
        """States ``[*, D]`` to a distribution with batch shape ``[*]``."""
        return self.family.from_raw(self.layer(states))
