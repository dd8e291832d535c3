"""Adapter between the explainers and models of this package."""

from torch import Tensor

from latent_rationale.common.nn.model import TextModel
from latent_rationale.common.structures import Tokens
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.explained_model import ExplainedModel


class ExplainedTextModel(ExplainedModel):
    """Model of this package that reads one text word by word.

    Args:
        model: the model, in evaluation mode.
        padding_id: id of padding.
        max_batch: maximum number of sentences per forward pass.
    """

    def __init__(self, model: TextModel, padding_id: int, max_batch: int | None = None):
        super().__init__(padding_id, model.embedding.weight.device, max_batch)
        self.model = model
        self._inside = RecurrentClassifier.of(model) if RecurrentClassifier.fits(model) else None

    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of ids ``[B, T]``."""
        # On a CPU, a recurrent model reads words that sentences have in common only once. On a GPU, finding these words
        # takes longer than reading all sentences.
        if self._inside is not None and tokens.ids.device.type == "cpu":
            return self._inside.scores(tokens)
        return self.scores_embedded(self.embed(tokens.ids), tokens)

    def embed(self, ids: Tensor) -> Tensor:
        """Look up the embedding of each word."""
        embedded: Tensor = self.model.embedding(ids)
        return embedded

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded words ``[B, T, D]``."""
        return self.model.forward_embedded(embedded, tokens).scores

    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Split the scores cell by cell; see ``ExplainedModel``.

        Raises:
            InputError: if the model has a selector, or its encoder is not recurrent.
        """
        return self.recurrent().decompose(contexts, inside, kind)

    def recurrent(self) -> RecurrentClassifier:
        """Return both cells of the encoder, and the output layer.

        Raises:
            InputError: if the model has a selector, or its encoder is not recurrent.
        """
        return RecurrentClassifier.of(self.model) if self._inside is None else self._inside
