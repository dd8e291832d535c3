"""Models of two sentences, which differ in how they encode a sentence."""

from latent_rationale.snli.models.alignment_model import AlignmentModel
from latent_rationale.snli.models.decomposable import DecomposableAttention
from latent_rationale.snli.models.recurrent import Recurrent

__all__ = ["AlignmentModel", "DecomposableAttention", "Recurrent"]
