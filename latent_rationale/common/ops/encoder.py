"""Compiled bidirectional recurrent encoders of ``csrc/encoder.h``."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from latent_rationale.common.ops.library import find_operator


class DirectionWeights(NamedTuple):
    """Weights of one direction, for H units and D inputs; a cell determines the numbers of gates and of biases.

    Attributes:
        input_weight: ``[gates * H, D]``.
        recurrent_weight: ``[recurrent_gates * H, H]``.
        bias: ``[biases * H]``.
    """

    input_weight: Tensor
    recurrent_weight: Tensor
    bias: Tensor


def encode(
    cell: str,
    inputs: Tensor,
    lengths: Tensor,
    z: Tensor | None,
    forwards: DirectionWeights,
    backwards: DirectionWeights,
) -> Tensor | None:
    """Compute states ``[B, T, 2H]``, zero at padding, of inputs ``[B, T, D]`` times z ``[B, T]``.

    The inputs are scaled after their projection. Fixed embeddings then need no gradient, and z gets its own without the
    matrix product that would lead to them.

    Args:
        cell: its name.
        inputs: embedded words.
        lengths: of the sentences, ``[B]``.
        z: the factor of each word; None for 1.
        forwards: weights from left to right.
        backwards: weights from right to left.

    Returns:
        None where the cell has no compiled encoder for the device.
    """
    if find_operator(f"{cell}_encoder", inputs.device) is None:
        return None
    directions = (forwards, backwards)
    # Under autocast products are of a smaller type; the operator needs that of the weights.
    dtype = forwards.input_weight.dtype
    projected = (functional.linear(inputs, weights.input_weight).to(dtype).contiguous() for weights in directions)
    recurrent_weight = (weights.recurrent_weight for weights in directions)
    bias = (weights.bias for weights in directions)
    z = None if z is None else z.contiguous()
    tensors = (*projected, *recurrent_weight, *bias)
    if torch.is_grad_enabled():
        states: Tensor = _Encoder.apply(cell, z, lengths, *tensors)  # type: ignore[no-untyped-call]
    else:
        states, *_ = _encode(cell, z, lengths, tensors, keep=False)
    return states


def _encode(cell: str, z: Tensor | None, lengths: Tensor, tensors: tuple[Tensor, ...], keep: bool) -> Any:
    """Call the operator with a forward and a backward tensor of each kind."""
    operator = getattr(torch.ops.latent_rationale, f"{cell}_encoder")
    return operator(
        projected=tensors[0:2], z=z, lengths=lengths, recurrent_weight=tensors[2:4], bias=tensors[4:6], keep=keep
    )


class _Encoder(torch.autograd.Function):
    """The operators of a cell."""

    @staticmethod
    def forward(ctx: Any, cell: str, z: Tensor | None, lengths: Tensor, *tensors: Tensor) -> Tensor:
        states: Tensor
        states, *trace = _encode(cell, z, lengths, tensors, keep=True)
        ctx.cell = cell
        ctx.save_for_backward(z, lengths, *tensors[:4], *trace)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor | None, ...]:
        z, lengths, *tensors = ctx.saved_tensors
        gates, memory, hidden = tensors[4:]
        operator = getattr(torch.ops.latent_rationale, f"{ctx.cell}_encoder_backward")
        grad_projected, grad_z, grad_recurrent_weight, grad_bias = operator(
            grad_states=grad_states.contiguous(),
            projected=tensors[0:2],
            z=z,
            lengths=lengths,
            recurrent_weight=tensors[2:4],
            gates=gates,
            memory=memory,
            hidden=hidden,
        )
        return None, None if z is None else grad_z, None, *grad_projected, *grad_recurrent_weight, *grad_bias
