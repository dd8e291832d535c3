// A bidirectional recurrent encoder of B padded sentences of at most T words, and its gradients.
//
// The matrix products of a step are small, so a thread takes one direction and some of the sentences and reads them
// from the first word to the last by itself. Words stay where they are in the sentence: direction 0 reads from left to
// right, direction 1 starts at each sentence's own end, and padding is never read.

#pragma once

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <optional>
#include <tuple>
#include <vector>

#include "cell.h"
#include "parallel.h"

namespace latent_rationale {

using at::TensorList;

// Sentences and what both passes need of the weights; lists hold a tensor per direction.
struct EncoderInputs {
  TensorList projected;            // [B, T, gates * H]
  const std::optional<Tensor>& z;  // [B, T]; without it words are read whole
  const Tensor& lengths;           // [B]
  TensorList recurrent_weight;     // [recurrent_gates * H, H]

  int64_t batch() const { return projected[0].size(0); }
  int64_t steps() const { return projected[0].size(1); }
  int64_t units() const { return recurrent_weight[0].size(1); }

  template <typename Real>
  const Real* z_data() const {
    return z ? z->const_data_ptr<Real>() : nullptr;
  }

  // The place in its sentence of the word that is read at a step, which is not padding.
  int64_t place(int64_t direction, int64_t step, int64_t length) const {
    return direction == 0 || step >= length ? step : length - 1 - step;
  }

  void check() const {
    const auto type = projected[0].scalar_type();
    TORCH_CHECK(projected[0].is_contiguous() && projected[1].is_contiguous(), "projected words must be contiguous");
    TORCH_CHECK(!z || (z->sizes() == at::IntArrayRef{batch(), steps()} && z->is_contiguous()),
                "z must be contiguous, one number for each word");
    TORCH_CHECK(!z || z->scalar_type() == type, "z is ", z->scalar_type(), ", words are ", type);
    TORCH_CHECK(lengths.scalar_type() == at::kLong && lengths.is_contiguous() && lengths.numel() == batch(),
                "lengths must be contiguous integers, one for each sentence");
    const int64_t* const length = lengths.const_data_ptr<int64_t>();
    TORCH_CHECK(std::all_of(length, length + batch(), [this](int64_t n) { return n <= steps(); }),
                "a sentence is longer than the width ", steps());
  }
};

// What the cells leave at each step, in the order of reading. Without gradients only one step and the states around it
// have a place, which stays in a processor's cache.
struct EncoderTrace {
  Tensor gates;   // [2, T or 1, B, recurrent_gates * H]
  Tensor memory;  // [2, T + 1 or 2, B, memories * H]
  Tensor hidden;  // [2, T + 1 or 2, B, H]

