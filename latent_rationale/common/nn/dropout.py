"""Dropout that is fast on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Dropout(nn.Dropout):
    """Variant of ``torch.nn.Dropout`` that is several times faster on a CPU: one random number serves four elements.

    The probability is rounded to a multiple of 2^-16. Kept elements are scaled according to the rounded probability, so
    that the expectation is exact.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Zero each element with probability p and scale the others in training mode; else return the inputs."""
        dropped = round(self.p * 2**16)  # of 2^16 equally likely values of the noise
        if not self.training or inputs.device.type != "cpu" or not 0 < dropped < 2**16:
            return functional.dropout(inputs, self.p, self.training)
        # Drawing random numbers is the expensive part. A 64-bit number is viewed as four independent 16-bit numbers,
        # uniform on [-2^15, 2^15); the last 64-bit number may have up to three more than there are elements.
        words = torch.empty((inputs.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        noise = words.view(torch.int16)[: inputs.numel()].view(inputs.shape)
        keep = (noise >= dropped - 2**15).to(inputs.dtype)  # false for the lowest ``dropped`` values
        return inputs * keep.mul_(2**16 / (2**16 - dropped))
