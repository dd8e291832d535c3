"""Ancestral sampling by the compiled operators of ancestral.h."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from latent_rationale.common.distributions import Selection


def sample_compiled(
    cell: str, family: type[Selection], words: Tensor, noise: Tensor, weight: Tensor, bias: Tensor, choice: Tensor
) -> tuple[Tensor, Tensor]:
    """Choices ``[B, T]``, each drawn in view of the earlier ones, and the real numbers ``[B, T, P]`` behind them.

    Args:
        cell: the name of the cell that remembers the choices.
        family: a distribution that has a ``draw_name``.
        words: ``[B, T, N + P]``, what the cell and, after it, the gate make of the words.
        noise: ``[B, T]``, uniform on (0, 1).
        weight: ``[M + P, H]``, of the cell's last hidden state, likewise.
        bias: ``[K + P]``, likewise.
        choice: ``[N]``, what the cell makes of a choice of 1.
    """
    z: Tensor
    raw: Tensor
    z, raw = _AncestralSampling.apply(cell, family, words, noise, weight, bias, choice.contiguous())  # type: ignore[no-untyped-call]
    return z, raw


class _AncestralSampling(torch.autograd.Function):
    """The operators of a cell and a draw."""

    @staticmethod
    def forward(ctx: Any, cell: str, family: type[Selection], *tensors: Tensor) -> tuple[Tensor, Tensor]:
        words, noise, weight, _, choice = tensors
        z: Tensor
        raw: Tensor
        z, raw, *kept = getattr(torch.ops.latent_rationale, f"{cell}_sample")(*tensors, family.draw_name)
        ctx.cell, ctx.draw = cell, family.draw_name
        ctx.save_for_backward(words, noise, weight, choice, z, raw, *kept)
        if not family.has_rsample:
            ctx.mark_non_differentiable(z)
        return z, raw

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_z: Tensor, grad_raw: Tensor) -> tuple[Tensor | None, ...]:
        words, noise, weight, choice, *kept = ctx.saved_tensors
        operator = getattr(torch.ops.latent_rationale, f"{ctx.cell}_sample_backward")
        grads = operator(grad_z.contiguous(), grad_raw.contiguous(), words, noise, weight, choice, ctx.draw, *kept)
        grad_words, grad_weight, grad_bias, grad_choice = grads
        return None, None, grad_words, None, grad_weight, grad_bias, grad_choice