  template <typename Cell>
  static EncoderTrace empty(const EncoderInputs& inputs, bool keep) {
    const int64_t steps = keep ? inputs.steps() : 1, batch = inputs.batch(), units = inputs.units();
    const auto options = inputs.projected[0].options();
    return {.gates = at::empty({2, steps, batch, Cell::recurrent_gates * units}, options),
            .memory = at::empty({2, steps + 1, batch, Cell::memories * units}, options),
            .hidden = at::empty({2, steps + 1, batch, units}, options)};
  }
};

// Reads the sentences from `first` to `last` in one direction, and writes its half of `states` [B, T, 2H].
template <typename Cell, typename Real>
void read_sentences(const EncoderInputs& inputs, const Tensor& bias, int64_t direction, int64_t first, int64_t last,
                    const EncoderTrace& trace, const Tensor& states) {
  const int64_t steps = inputs.steps(), units = inputs.units();
  const int64_t* const length = inputs.lengths.const_data_ptr<int64_t>();
  const Real* const z = inputs.z_data<Real>();
  const Tensor gates_by_step = trace.gates[direction], hidden_by_step = trace.hidden[direction];
  const Rows<Real> projected(inputs.projected[direction]), gates(gates_by_step), memory(trace.memory[direction]),
      hidden(hidden_by_step), output(states);
  const Tensor weight = inputs.recurrent_weight[direction].t().contiguous();
  std::fill(memory.at(0, first), memory.at(0, last), Real(0));
  std::fill(hidden.at(0, first), hidden.at(0, last), Real(0));
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t now = step % gates_by_step.size(0);
    const int64_t before = step % hidden_by_step.size(0), after = (step + 1) % hidden_by_step.size(0);
    Tensor products = gates_by_step[now].narrow(0, first, last - first);
    at::mm_out(products, hidden_by_step[before].narrow(0, first, last - first), weight);
    for (int64_t b = first; b < last; ++b) {
      const int64_t place = inputs.place(direction, step, length[b]);
      Real* const hidden_after = hidden.at(after, b);
      if (step < length[b]) {
        Cell::template step<Real>({.projected = projected.at(b, place),
                                   .z = z ? z[b * steps + place] : 1,
                                   .products = gates.at(now, b),
                                   .memory_before = memory.at(before, b),
                                   .gates = gates.at(now, b),
                                   .memory = memory.at(after, b),
                                   .hidden = hidden_after},
                                  bias.const_data_ptr<Real>(), units);
      } else {
        std::fill_n(hidden_after, units, Real(0));
      }
      std::copy_n(hidden_after, units, output.at(b, place) + direction * units);
    }
  }
}

// Returns states [B, T, 2H], zero at padding, and the trace.
template <typename Cell>
std::tuple<Tensor, Tensor, Tensor, Tensor> encode(TensorList projected, const std::optional<Tensor>& z,
                                                  const Tensor& lengths, TensorList recurrent_weight, TensorList bias,
                                                  bool keep) {
  const EncoderInputs inputs{projected, z, lengths, recurrent_weight};
  inputs.check();
  const EncoderTrace trace = EncoderTrace::empty<Cell>(inputs, keep);
  const Tensor states = at::empty({inputs.batch(), inputs.steps(), 2 * inputs.units()}, projected[0].options());
  AT_DISPATCH_FLOATING_TYPES(states.scalar_type(), "encode", [&] {
    parallel_ranges(2, inputs.batch(), [&](int64_t direction, int64_t first, int64_t last) {
      read_sentences<Cell, scalar_t>(inputs, bias[direction], direction, first, last, trace, states);
    });
  });
  return {states, trace.gates, trace.memory, trace.hidden};
}

// Gradients with respect to tensors of the same name; the first dimension is the direction. `z` and `bias` are summed
// up later, as threads that share them would be in each other's way; `memory` and `hidden` are of the current step.
struct EncoderGradients {
  std::vector<Tensor> projected;  // [B, T, gates * H] each
  Tensor products;                // [2, T, B, recurrent_gates * H]
  Tensor z;                       // [2, B, T]
  Tensor bias;                    // [2, B, biases * H]
  Tensor memory;                  // [2, B, memories * H]
  Tensor hidden;                  // [2, B, H]

  template <typename Cell>
  static EncoderGradients zeros(const EncoderInputs& inputs, const EncoderTrace& trace) {
    const int64_t batch = inputs.batch(), units = inputs.units();
    const auto options = inputs.projected[0].options();
    return {.projected = {at::empty_like(inputs.projected[0]), at::empty_like(inputs.projected[1])},
            .products = at::empty_like(trace.gates),
            .z = at::zeros({2, batch, inputs.steps()}, options),
            .bias = at::zeros({2, batch, Cell::biases * units}, options),
            .memory = at::zeros({2, batch, Cell::memories * units}, options),
            .hidden = at::zeros({2, batch, units}, options)};
  }
};

