"""Direct feed: the score of a phrase alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span


class DirectFeed(Explainer):
    """Direct feed: s(p) of a phrase p that is read as if it were the sentence. No context is used."""

    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Score the phrases as sentences of their own lengths."""
        phrases = [ids[start:end] for start, end in spans]
        rows = torch.nn.utils.rnn.pad_sequence(phrases, batch_first=True, padding_value=self.model.padding_id)
        lengths = torch.tensor([len(phrase) for phrase in phrases], device=ids.device)
        return self.model.margins(Tokens.of(rows, lengths), self.label)
