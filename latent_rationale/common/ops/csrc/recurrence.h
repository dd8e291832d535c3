// Recurrent networks that read padded sentences from both sides, and their gradients.
//
// The matrix products of a step are small, so a thread takes one direction and some of the sentences and reads them
// from the first word to the last by itself. Between two products lies a single pass over the numbers. Words stay where
// they are in the sentence: the direction from right to left starts at each sentence's own end, and padding is never
// read.
//
// B sentences of at most T words, H units. A cell says how many times H numbers it deals with:
//
//   projections   of a word, computed from its embedding beforehand: [B, T, projections * H] per direction
//   biases        [biases * H] per direction
//   products      of the last hidden state with the recurrent weights [products * H, H]
//   memories      that it keeps beside the hidden state
//
// and has two functions: `read` takes one word in, and replaces the products by what `unread` needs of them; `unread`
// leads the gradients back over that word. What is kept for the gradients is in the order of reading: products [T, B,
// products * H], memories [T + 1, B, memories * H], hidden states [T + 1, B, H], each with the directions in front.

#pragma once

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

namespace latent_rationale {

using at::Tensor;
using at::TensorList;

template <typename Real>
using Vector = at::vec::Vectorized<Real>;

template <typename Real>
Vector<Real> exp(const Vector<Real>& x) {
  return x.exp();
}

// The library's is a call, before which everything else leaves the registers. As there, 2^n e^r with |r| <= ln(2) / 2,
// by the polynomial of Cephes (Moshier, 1989); correct to 2 units in the last place, 0 below 1e-38, at most 2e38.
template <>
inline Vector<float> exp(const Vector<float>& x) {
  using V = Vector<float>;
  const V within = at::vec::clamp(x, V(-87.3f), V(88.0f));
  const V n = (within * V(1.44269504f)).round();
  const V r = at::vec::fmadd(n, V(2.12194440e-4f), at::vec::fmadd(n, V(-0.693359375f), within));
  V series(1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    series = at::vec::fmadd(series, r, V(c));
  }
  const auto exponent = at::vec::convert_to_int_of_same_size(n) + Vector<int32_t>(127);
  const V power = at::vec::fmadd(series * r, r, r + V(1)) * at::vec::cast<float>(exponent << Vector<int32_t>(23));
  return V::blendv(power, V(0), x < V(-87.3f));
}

template <typename Real>
Vector<Real> sigmoid(const Vector<Real>& x) {
  return (Vector<Real>(1) + exp(x.neg())).reciprocal();
}

// Several times as fast as Vector::tanh, and as far from the truth as a rounding error of 1.
template <typename Real>
Vector<Real> tanh(const Vector<Real>& x) {
  return Vector<Real>(2) * sigmoid(x + x) - Vector<Real>(1);
}

// Some of H units: where they are, and how many.
template <typename Real>
struct Units {
  int64_t first, count;

  Vector<Real> load(const Real* from) const { return Vector<Real>::loadu(from + first, count); }
  void store(const Vector<Real>& values, Real* to) const { values.store(to + first, count); }
  void add(const Vector<Real>& values, Real* to) const { store(load(to) + values, to); }
};

// Calls body(units) for parts of H units that fill a vector each, but for the last.
template <typename Real, typename Body>
void for_each_vector(int64_t size, const Body& body) {
  for (int64_t first = 0; first < size; first += Vector<Real>::size()) {
    body(Units<Real>{first, std::min<int64_t>(Vector<Real>::size(), size - first)});
  }
}

// The sum of all elements.
template <typename Real>
Real sum(const Vector<Real>& values) {
  return at::vec::vec_reduce_all<Real>([](auto& x, auto& y) { return x + y; }, values);
}

// One word as one direction reads it; `products` and what follows belong to the step and the sentence.
template <typename Real>
struct Word {
  const Real* projected;
  Real scale;
  Real* products;
  const Real* memories_before;
  Real* memories;
  Real* hidden;
};

// Gradients of a word's hidden state, as shown and as the next word sees it; and what comes of them. `memories` are
// those after the word, and become those before it; `biases` are sums.
template <typename Real>
struct WordGradients {
  const Real* shown;
  const Real* hidden;
  Real* memories;
  Real* biases;
  Real* products;
  Real* projected;
};

template <typename Cell>
struct Sizes {
  int64_t batch, steps, units;

