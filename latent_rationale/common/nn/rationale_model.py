"""Classifier of one text that reads all words, or only the words that a selector chooses."""

from torch import Tensor, nn

from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.model import TextModel
from latent_rationale.common.nn.selectors import Selector
from latent_rationale.common.structures import Output, Tokens


class RationaleModel(TextModel):
    """Embedding, optional selector, and classifier.

    Args:
        embedding: lookup table from ids to vectors.
        classifier: network that computes p(y|x, z).
        selector: network that computes p(z|x); None for a classifier of the full text.
    """

    def __init__(self, embedding: nn.Embedding, classifier: Classifier, selector: Selector | None = None):
        super().__init__(embedding)
        self.classifier = classifier
        self.selector = selector

    def forward_embedded(self, embedded: Tensor, tokens: Tokens) -> Output:
        """Compute scores ``[B, C]`` and the rationale that they depend on, from embedded words ``[B, T, D]``."""
        if self.selector is None:
            return Output(self.classifier(embedded, tokens))
        rationale = self.selector(embedded, tokens)
        return Output(self.classifier(embedded, tokens, rationale.z), rationale)
