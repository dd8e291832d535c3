"""The HardConcrete distribution of Louizos, Welling & Kingma (2018)."""

from torch import Tensor
from torch.distributions import constraints

from latent_rationale.common.distributions.binaryconcrete import BinaryConcrete
from latent_rationale.common.distributions.rectified import Rectified


class HardConcrete(Rectified):
    """HardConcrete(location, temperature, low, high): a BinaryConcrete variable, stretched and rectified.

    Args:
        location: log alpha of the base.
        temperature: temperature of the base; 2/3 as in Louizos et al. (2018), section 2.2.
        low: lower end of the stretched support, below 0.
        high: upper end, above 1.
    """

    base: BinaryConcrete
    parameter_count = 1
    arg_constraints = {"location": constraints.real}

    def __init__(
        self,
        location: Tensor | float,
        temperature: Tensor | float = 2 / 3,
        low: float = -0.1,
        high: float = 1.1,
        validate_args: bool | None = None,
    ):
        base = BinaryConcrete(location, temperature, validate_args=validate_args)
        super().__init__(base, low, high, validate_args=validate_args)

    @classmethod
    def from_raw(cls, raw: Tensor) -> "HardConcrete":
        """Take the raw value ``[*, 1]`` as the location."""
        (parameter,) = raw.unbind(-1)
        return cls(parameter, validate_args=False)

    @property
    def location(self) -> Tensor:
        """Location (log alpha) of the base."""
        return self.base.location
