"""The Bernoulli distribution of Lei, Barzilay & Jaakkola (2016), for REINFORCE."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints
from torch.nn.functional import logsigmoid

from latent_rationale.common.distributions.selection import Selection, Shape, uniform_noise


class Bernoulli(Selection):
    """A choice of exactly 0 or 1, given by its logit. Samples carry no gradient.

    Args:
        logits: log(p / (1 - p)) of taking a word, any real number.
    """

    parameter_count = 1
    arg_constraints = {"logits": constraints.real}
    support = constraints.boolean

    def __init__(self, logits: Tensor | float, validate_args: bool | None = None):
        self.logits = torch.as_tensor(logits)
        super().__init__(self.logits.shape, validate_args=validate_args)

    @classmethod
    def from_raw(cls, raw: Tensor) -> "Bernoulli":
        """The raw number is the logit."""
        (parameter,) = raw.unbind(-1)
        return cls(parameter, validate_args=False)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "Bernoulli":
        """The same distribution over a larger batch shape."""
        return Bernoulli(self.logits.expand(batch_shape), validate_args=False)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Samples in {0, 1}, of the number format of the logits."""
        return self.icdf(uniform_noise(self._extended_shape(torch.Size(sample_shape)), self.logits))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf: 0 up to P(Z = 0), then 1."""
        return (value > self.p0).to(self.logits.dtype)

    @property
    def p0(self) -> Tensor:
        """P(Z = 0)."""
        return torch.sigmoid(-self.logits)

    @property
    def p1(self) -> Tensor:
        """P(Z = 1)."""
        return torch.sigmoid(self.logits)

    def cdf(self, value: Tensor) -> Tensor:
        """P(Z <= value), which steps at 0 and at 1."""
        return torch.where(value < 0, 0.0, torch.where(value < 1, self.p0, 1.0))

    def log_prob(self, value: Tensor) -> Tensor:
        """The log probability of 0 or 1."""
        if self._validate_args:
            self._validate_sample(value)
        return logsigmoid(torch.where(value == 0, -self.logits, self.logits))

    @property
    def mean(self) -> Tensor:
        """P(Z = 1)."""
        return self.p1

    def decide(self) -> Tensor:
        """The likelier of 0 and 1."""
        return (self.logits >= 0).to(self.logits.dtype)
