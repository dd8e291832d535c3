"""The HardKuma distribution of Bastings, Aziz & Titov (2019)."""

from torch import Tensor
from torch.distributions import constraints
from torch.nn.functional import softplus

from latent_rationale.common.distributions.kumaraswamy import Kumaraswamy
from latent_rationale.common.distributions.rectified import Rectified


class HardKuma(Rectified):
    """HardKuma(a, b, low, high): a Kumaraswamy variable, stretched and rectified (paper, section 3.2, appendix A.2).

    Args:
        a: first shape parameter of the Kumaraswamy base, positive.
        b: second shape parameter, positive.
        low: lower end of the stretched support, below 0.
        high: upper end, above 1.
    """

    base: Kumaraswamy
    parameter_count = 2
    arg_constraints = {"a": constraints.positive, "b": constraints.positive}

    def __init__(
        self,
        a: Tensor | float,
        b: Tensor | float,
        low: float = -0.1,
        high: float = 1.1,
        validate_args: bool | None = None,
    ):
        super().__init__(Kumaraswamy(a, b, validate_args=validate_args), low, high, validate_args=validate_args)

    @classmethod
    def from_raw(cls, raw: Tensor) -> "HardKuma":
        """Map raw values ``[*, 2]`` to a and b by softplus, clamped to [1e-6, 100] (finite gradients in float32)."""
        a, b = softplus(raw).clamp(1e-6, 100).unbind(-1)
        return cls(a, b, validate_args=False)

    @property
    def a(self) -> Tensor:
        """First shape parameter of the base."""
        return self.base.a

    @property
    def b(self) -> Tensor:
        """Second shape parameter of the base."""
        return self.base.b
