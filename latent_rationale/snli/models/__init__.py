"""How two sentences are read before they are compared. A new model is one file here and one line in ``MODELS``."""

from latent_rationale.snli.models.alignment_model import AlignmentModel
from latent_rationale.snli.models.decomposable import Decomposable
from latent_rationale.snli.models.recurrent import Recurrent

MODELS: dict[str, type[AlignmentModel]] = {"decomposable": Decomposable, "recurrent": Recurrent}

__all__ = ["MODELS", "AlignmentModel", "Decomposable", "Recurrent"]
