"""Distributions over the choice of a word, in the vocabulary of ``torch.distributions``.

A new distribution is one file here, one line in ``DISTRIBUTIONS`` and one entry in the table of its tests.
"""

from latent_rationale.common.distributions.bernoulli import Bernoulli
from latent_rationale.common.distributions.binaryconcrete import BinaryConcrete
from latent_rationale.common.distributions.hardconcrete import HardConcrete
from latent_rationale.common.distributions.hardkuma import HardKuma
from latent_rationale.common.distributions.kumaraswamy import Kumaraswamy
from latent_rationale.common.distributions.numerics import uniform_noise
from latent_rationale.common.distributions.rectified import Rectified
from latent_rationale.common.distributions.selection import Selection, UnitInterval

DISTRIBUTIONS: dict[str, type[Selection]] = {
    "bernoulli": Bernoulli,
    "hardkuma": HardKuma,
    "hardconcrete": HardConcrete,
}

__all__ = [
    "DISTRIBUTIONS",
    "Bernoulli",
    "BinaryConcrete",
    "HardConcrete",
    "HardKuma",
    "Kumaraswamy",
    "Rectified",
    "Selection",
    "UnitInterval",
    "uniform_noise",
]