  explicit Sizes(const Tensor& projected)
      : batch(projected.size(0)), steps(projected.size(1)), units(projected.size(2) / Cell::projections) {}
};

// The place in the sentence of the word that a direction reads at a step. Padding comes last for both, and stays there.
inline int64_t position_of(int64_t step, int64_t direction, int64_t length) {
  return direction == 1 && step < length ? length - 1 - step : step;
}

// Calls body(direction, first, last) for all directions and ranges of sentences, all at once; what it calls is then
// not parallel itself. With fewer sentences than some, a range would make its products inefficient.
template <typename Body>
void for_each_part(int64_t directions, int64_t batch, const Body& body) {
  constexpr int64_t fewest = 16;
  const int64_t threads = at::get_num_threads() / directions;
  const int64_t parts = std::clamp<int64_t>(threads, 1, std::max<int64_t>(batch / fewest, 1));
  at::parallel_for(0, directions * parts, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView without_autograd;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t part = task % parts;
      body(task / parts, batch * part / parts, batch * (part + 1) / parts);
    }
  });
}

// What would otherwise be read from beyond a tensor's end.
template <typename Cell>
void check(TensorList projected, const std::optional<Tensor>& scale, const Tensor& lengths) {
  const auto [batch, steps, size] = Sizes<Cell>(projected[0]);
  const auto type = projected[0].scalar_type();
  TORCH_CHECK(projected[0].is_contiguous() && projected[1].is_contiguous(), "projected words must be contiguous");
  TORCH_CHECK(!scale || (scale->sizes() == at::IntArrayRef{batch, steps} && scale->is_contiguous()),
              "scales must be contiguous, one for each word");
  TORCH_CHECK(!scale || scale->scalar_type() == type, "scales are ", scale->scalar_type(), ", words are ", type);
  TORCH_CHECK(lengths.scalar_type() == at::kLong && lengths.is_contiguous() && lengths.numel() == batch,
              "lengths must be contiguous integers, one for each sentence");
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  TORCH_CHECK(std::all_of(length, length + batch, [steps = steps](int64_t n) { return n <= steps; }),
              "a sentence is longer than the width ", steps);
}

// The rows of a tensor [..., N, width].
template <typename Real>
struct Rows {
  Real* data;
  int64_t count, width;

  explicit Rows(const Tensor& tensor) : data(tensor.data_ptr<Real>()), count(tensor.size(-2)), width(tensor.size(-1)) {}
  Rows(Real* data, int64_t count, int64_t width) : data(data), count(count), width(width) {}
  Real* at(int64_t outer, int64_t inner) const { return data + (outer * count + inner) * width; }
  Rows from(int64_t outer) const { return {at(outer, 0), count, width}; }
};

// Hidden states [B, T, 2H], zero at padding, of words read as `scale` [B, T] times themselves; and products, memories
// and hidden states for `backward`. Where they are not to be kept for it, those of a step take the place of those
// before, and stay in a processor's cache.
template <typename Cell>
std::tuple<Tensor, Tensor, Tensor, Tensor> forward(TensorList projected, const std::optional<Tensor>& scale,
                                                   TensorList biases, TensorList weights, const Tensor& lengths,
                                                   bool keep) {
  check<Cell>(projected, scale, lengths);
  const Sizes<Cell> sizes(projected[0]);
  const auto options = projected[0].options();
  const Tensor shown = at::empty({sizes.batch, sizes.steps, 2 * sizes.units}, options);
  const int64_t kept = keep ? sizes.steps : 1;
  const Tensor products = at::empty({2, kept, sizes.batch, Cell::products * sizes.units}, options);
  const Tensor memories = at::empty({2, kept + 1, sizes.batch, Cell::memories * sizes.units}, options);
  const Tensor hidden = at::empty({2, kept + 1, sizes.batch, sizes.units}, options);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(projected[0].scalar_type(), "recurrence", [&] {
    using Real = scalar_t;
    const Real* z = scale ? scale->const_data_ptr<Real>() : nullptr;
    for_each_part(2, sizes.batch, [&](int64_t direction, int64_t first, int64_t last) {
      const Rows<Real> show(shown), given(projected[direction]), product(products[direction]),
          memory(memories[direction]), state(hidden[direction]);
      const Real* bias = biases[direction].const_data_ptr<Real>();
      const Tensor weight = weights[direction].t().contiguous();
      std::fill(memory.at(0, first), memory.at(0, last), Real(0));
      std::fill(state.at(0, first), state.at(0, last), Real(0));
      for (int64_t step = 0; step < sizes.steps; ++step) {
        const int64_t now = keep ? step : 0, before = keep ? step : step % 2, after = keep ? step + 1 : 1 - before;
        Tensor result = products[direction][now].narrow(0, first, last - first);
        at::mm_out(result, hidden[direction][before].narrow(0, first, last - first), weight);
        for (int64_t b = first; b < last; ++b) {
          const int64_t position = position_of(step, direction, length[b]);
          Real* const seen = state.at(after, b);
          if (step < length[b]) {
            Cell::template read<Real>({given.at(b, position), z ? z[b * sizes.steps + position] : 1, product.at(now, b),
                                       memory.at(before, b), memory.at(after, b), seen},
                                      bias, sizes.units);
          } else {
            std::fill_n(seen, sizes.units, Real(0));
          }
          std::copy_n(seen, sizes.units, show.at(b, position) + direction * sizes.units);
        }
      }
    });
  });
  return {shown, products, memories, hidden};
}

