"""Dropout that does not cost more than the layer behind it."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Dropout(nn.Dropout):
    """``torch.nn.Dropout``, several times faster on a processor: one 64-bit random number decides over four elements.

    The probability is rounded to a multiple of 2^-16, and the kept elements are scaled by the rounded one, so that the
    expectation is exact.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Zero each element with probability p and scale the others, in training only."""
        dropped = round(self.p * 2**16)
        if not self.training or inputs.device.type != "cpu" or not 0 < dropped < 2**16:
            return functional.dropout(inputs, self.p, self.training)
        words = torch.empty((inputs.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        noise = words.view(torch.int16)[: inputs.numel()].view(inputs.shape)
        keep = (noise >= dropped - 2**15).to(inputs.dtype)
        return inputs * keep.mul_(2**16 / (2**16 - dropped))
