"""Recurrent networks that read a sentence from both sides: with the compiled cells of recurrence.h, and without."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


class Weights(NamedTuple):
    """The weights of one direction, for H units, D inputs, and as many projections, products and biases as a cell has.

    Attributes:
        inputs: ``[projections * H, D]``.
        recurrent: ``[products * H, H]``.
        bias: ``[biases * H]``.
    """

    inputs: Tensor
    recurrent: Tensor
    bias: Tensor


def run_compiled(
    cell: str, inputs: Tensor, lengths: Tensor, z: Tensor | None, forwards: Weights, backwards: Weights
) -> Tensor:
    """States ``[B, T, 2H]``, zero at padding, of a compiled cell for inputs ``[B, T, D]`` times z ``[B, T]``.

    The inputs are scaled after their projection. Fixed embeddings then need no gradient, and z gets its own without the
    matrix product that would lead to them.
    """
    directions = (forwards, backwards)
    projected = (functional.linear(inputs, weights.inputs).contiguous() for weights in directions)
    biases = (weights.bias for weights in directions)
    recurrent = (weights.recurrent for weights in directions)
    scale = None if z is None else z.contiguous()
    if torch.is_grad_enabled():
        states: Tensor = _Recurrence.apply(cell, scale, lengths, *projected, *biases, *recurrent)  # type: ignore[no-untyped-call]
    else:
        states, *_ = _operator(cell)(list(projected), scale, list(biases), list(recurrent), lengths, keep=False)
    return states


def _operator(name: str) -> Any:
    return getattr(torch.ops.latent_rationale, name)


class _Recurrence(torch.autograd.Function):
    """The operators of a cell; a forward and a backward tensor of each kind."""

    @staticmethod
    def forward(ctx: Any, cell: str, scale: Tensor | None, lengths: Tensor, *tensors: Tensor) -> Tensor:
        projected, biases, weights = tensors[0:2], tensors[2:4], tensors[4:6]
        states: Tensor
        states, *kept = _operator(cell)(projected, scale, biases, weights, lengths, keep=True)
        ctx.cell = cell
        ctx.save_for_backward(scale, lengths, *projected, *weights, *kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor | None, ...]:
        scale, lengths, *tensors = ctx.saved_tensors
        projected, weights, kept = tensors[0:2], tensors[2:4], tensors[4:]
        grad_projected, grad_scale, grad_biases, grad_weights = _operator(f"{ctx.cell}_backward")(
            grad_states.contiguous(), projected, scale, weights, lengths, *kept
        )
        return None, None if scale is None else grad_scale, None, *grad_projected, *grad_biases, *grad_weights
