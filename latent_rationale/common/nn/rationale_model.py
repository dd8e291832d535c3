"""A classifier of one text that may have to make do with the words a selector leaves it."""

from torch import Tensor, nn

from latent_rationale.common.nn.classifier import Classifier
from latent_rationale.common.nn.selectors import Selector
from latent_rationale.common.nn.text_model import TextModel
from latent_rationale.common.structures import Output, Tokens


class RationaleModel(TextModel):
    """Embedding, optional selector, classifier.

    Args:
        embedding: ids to vectors.
        classifier: p(y|x, z).
        selector: p(z|x), or None for a classifier of the full text.
    """

    def __init__(self, embedding: nn.Embedding, classifier: Classifier, selector: Selector | None = None):
        super().__init__(embedding)
        self.classifier = classifier
        self.selector = selector

    def read(self, embedded: Tensor, tokens: Tokens) -> Output:
        """Scores ``[B, C]`` and the rationale they rest on."""
        if self.selector is None:
            return Output(self.classifier(embedded, tokens))
        rationale = self.selector(embedded, tokens)
        return Output(self.classifier(embedded, tokens, rationale.z), rationale)
