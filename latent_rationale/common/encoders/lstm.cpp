// A bidirectional LSTM over padded sentences, and its gradients.
//
// The matrix products of a step are too small to be shared between threads, so each direction runs on a thread of its
// own from its first word to its last. Between two products lies a single pass over the numbers. Words stay where they
// are in the sentence: the direction from right to left starts at each sentence's own end, and padding is never read.
//
// B sentences of at most T words, H units. Per direction: projected words [B, T, 4H], biases [4H] and recurrent weights
// [4H, H], with the gates in torch's order: input, forget, cell, output. What is kept for the gradients is in the order
// of reading: gates after their nonlinearities [T, B, 4H], cell states and hidden states [T + 1, B, H].

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/cpu/vec/vec.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace {

using at::Tensor;
using at::TensorList;

template <typename Real>
using Vector = at::vec::Vectorized<Real>;

template <typename Real>
Vector<Real> sigmoid(const Vector<Real>& x) {
  return (Vector<Real>(1) + x.neg().exp()).reciprocal();
}

// Several times as fast as Vector::tanh, and as far from the truth as a rounding error of 1.
template <typename Real>
Vector<Real> tanh(const Vector<Real>& x) {
  return Vector<Real>(2) * sigmoid(x + x) - Vector<Real>(1);
}

// Calls body(first, count) for parts of 0 to size - 1 that fill a vector each, but for the last.
template <typename Real, typename Body>
void for_each_vector(int64_t size, const Body& body) {
  for (int64_t first = 0; first < size; first += Vector<Real>::size()) {
    body(first, std::min<int64_t>(Vector<Real>::size(), size - first));
  }
}

// Runs both directions at once; what they call is then not parallel itself.
template <typename Body>
void for_each_direction(const Body& body) {
  at::parallel_for(0, 2, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView without_autograd;
    for (int64_t direction = begin; direction < end; ++direction) body(direction);
  });
}

struct Sizes {
  int64_t batch, steps, units;

  explicit Sizes(const Tensor& projected)
      : batch(projected.size(0)), steps(projected.size(1)), units(projected.size(2) / 4) {}
};

// What would otherwise be read from beyond a tensor's end.
void check(TensorList projected, const std::optional<Tensor>& scale, const Tensor& lengths) {
  const auto [batch, steps, size] = Sizes(projected[0]);
  const auto type = projected[0].scalar_type();
  TORCH_CHECK(projected[0].is_contiguous() && projected[1].is_contiguous(), "projected words must be contiguous");
  TORCH_CHECK(!scale || (scale->sizes() == at::IntArrayRef{batch, steps} && scale->is_contiguous()),
              "scales must be contiguous, one for each word");
  TORCH_CHECK(!scale || scale->scalar_type() == type, "scales are ", scale->scalar_type(), ", words are ", type);
  TORCH_CHECK(lengths.scalar_type() == at::kLong && lengths.is_contiguous() && lengths.numel() == batch,
              "lengths must be contiguous integers, one for each sentence");
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  TORCH_CHECK(std::all_of(length, length + batch, [&](int64_t n) { return n <= steps; }),
              "a sentence is longer than the width ", steps);
}

// The index into [B, T] of the word that a direction reads at a step. Padding comes last for both, and stays in place.
int64_t word_at(int64_t sentence, int64_t step, int64_t direction, int64_t length, int64_t steps) {
  const bool mirrored = direction == 1 && step < length;
  return sentence * steps + (mirrored ? length - 1 - step : step);
}

// One word of one sentence. `gates` holds the recurrent part before, and the gates after their nonlinearities
// afterwards.
template <typename Real>
void read_word(const Real* projected, Real scale, const Real* bias, const Real* cell_before, int64_t size, Real* gates,
               Real* cell, Real* hidden) {
  const Vector<Real> z(scale);
  for_each_vector<Real>(size, [&](int64_t first, int64_t count) {
    const auto load = [&](const Real* from) { return Vector<Real>::loadu(from + first, count); };
    const auto gate = [&](int64_t index) {
      const int64_t offset = index * size;
      return at::vec::fmadd(z, load(projected + offset), load(bias + offset) + load(gates + offset));
    };
    const auto input = sigmoid(gate(0)), forget = sigmoid(gate(1)), update = tanh(gate(2)), output = sigmoid(gate(3));
    const auto state = at::vec::fmadd(input, update, forget * load(cell_before));
    const auto keep = [&](const Vector<Real>& values, Real* to) { values.store(to + first, count); };
    keep(input, gates);
    keep(forget, gates + size);
    keep(update, gates + 2 * size);
    keep(output, gates + 3 * size);
    keep(state, cell);
    keep(output * tanh(state), hidden);
  });
}

