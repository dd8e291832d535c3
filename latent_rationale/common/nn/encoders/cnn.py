"""Convolutional network with max-pooling over time (Kim, 2014)."""

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_
from latent_rationale.common.structures import Tokens


class CNN(Encoder):
    """Encoder by filters over windows of three and of five words.

    The filters have no bias, so that a window without selected words, and thus an empty rationale, gives zeros.

    Args:
        input_size: size of a word vector, D.
        hidden_size: number of filters per window width.
        skip_unselected: if true, windows consist of selected words only; else they read zeros in place of the others.
    """

    WIDTHS = (3, 5)

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(hidden_size * len(self.WIDTHS), skip_unselected)
        convolutions = [
            nn.Conv1d(input_size, hidden_size, width, padding=width // 2, bias=False) for width in self.WIDTHS
        ]
        for convolution in convolutions:
            glorot_(convolution.weight)
        self.convolutions = nn.ModuleList(convolutions)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Compute the responses of the filters around each word, ``[B, T, O]``, zero at padding."""
        mask = tokens.mask.unsqueeze(-1)
        # Padding is zeroed before, so that windows at the end of a text read zeros, and after, so that it never wins
        # the maximum: responses are at least 0.
        channels_first = (inputs * mask).transpose(1, 2)  # [B, D, T], as torch's convolutions take it
        responses = torch.cat([convolution(channels_first) for convolution in self.convolutions], dim=1)
        return responses.relu().transpose(1, 2) * mask

    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Return the largest response of each filter over the text, ``[B, O]``."""
        scaled = inputs if z is None else inputs * z.unsqueeze(-1)
        return self.states(scaled, tokens).amax(dim=1)