// Leads the gradients of states [B, T, 2H] back through the sentences from `first` to `last` in one direction.
template <typename Cell, typename Real>
void read_sentences_backward(const EncoderInputs& inputs, const EncoderTrace& trace, const Tensor& grad_states,
                             int64_t direction, int64_t first, int64_t last, const EncoderGradients& grad) {
  const int64_t steps = inputs.steps(), units = inputs.units();
  const int64_t* const length = inputs.lengths.const_data_ptr<int64_t>();
  const Real* const z = inputs.z_data<Real>();
  const Rows<Real> projected(inputs.projected[direction]), gates(trace.gates[direction]),
      memory(trace.memory[direction]), hidden(trace.hidden[direction]), grad_output(grad_states),
      grad_projected(grad.projected[direction]), grad_products(grad.products[direction]), grad_z(grad.z[direction]),
      grad_bias(grad.bias[direction]), grad_memory(grad.memory[direction]), grad_hidden(grad.hidden[direction]);
  for (int64_t step = steps - 1; step >= 0; --step) {
    for (int64_t b = first; b < last; ++b) {
      const int64_t place = inputs.place(direction, step, length[b]);
      if (step < length[b]) {
        grad_z.at(b)[place] =
            Cell::template step_backward<Real>({.projected = projected.at(b, place),
                                                .z = z ? z[b * steps + place] : 1,
                                                .products = nullptr,
                                                .memory_before = memory.at(step, b),
                                                .gates = gates.at(step, b),
                                                .memory = memory.at(step + 1, b),
                                                .hidden = hidden.at(step + 1, b)},
                                               {.output = grad_output.at(b, place) + direction * units,
                                                .hidden = grad_hidden.at(b),
                                                .memory = grad_memory.at(b),
                                                .bias = grad_bias.at(b),
                                                .products = grad_products.at(step, b),
                                                .projected = grad_projected.at(b, place)},
                                               units);
      } else {
        std::fill_n(grad_products.at(step, b), grad_products.width, Real(0));
        std::fill_n(grad_projected.at(b, place), grad_projected.width, Real(0));
      }
    }
    if (step > 0) {
      Tensor grad_before = grad.hidden[direction].narrow(0, first, last - first);
      at::mm_out(grad_before, grad.products[direction][step].narrow(0, first, last - first),
                 inputs.recurrent_weight[direction]);
    }
  }
}

// Returns the gradients of projected, z, recurrent_weight and bias.
template <typename Cell>
std::tuple<std::vector<Tensor>, Tensor, std::vector<Tensor>, std::vector<Tensor>> encode_backward(
    const Tensor& grad_states, TensorList projected, const std::optional<Tensor>& z, const Tensor& lengths,
    TensorList recurrent_weight, const Tensor& gates, const Tensor& memory, const Tensor& hidden) {
  const EncoderInputs inputs{projected, z, lengths, recurrent_weight};
  const EncoderTrace trace{gates, memory, hidden};
  const EncoderGradients grad = EncoderGradients::zeros<Cell>(inputs, trace);
  AT_DISPATCH_FLOATING_TYPES(grad_states.scalar_type(), "encode_backward", [&] {
    parallel_ranges(2, inputs.batch(), [&](int64_t direction, int64_t first, int64_t last) {
      read_sentences_backward<Cell, scalar_t>(inputs, trace, grad_states, direction, first, last, grad);
    });
  });
  std::vector<Tensor> grad_recurrent_weight;
  for (int64_t direction = 0; direction < 2; ++direction) {
    const Tensor by_word = grad.products[direction].flatten(0, 1);  // [T * B, recurrent_gates * H]
    const Tensor hidden_before = hidden[direction].narrow(0, 0, inputs.steps()).flatten(0, 1);  // [T * B, H]
    grad_recurrent_weight.push_back(at::mm(by_word.t(), hidden_before));
  }
  return {grad.projected, grad.z.sum(0), grad_recurrent_weight, grad.bias.sum(1).unbind()};
}

}  // namespace latent_rationale
