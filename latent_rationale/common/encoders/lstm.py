"""A bidirectional LSTM that is fast on a processor."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from latent_rationale.common.encoders.encoder import Encoder
from latent_rationale.common.initialisation import glorot_
from latent_rationale.common.sequences import reversed_positions, take
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """One LSTM from left to right, and one from right to left over each sentence reversed within its length.

    Thus padding comes last for both and needs no masking, nor packing. On a processor both run in one recurrence with a
    hand-written backward; elsewhere ``torch.nn.LSTM`` runs them.

    Args:
        input_size: D.
        hidden_size: units per direction.
        skip_unselected: leave the state as it was where z = 0, instead of reading a zero there.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(2 * hidden_size, skip_unselected)
        self.forwards = nn.LSTM(input_size, hidden_size)
        self.backwards = nn.LSTM(input_size, hidden_size)
        for name, parameter in self.named_parameters():
            if "weight" in name:
                glorot_(parameter, parts=4)
            else:
                nn.init.zeros_(parameter)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        forwards, backwards = self._run(inputs, tokens.lengths).unbind(1)
        mirrored = reversed_positions(tokens.lengths, inputs.shape[1])
        return torch.cat([forwards.transpose(0, 1), take(backwards.transpose(0, 1), mirrored)], dim=-1)

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        states = self._run(inputs, tokens.lengths, z)
        rows = torch.arange(len(inputs), device=inputs.device)
        return states[(tokens.lengths - 1).clamp(min=0), :, rows].flatten(1)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """States ``[T, 2, B, H]`` in the order of reading, for inputs ``[B, T, D]`` times z ``[B, T]``."""
        mirrored = reversed_positions(lengths, inputs.shape[1])
        both = torch.stack([inputs.transpose(0, 1), take(inputs, mirrored).transpose(0, 1)])
        scale = None if z is None else torch.stack([z.t(), take(z, mirrored).t()]).unsqueeze(-1)
        run = self._run_on_processor if inputs.device.type == "cpu" else self._run_elsewhere
        return run(both, scale)

    def _run_elsewhere(self, both: Tensor, scale: Tensor | None) -> Tensor:
        """Inputs ``[2, T, B, D]`` to states ``[T, 2, B, H]``, with torch's own LSTM."""
        read = both if scale is None else both * scale
        return torch.stack([self.forwards(read[0])[0], self.backwards(read[1])[0]], dim=1)

    def _run_on_processor(self, both: Tensor, scale: Tensor | None) -> Tensor:
        """The same in one recurrence.

        The inputs are scaled after their projection: fixed embeddings then need no gradient, and scale gets its own
        without the matrix product that would lead back to them.
        """
        pairs = zip(self.forwards.all_weights[0], self.backwards.all_weights[0], strict=True)
        input_weight, recurrent_weight, input_bias, recurrent_bias = (torch.stack(pair) for pair in pairs)
        bias = (input_bias + recurrent_bias).unsqueeze(1)
        flat = both.flatten(1, 2)
        if scale is None:
            gates = torch.baddbmm(bias, flat, input_weight.transpose(1, 2))
        else:
            gates = torch.addcmul(bias, torch.bmm(flat, input_weight.transpose(1, 2)), scale.flatten(1, 2))
        return _recur(gates.view(*both.shape[:3], -1), recurrent_weight)


def _recur(gates: Tensor, weight: Tensor) -> Tensor:
    """``_Recurrence``, with types."""
    states: Tensor = _Recurrence.apply(gates, weight)  # type: ignore[no-untyped-call]
    return states


class _Recurrence(torch.autograd.Function):
    """From gates before their nonlinearity to states, for two LSTMs at once.

    ``gates [2, T, B, 4H]`` hold the projected inputs and biases, in torch's order: input, forget, cell, output;
    ``weight [2, 4H, H]`` is the recurrent one. A step's products take only some ten times as long as each call around
    them. So what can be done for all steps at once is done outside the loops, down to cutting the tensors into steps,
    and inside them everything is written in place.
    """

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor) -> Tensor:
        directions, steps, batch, width = gates.shape
        size = width // 4
        active = gates.new_empty(steps, directions, batch, width)
        memory = gates.new_zeros(steps + 1, directions, batch, size)
        hidden = torch.zeros_like(memory)
        memory_tanh = torch.empty_like(memory[1:])
        transposed = weight.transpose(1, 2).contiguous()
        given, now = gates.unbind(1), active.unbind(0)
        write, keep, cell, show = (gate.unbind(0) for gate in torch.split(active, size, dim=-1))
        write_and_keep = active[..., : 2 * size].unbind(0)
        c, h, c_tanh = memory.unbind(0), hidden.unbind(0), memory_tanh.unbind(0)
        for t in range(steps):
            torch.baddbmm(given[t], h[t], transposed, out=now[t])
            write_and_keep[t].sigmoid_()
            cell[t].tanh_()
            show[t].sigmoid_()
            torch.mul(keep[t], c[t], out=c[t + 1]).addcmul_(write[t], cell[t])
            torch.tanh(c[t + 1], out=c_tanh[t])
            torch.mul(show[t], c_tanh[t], out=h[t + 1])
        ctx.save_for_backward(active, memory, hidden, memory_tanh, weight)
        return hidden[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_hidden: Tensor) -> tuple[Tensor, Tensor]:
        active, memory, hidden, memory_tanh, weight = ctx.saved_tensors
        size = memory.shape[-1]
        write, keep, cell, show = torch.split(active, size, dim=-1)
        # How c changes with the inputs of the first three gates, and h with that of the fourth and with c.
        slopes = torch.addcmul(active, active, active, value=-1)
        write_slope, keep_slope, cell_slope, show_slope = torch.split(slopes, size, dim=-1)
        write_slope *= cell
        keep_slope *= memory[:-1]
        torch.addcmul(write, write, cell * cell, value=-1, out=cell_slope)
        show_slope *= memory_tanh
        memory_slope = torch.addcmul(show, show, memory_tanh * memory_tanh, value=-1).unbind(0)
        grad_gates = torch.empty_like(active)
        by_gate = [x.view(*x.shape[:-1], 4, size) for x in (slopes, grad_gates)]
        memory_slopes, grad_memory_gates = (x[..., :3, :].unbind(0) for x in by_gate)
        show_slopes, grad_show = (x[..., 3, :].unbind(0) for x in by_gate)
        keeps, arriving, now = keep.unbind(0), grad_hidden.unbind(0), grad_gates.unbind(0)
        grad_memory = torch.zeros_like(memory[0])
        grad = arriving[-1]
        for t in range(len(now) - 1, -1, -1):
            grad_memory.addcmul_(grad, memory_slope[t])
            torch.mul(memory_slopes[t], grad_memory.unsqueeze(2), out=grad_memory_gates[t])
            torch.mul(show_slopes[t], grad, out=grad_show[t])
            if t > 0:
                grad_memory *= keeps[t]
                grad = torch.baddbmm(arriving[t - 1], now[t], weight)
        grad_gates = grad_gates.transpose(0, 1).contiguous()
        before = hidden[:-1].transpose(0, 1).flatten(1, 2)
        return grad_gates, torch.bmm(grad_gates.flatten(1, 2).transpose(1, 2), before)
