"""Decomposable attention as one would write it: what scripts/benchmark compares the package's with.

Modules of torch and nothing else, on batches of pairs as they come; the same sizes, dropout and masks.
"""

import torch
from torch import Tensor, nn

from latent_rationale.common.structures import Batch, Output


class PlainDecomposable(nn.Module):
    """Project, attend, compare, aggregate (Parikh et al., 2016).

    Args:
        vectors: of the words, ``[V, E]``; they stay as they are.
        projection_size: units of the projection.
        hidden_size: units of the networks.
        output_size: C.
        dropout: before each linear layer of the networks.
    """

    def __init__(self, vectors: Tensor, projection_size: int, hidden_size: int, output_size: int, dropout: float):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors)  # type: ignore[no-untyped-call]
        self.projection = nn.Linear(vectors.shape[1], projection_size)
        self.attend = _network(projection_size, hidden_size, dropout)
        self.compare = _network(2 * projection_size, hidden_size, dropout)
        self.aggregate = _network(2 * hidden_size, hidden_size, dropout)
        self.output = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden_size, output_size))

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]`` of pairs."""
        premise, hypothesis = batch.inputs
        left, right = (self.projection(self.embedding(tokens.ids)) for tokens in (premise, hypothesis))
        scores = torch.bmm(self.attend(left), self.attend(right).transpose(1, 2))
        lowest = torch.finfo(scores.dtype).min
        p2h = scores.masked_fill(~hypothesis.mask.unsqueeze(1), lowest).softmax(2)
        h2p = scores.masked_fill(~premise.mask.unsqueeze(2), lowest).softmax(1).transpose(1, 2)
        compared = [
            (self.compare(torch.cat([states, torch.bmm(weights, other)], 2)) * tokens.mask.unsqueeze(2)).sum(1)
            for states, other, weights, tokens in ((left, right, p2h, premise), (right, left, h2p, hypothesis))
        ]
        return Output(self.output(self.aggregate(torch.cat(compared, 1))))


def _network(input_size: int, hidden_size: int, dropout: float) -> nn.Sequential:
    first, second = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
    return nn.Sequential(nn.Dropout(dropout), first, nn.ReLU(), nn.Dropout(dropout), second, nn.ReLU())