// The way back. `grad_cell` is that of the cell state after the word, then that of the one before it. Returns the
// gradient of the scale.
template <typename Real>
Real unread_word(const Real* projected, Real scale, const Real* gates, const Real* cell_before, const Real* cell,
                 const Real* grad_shown, const Real* grad_hidden, int64_t size, Real* grad_cell, Real* grad_gates,
                 Real* grad_projected) {
  const Vector<Real> one(1), z(scale);
  Vector<Real> grad_scale(0);
  for_each_vector<Real>(size, [&](int64_t first, int64_t count) {
    const auto load = [&](const Real* from) { return Vector<Real>::loadu(from + first, count); };
    const auto input = load(gates), forget = load(gates + size), update = load(gates + 2 * size);
    const auto output = load(gates + 3 * size), state_tanh = tanh(load(cell));
    const auto grad_h = load(grad_shown) + load(grad_hidden);
    const auto grad_c = at::vec::fmadd(grad_h * output, one - state_tanh * state_tanh, load(grad_cell));
    (grad_c * forget).store(grad_cell + first, count);
    const auto pass = [&](int64_t index, const Vector<Real>& grad) {
      const int64_t offset = index * size;
      grad.store(grad_gates + offset + first, count);
      (z * grad).store(grad_projected + offset + first, count);
      grad_scale = at::vec::fmadd(grad, load(projected + offset), grad_scale);
    };
    pass(0, grad_c * update * input * (one - input));
    pass(1, grad_c * load(cell_before) * forget * (one - forget));
    pass(2, grad_c * input * (one - update * update));
    pass(3, grad_h * state_tanh * output * (one - output));
  });
  return at::vec::vec_reduce_all<Real>([](auto& x, auto& y) { return x + y; }, grad_scale);
}

// Hidden states [B, T, 2H], zero at padding, of words read as `scale` [B, T] times themselves; and what `backward`
// needs: gates, cell states and hidden states, each with the directions in front.
std::tuple<Tensor, Tensor, Tensor, Tensor> forward(TensorList projected, const std::optional<Tensor>& scale,
                                                   TensorList biases, TensorList weights, const Tensor& lengths) {
  check(projected, scale, lengths);
  const auto [batch, steps, size] = Sizes(projected[0]);
  const auto options = projected[0].options();
  const Tensor shown = at::empty({batch, steps, 2 * size}, options);
  const Tensor gates = at::empty({2, steps, batch, 4 * size}, options);
  const Tensor cells = at::empty({2, steps + 1, batch, size}, options);
  const Tensor hidden = at::empty_like(cells);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(projected[0].scalar_type(), "lstm", [&] {
    using Real = scalar_t;
    const Real* z = scale ? scale->const_data_ptr<Real>() : nullptr;
    Real* const show = shown.data_ptr<Real>();
    for_each_direction([&](int64_t direction) {
      const Real* given = projected[direction].const_data_ptr<Real>();
      const Real* bias = biases[direction].const_data_ptr<Real>();
      const Tensor weight = weights[direction].t().contiguous();
      const auto products = gates[direction].unbind(), states = hidden[direction].unbind();
      Real* cell = cells[direction].data_ptr<Real>();
      std::fill_n(cell, batch * size, Real(0));
      states[0].zero_();
      for (int64_t step = 0; step < steps; ++step) {
        Tensor product = products[step];
        at::mm_out(product, states[step], weight);
        Real* gate = product.data_ptr<Real>();
        Real* state = states[step + 1].data_ptr<Real>();
        for (int64_t b = 0; b < batch; ++b, gate += 4 * size, cell += size, state += size) {
          const int64_t word = word_at(b, step, direction, length[b], steps);
          if (step < length[b]) {
            read_word<Real>(given + word * 4 * size, z ? z[word] : 1, bias, cell, size, gate, cell + batch * size,
                            state);
          } else {
            std::fill_n(state, size, Real(0));
          }
          std::copy_n(state, size, show + (2 * word + direction) * size);
        }
      }
    });
  });
  return {shown, gates, cells, hidden};
}

