"""The latent SST model as one would write it with torch's own modules: what scripts/benchmark compares with.

Packed bidirectional LSTMs, ``nn.Dropout``, Adam as it comes, batches in random order. The distribution and the
objective are the package's, so that both models compute the same thing.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from latent_rationale.common.distributions import HardKuma
from latent_rationale.common.structures import Batch, Output, Rationale


class PlainModel(nn.Module):
    """Selector and classifier, each a packed bidirectional LSTM.

    Args:
        vectors: fixed word vectors ``[V, D]``.
        hidden_size: units per direction.
        output_size: classes.
        dropout: on the embeddings and before the output layer.
    """

    def __init__(self, vectors: Tensor, hidden_size: int, output_size: int, dropout: float) -> None:
        super().__init__()
        size = vectors.shape[1]
        self.embedding = nn.Embedding.from_pretrained(vectors)  # type: ignore[no-untyped-call]
        self.dropout = nn.Dropout(dropout)
        self.selector = nn.LSTM(size, hidden_size, batch_first=True, bidirectional=True)
        self.gate = nn.Linear(2 * hidden_size, 2)
        self.classifier = nn.LSTM(size, hidden_size, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden_size, output_size)

    def forward(self, batch: Batch) -> Output:
        """Compute scores and the rationale."""
        (tokens,) = batch.inputs
        embedded = self.embedding(tokens.ids)
        states, _ = self._run(self.selector, self.dropout(embedded), tokens.lengths)
        dist = HardKuma.from_raw(self.gate(states))
        z = torch.where(tokens.mask, dist.rsample(), 0.0)
        _, last = self._run(self.classifier, self.dropout(embedded) * z.unsqueeze(-1), tokens.lengths)
        scores = self.output(self.dropout(torch.cat([last[0], last[1]], dim=-1)))
        return Output(scores, Rationale(z, tokens.mask, dist))

    def _run(self, lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        states, (last, _) = lstm(packed)
        return pad_packed_sequence(states, batch_first=True)[0], last
