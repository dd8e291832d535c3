"""A classifier with softmax attention, whose highest weights are read as a rationale."""

import torch
from torch import Tensor, nn

from latent_rationale.common.distributions import Bernoulli
from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.initialization import glorot_, linear
from latent_rationale.common.nn.text_model import TextModel
from latent_rationale.common.structures import Output, Rationale, Tokens


class AttentionModel(TextModel):
    """Scores from the words' states, averaged with weights that sum to one (paper, table 2: "Attention").

    It reads every word; when it does not train, the words with the highest weights are given as its rationale.

    Args:
        embedding: ids to vectors.
        encoder: reads the text.
        output_size: C.
        dropout: on the embeddings, and before the output layer.
        share: of a text's words that make up the rationale, rounded to whole words, one at least.
    """

    def __init__(self, embedding: nn.Embedding, encoder: Encoder, output_size: int, dropout: float, share: float):
        super().__init__(embedding)
        self.encoder = encoder
        self.dropout = Dropout(dropout)
        self.attention = nn.Linear(encoder.output_size, 1, bias=False)  # a bias would shift all words alike
        glorot_(self.attention.weight)
        self.output = linear(encoder.output_size, output_size)
        self.share = share

    def read(self, embedded: Tensor, tokens: Tokens) -> Output:
        """Scores ``[B, C]`` and attention ``[B, T]``."""
        states = self.encoder.states(self.dropout(embedded), tokens)
        logits = self.attention(states).squeeze(-1).masked_fill(~tokens.mask, -torch.inf)
        attention = logits.softmax(dim=1)
        scores = self.output(self.dropout((attention.unsqueeze(-1) * states).sum(1)))
        rationale = None if self.training else highest(attention, tokens, self.share)
        return Output(scores, rationale, (attention,))


def highest(attention: Tensor, tokens: Tokens, share: float) -> Rationale:
    """The words with the highest weights ``[B, T]``, as a rationale that is certain of itself."""
    ranks = attention.masked_fill(~tokens.mask, -1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    wanted = (share * tokens.lengths).round().clamp(min=1).unsqueeze(1)
    z = ((ranks < wanted) & tokens.mask).to(attention.dtype)
    certain = Bernoulli(torch.where(z > 0, torch.inf, -torch.inf), validate_args=False)
    return Rationale(z, tokens.mask, certain)