// The gradients of the projected words and of the scale, and of biases and recurrent weights.
std::tuple<std::vector<Tensor>, Tensor, std::vector<Tensor>, std::vector<Tensor>> backward(
    const Tensor& grad_shown, TensorList projected, const std::optional<Tensor>& scale, TensorList weights,
    const Tensor& lengths, const Tensor& gates, const Tensor& cells, const Tensor& hidden) {
  const auto [batch, steps, size] = Sizes(projected[0]);
  const auto options = projected[0].options();
  const std::vector<Tensor> grad_projected{at::empty_like(projected[0]), at::empty_like(projected[1])};
  const Tensor grad_scales = at::zeros({2, batch, steps}, options);
  std::vector<Tensor> grad_biases(2), grad_weights(2);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(projected[0].scalar_type(), "lstm_backward", [&] {
    using Real = scalar_t;
    const Real* z = scale ? scale->const_data_ptr<Real>() : nullptr;
    const Real* arriving = grad_shown.const_data_ptr<Real>();
    for_each_direction([&](int64_t direction) {
      const Real* given = projected[direction].const_data_ptr<Real>();
      Real* grad_given = grad_projected[direction].data_ptr<Real>();
      Real* grad_scale = grad_scales[direction].data_ptr<Real>();
      const Tensor grad_gates = at::empty_like(gates[direction]);
      const auto grad_products = grad_gates.unbind();
      Tensor grad_states = at::zeros({batch, size}, options);
      const Tensor grad_cells = at::zeros({batch, size}, options);
      for (int64_t step = steps - 1; step >= 0; --step) {
        const Real* gate = gates[direction].const_data_ptr<Real>() + step * batch * 4 * size;
        const Real* cell = cells[direction].const_data_ptr<Real>() + step * batch * size;
        const Real* grad_state = grad_states.const_data_ptr<Real>();
        Real* grad_cell = grad_cells.data_ptr<Real>();
        Real* grad_gate = grad_products[step].data_ptr<Real>();
        for (int64_t b = 0; b < batch;
             ++b, gate += 4 * size, cell += size, grad_state += size, grad_cell += size, grad_gate += 4 * size) {
          const int64_t word = word_at(b, step, direction, length[b], steps);
          if (step < length[b]) {
            grad_scale[word] = unread_word<Real>(given + word * 4 * size, z ? z[word] : 1, gate, cell,
                                                 cell + batch * size, arriving + (2 * word + direction) * size,
                                                 grad_state, size, grad_cell, grad_gate, grad_given + word * 4 * size);
          } else {
            std::fill_n(grad_gate, 4 * size, Real(0));
            std::fill_n(grad_given + word * 4 * size, 4 * size, Real(0));
          }
        }
        if (step > 0) at::mm_out(grad_states, grad_products[step], weights[direction]);
      }
      const Tensor by_word = grad_gates.flatten(0, 1);
      grad_biases[direction] = by_word.sum(0);
      grad_weights[direction] = at::mm(by_word.t(), hidden[direction].narrow(0, 0, steps).flatten(0, 1));
    });
  });
  return {grad_projected, grad_scales.sum(0), grad_biases, grad_weights};
}

}  // namespace

TORCH_LIBRARY(latent_rationale, library) {
  library.def(
      "lstm(Tensor[] projected, Tensor? scale, Tensor[] biases, Tensor[] weights, Tensor lengths)"
      " -> (Tensor shown, Tensor gates, Tensor cells, Tensor hidden)");
  library.def(
      "lstm_backward(Tensor grad_shown, Tensor[] projected, Tensor? scale, Tensor[] weights, Tensor lengths,"
      " Tensor gates, Tensor cells, Tensor hidden)"
      " -> (Tensor[] projected, Tensor scale, Tensor[] biases, Tensor[] weights)");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {
  library.impl("lstm", &forward);
  library.impl("lstm_backward", &backward);
}
