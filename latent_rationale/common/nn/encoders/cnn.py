"""A convolutional network with max-pooling over time (Kim, 2014)."""

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_
from latent_rationale.common.structures import Tokens


class CNN(Encoder):
    """Filters over windows of three and of five words.

    The filters have no bias: a window in which nothing is selected says nothing, and an empty rationale gives zeros.

    Args:
        input_size: D.
        hidden_size: filters per window width.
        skip_unselected: let windows reach over words with z = 0, instead of reading zeros there.
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
        """The filters' responses around each word, zero at padding."""
        mask = tokens.mask.unsqueeze(-1)
        channels_first = (inputs * mask).transpose(1, 2)
        responses = torch.cat([convolution(channels_first) for convolution in self.convolutions], dim=1)
        return responses.relu().transpose(1, 2) * mask

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Each filter's largest response over the sentence."""
        scaled = inputs if z is None else inputs * z.unsqueeze(-1)
        return self.states(scaled, tokens).amax(dim=1)
