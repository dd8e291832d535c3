"""The Bernoulli distribution of Lei, Barzilay & Jaakkola (2016), for REINFORCE."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints, register_kl
from torch.nn.functional import logsigmoid, softplus

from latent_rationale.common.distributions.numerics import uniform_noise
from latent_rationale.common.distributions.selection import Selection, Shape


class Bernoulli(Selection):
    """Choice of exactly 0 or 1, parameterised by its logit. Samples carry no gradient.

    Args:
        logits: log(p / (1 - p)) of selecting a word, any real number.
    """

    parameter_count = 1
    arg_constraints = {"logits": constraints.real}
    support = constraints.boolean

    def __init__(self, logits: Tensor | float, validate_args: bool | None = None):
        self.logits = torch.as_tensor(logits)
        super().__init__(self.logits.shape, validate_args=validate_args)

    @classmethod
    def from_raw(cls, raw: Tensor) -> "Bernoulli":
        """Take the raw value ``[*, 1]`` as the logit."""
        (parameter,) = raw.unbind(-1)
        return cls(parameter, validate_args=False)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "Bernoulli":
        """Return the distribution with its parameter expanded to a larger batch shape."""
        return Bernoulli(self.logits.expand(batch_shape), validate_args=False)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Draw samples in {0, 1} of the floating-point type of the logits, ``[*sample_shape, *batch_shape]``."""
        return self.icdf(uniform_noise(self._extended_shape(torch.Size(sample_shape)), self.logits))

    def icdf(self, value: Tensor) -> Tensor:
        """Compute the inverse cdf: 0 up to P(Z = 0), then 1."""
        return (value > self.p0).to(self.logits.dtype)

    @property
    def p0(self) -> Tensor:
        """Probability P(Z = 0)."""
        return torch.sigmoid(-self.logits)

    @property
    def p1(self) -> Tensor:
        """Probability P(Z = 1)."""
        return torch.sigmoid(self.logits)

    def cdf(self, value: Tensor) -> Tensor:
        """Compute P(Z <= value), which steps at 0 and at 1."""
        return torch.where(value < 0, 0.0, torch.where(value < 1, self.p0, 1.0))

    def log_prob(self, value: Tensor) -> Tensor:
        """Compute the log probability of 0 or 1."""
        if self._validate_args:
            self._validate_sample(value)
        return logsigmoid(torch.where(value == 0, -self.logits, self.logits))

    @property
    def mean(self) -> Tensor:
        """Mean, P(Z = 1)."""
        return self.p1

    @property
    def variance(self) -> Tensor:
        """Variance, P(Z = 0) P(Z = 1)."""
        return self.p0 * self.p1

    @property
    def mode(self) -> Tensor:
        """More likely of 0 and 1; 1 if both are equally likely."""
        return (self.logits >= 0).to(self.logits.dtype)

    def decide(self) -> Tensor:
        """Return the more likely of 0 and 1."""
        return self.mode

    def entropy(self) -> Tensor:
        """Compute the entropy in closed form, in nats; 0 for infinite logits."""
        # -p log p of both outcomes, by the size of the logit: log(1 + exp(-l)) + l sigmoid(-l). Beyond 1000 both are 0
        # in float64, and at infinity the product would not be a number.
        size = self.logits.abs().clamp(max=1000)
        return softplus(-size) + size * torch.sigmoid(-size)


@register_kl(Bernoulli, Bernoulli)  # type: ignore[no-untyped-call, untyped-decorator]
def _kl_bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    """Compute KL(p || q) in closed form; an outcome without probability under p adds nothing."""

    def part(mass: Tensor, logits: Tensor, other: Tensor) -> Tensor:
        return mass * torch.where(mass > 0, logsigmoid(logits) - logsigmoid(other), 0.0)

    return part(p.p1, p.logits, q.logits) + part(p.p0, -p.logits, -q.logits)
