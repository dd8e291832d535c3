"""How a choice is drawn. A new distribution is one file here and one line in ``DISTRIBUTIONS``."""

from latent_rationale.common.distributions.bernoulli import Bernoulli
from latent_rationale.common.distributions.hardconcrete import BinaryConcrete, HardConcrete
from latent_rationale.common.distributions.hardkuma import HardKuma
from latent_rationale.common.distributions.kumaraswamy import Kumaraswamy
from latent_rationale.common.distributions.rectified import Rectified
from latent_rationale.common.distributions.selection import Selection, UnitInterval, uniform_noise

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