// The gradients of the projected words and of the scale, and of biases and recurrent weights.
template <typename Cell>
std::tuple<std::vector<Tensor>, Tensor, std::vector<Tensor>, std::vector<Tensor>> backward(
    const Tensor& grad_shown, TensorList projected, const std::optional<Tensor>& scale, TensorList weights,
    const Tensor& lengths, const Tensor& products, const Tensor& memories, const Tensor& hidden) {
  const Sizes<Cell> sizes(projected[0]);
  const auto options = projected[0].options();
  const std::vector<Tensor> grad_projected{at::empty_like(projected[0]), at::empty_like(projected[1])};
  const Tensor grad_products = at::empty_like(products);
  const Tensor grad_scales = at::zeros({2, sizes.batch, sizes.steps}, options);
  const Tensor grad_biases = at::zeros({2, sizes.batch, Cell::biases * sizes.units}, options);
  const Tensor grad_memories = at::zeros({2, sizes.batch, Cell::memories * sizes.units}, options);
  const Tensor grad_hidden = at::zeros({2, sizes.batch, sizes.units}, options);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(projected[0].scalar_type(), "recurrence_backward", [&] {
    using Real = scalar_t;
    const Real* z = scale ? scale->const_data_ptr<Real>() : nullptr;
    for_each_part(2, sizes.batch, [&](int64_t direction, int64_t first, int64_t last) {
      const Rows<Real> given(projected[direction]), product(products[direction]), memory(memories[direction]),
          state(hidden[direction]), grad_show(grad_shown), grad_given(grad_projected[direction]),
          grad_product(grad_products[direction]), grad_memory(grad_memories[direction]),
          grad_state(grad_hidden[direction]), grad_bias(grad_biases[direction]), grad_scale(grad_scales[direction]);
      for (int64_t step = sizes.steps - 1; step >= 0; --step) {
        for (int64_t b = first; b < last; ++b) {
          const int64_t position = position_of(step, direction, length[b]);
          if (step < length[b]) {
            grad_scale.at(0, b)[position] = Cell::template unread<Real>(
                {given.at(b, position), z ? z[b * sizes.steps + position] : 1, product.at(step, b), memory.at(step, b),
                 memory.at(step + 1, b), state.at(step + 1, b)},
                {grad_show.at(b, position) + direction * sizes.units, grad_state.at(0, b), grad_memory.at(0, b),
                 grad_bias.at(0, b), grad_product.at(step, b), grad_given.at(b, position)},
                sizes.units);
          } else {
            std::fill_n(grad_product.at(step, b), Cell::products * sizes.units, Real(0));
            std::fill_n(grad_given.at(b, position), Cell::projections * sizes.units, Real(0));
          }
        }
        if (step > 0) {
          Tensor result = grad_hidden[direction].narrow(0, first, last - first);
          at::mm_out(result, grad_products[direction][step].narrow(0, first, last - first), weights[direction]);
        }
      }
    });
  });
  std::vector<Tensor> grad_weights;
  for (int64_t direction = 0; direction < 2; ++direction) {
    const Tensor by_word = grad_products[direction].flatten(0, 1);
    grad_weights.push_back(at::mm(by_word.t(), hidden[direction].narrow(0, 0, sizes.steps).flatten(0, 1)));
  }
  return {grad_projected, grad_scales.sum(0), grad_biases.sum(1).unbind(), grad_weights};
}

}  // namespace latent_rationale

// Makes the operators NAME and NAME_backward of a cell.
#define REGISTER_RECURRENCE(NAME, CELL)                                                                             \
  TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {                                                               \
    library.def(#NAME                                                                                               \
                "(Tensor[] projected, Tensor? scale, Tensor[] biases, Tensor[] weights, Tensor lengths, bool keep)" \
                " -> (Tensor shown, Tensor products, Tensor memories, Tensor hidden)");                             \
    library.def(#NAME                                                                                               \
                "_backward(Tensor grad_shown, Tensor[] projected, Tensor? scale, Tensor[] weights, Tensor lengths," \
                " Tensor products, Tensor memories, Tensor hidden)"                                                 \
                " -> (Tensor[] projected, Tensor scale, Tensor[] biases, Tensor[] weights)");                       \
  }                                                                                                                 \
  TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {                                                              \
    library.impl(#NAME, &latent_rationale::forward<CELL>);                                                          \
    library.impl(#NAME "_backward", &latent_rationale::backward<CELL>);                                             \
  }
