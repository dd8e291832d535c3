"""Classifier with softmax attention, whose words with the highest weights serve as a rationale."""

import torch
from torch import Tensor, nn

from latent_rationale.common.distributions import Bernoulli
from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.initialization import glorot_, linear
from latent_rationale.common.nn.model import TextModel
from latent_rationale.common.structures import Output, Rationale, Tokens


class AttentionModel(TextModel):
    """Classifier of the average of word states, weighted by softmax attention (paper, table 2: "Attention").

    The model reads every word. In evaluation mode, the words with the highest weights are returned as its rationale.

    Args:
        embedding: lookup table from ids to vectors.
        encoder: encoder of the text.
        output_size: number of scores, C.
        dropout: dropout rate of the embeddings and of the input of the output layer.
        share: share of the words that form the rationale, rounded to a whole number of words, at least one.
    """

    def __init__(self, embedding: nn.Embedding, encoder: Encoder, output_size: int, dropout: float, share: float):
        super().__init__(embedding)
        self.encoder = encoder
        self.dropout = Dropout(dropout)
        # Without a bias: it would shift all logits of a text alike, which the softmax ignores.
        self.attention = nn.Linear(encoder.output_size, 1, bias=False)
        glorot_(self.attention.weight)
        self.output = linear(encoder.output_size, output_size)
        self.share = share

    def forward_embedded(self, embedded: Tensor, tokens: Tokens) -> Output:
        """Compute scores ``[B, C]`` and attention ``[B, T]`` from embedded words ``[B, T, D]``."""
        states = self.encoder.states(self.dropout(embedded), tokens)  # [B, T, O]
        # Logits of -inf give padding a weight of exactly 0.
        logits = self.attention(states).squeeze(-1).masked_fill(~tokens.mask, -torch.inf)
        attention = logits.softmax(dim=1)  # [B, T]
        scores = self.output(self.dropout((attention.unsqueeze(-1) * states).sum(1)))
        rationale = None if self.training else highest(attention, tokens, self.share)
        return Output(scores, rationale, (attention,))


def highest(attention: Tensor, tokens: Tokens, share: float) -> Rationale:
    """Return the words with the highest attention as a rationale without uncertainty: P(Z = z) = 1.

    Args:
        attention: attention weights ``[B, T]``.
        tokens: mask and lengths of the texts.
        share: share of the words of each text to select, rounded to a whole number of words, at least one.
    """
    # The first argsort lists positions by weight, the second inverts that permutation to the rank of each position.
    # Padding gets the weight -1, below all others; the stable sort ranks equal words in their order.
    ranks = attention.masked_fill(~tokens.mask, -1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    wanted = (share * tokens.lengths).round().clamp(min=1).unsqueeze(1)  # [B, 1]
    z = ((ranks < wanted) & tokens.mask).to(attention.dtype)
    certain = Bernoulli(torch.where(z > 0, torch.inf, -torch.inf), validate_args=False)
    return Rationale(z, tokens.mask, certain)
