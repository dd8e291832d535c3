"""A bidirectional LSTM that is fast on a processor."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from latent_rationale.common.compiled import is_compiled
from latent_rationale.common.encoders.encoder import Encoder
from latent_rationale.common.initialisation import glorot_
from latent_rationale.common.sequences import reversed_positions, take
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """One LSTM that reads each sentence from left to right, and one that reads it from right to left.

    On a processor the compiled code of lstm.cpp runs both; elsewhere, and where it could not be compiled,
    ``torch.nn.LSTM`` does.

    Args:
        input_size: D.
        hidden_size: H, units per direction.
        skip_unselected: leave the state as it was where z = 0, instead of reading a zero there.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(2 * hidden_size, skip_unselected)
        self.forwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.backwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        for name, parameter in self.named_parameters():
            if "weight" in name:
                glorot_(parameter, parts=4)
            else:
                nn.init.zeros_(parameter)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        return self._run(inputs, tokens.lengths)

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        forwards, backwards = self._run(inputs, tokens.lengths, z).chunk(2, dim=-1)
        last = (tokens.lengths - 1).clamp(min=0).unsqueeze(1)
        return torch.cat([take(forwards, last).squeeze(1), backwards[:, 0]], dim=-1)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """States ``[B, T, 2H]`` for inputs ``[B, T, D]`` times z ``[B, T]``."""
        run = self._run_compiled if inputs.device.type == "cpu" and is_compiled() else self._run_torch
        return run(inputs, lengths, z)

    def _run_torch(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """With each sentence reversed within its length, padding comes last for both and needs no packing."""
        read = inputs if z is None else inputs * z.unsqueeze(-1)
        mirrored = reversed_positions(lengths, inputs.shape[1])
        backwards, _ = self.backwards(take(read, mirrored))
        return torch.cat([self.forwards(read)[0], take(backwards, mirrored)], dim=-1)

    def _run_compiled(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """The inputs are scaled after their projection.

        Fixed embeddings then need no gradient, and z gets its own without the matrix product that would lead to them.
        """
        weights = [layer.all_weights[0] for layer in (self.forwards, self.backwards)]
        projected = (functional.linear(inputs, input_weight).contiguous() for input_weight, *_ in weights)
        recurrent_weights = (recurrent_weight for _, recurrent_weight, *_ in weights)
        biases = (input_bias + recurrent_bias for *_, input_bias, recurrent_bias in weights)
        scale = None if z is None else z.contiguous()
        states: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]
            scale, lengths, *projected, *biases, *recurrent_weights
        )
        return states


class _Recurrence(torch.autograd.Function):
    """The operators of lstm.cpp, which has the shapes: a forward and a backward tensor of each kind."""

    @staticmethod
    def forward(ctx: Any, scale: Tensor | None, lengths: Tensor, *tensors: Tensor) -> Tensor:
        projected, biases, weights = tensors[0:2], tensors[2:4], tensors[4:6]
        states: Tensor
        states, *kept = torch.ops.latent_rationale.lstm(projected, scale, biases, weights, lengths)
        ctx.save_for_backward(scale, lengths, *projected, *weights, *kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor | None, ...]:
        scale, lengths, *tensors = ctx.saved_tensors
        projected, weights, kept = tensors[0:2], tensors[2:4], tensors[4:]
        grad_projected, grad_scale, grad_biases, grad_weights = torch.ops.latent_rationale.lstm_backward(
            grad_states.contiguous(), projected, scale, weights, lengths, *kept
        )
        return None if scale is None else grad_scale, None, *grad_projected, *grad_biases, *grad_weights
