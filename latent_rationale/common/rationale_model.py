"""A classifier of one text that may have to make do with the words a selector leaves it."""

from torch import Tensor, nn

from latent_rationale.common.classifier import Classifier
from latent_rationale.common.selectors import Selector
from latent_rationale.common.structures import Batch, Output, Tokens


class RationaleModel(nn.Module):
    """Embedding, optional selector, classifier. It owns the one embedding, which both others read.

    Args:
        embedding: ids to vectors; differentiated only where its weight asks for it.
        classifier: p(y|x, z).
        selector: p(z|x), or None for a classifier of the full text.
    """

    def __init__(self, embedding: nn.Embedding, classifier: Classifier, selector: Selector | None = None):
        super().__init__()
        self.embedding = embedding
        self.classifier = classifier
        self.selector = selector

    def forward(self, batch: Batch) -> Output:
        """Scores ``[B, C]`` and the rationale they rest on."""
        (tokens,) = batch.inputs
        return self.read(self.embedding(tokens.ids), tokens)

    def read(self, embedded: Tensor, tokens: Tokens) -> Output:
        """The same from embedded words ``[B, T, D]``."""
        if self.selector is None:
            return Output(self.classifier(embedded, tokens))
        rationale = self.selector(embedded, tokens)
        return Output(self.classifier(embedded, tokens, rationale.z), rationale)
