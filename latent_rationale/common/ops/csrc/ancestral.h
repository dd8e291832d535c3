// Ancestral sampling in a selector that takes one word after the other: each choice is drawn in view of the earlier
// ones, which a cell of recurrence.h remembers. And its gradients.
//
// For B texts of T words, a draw of P real numbers and a cell of H units, the cell's part above the gate's:
//
//   words    [B, T, projections * H + P]  what cell and gate make of the words
//   noise    [B, T]                       uniform on (0, 1)
//   weight   [products * H + P, H]        of the last hidden state
//   bias     [biases * H + P]
//   choice   [projections * H]            what the cell makes of a choice
//
// A thread takes some of the texts. What is kept for the gradients is in the order of the words: products
// [T, B, products * H + P], memories [T + 1, B, memories * H], hidden states [T + 1, B, H].

#pragma once

#include <ATen/ops/mv.h>

#include <string>

#include "draws.h"
#include "recurrence.h"

namespace latent_rationale {

// Calls body with the draw of that name.
template <typename Body>
void with_draw(const std::string& name, const Body& body) {
  if (name == "hardkuma") return body(HardKumaDraw());
  if (name == "hardconcrete") return body(HardConcreteDraw());
  if (name == "bernoulli") return body(BernoulliDraw());
  TORCH_CHECK(false, "no draw is called ", name);
}

// to = read + z * choice: what the cell is given at a word.
template <typename Real>
void add_choice(const Real* read, Real z, const Real* choice, int64_t size, Real* to) {
  for_each_vector<Real>(size, [&](const Units<Real>& units) {
    units.store(at::vec::fmadd(Vector<Real>(z), units.load(choice), units.load(read)), to);
  });
}

template <typename Real>
Real inner_product(const Real* left, const Real* right, int64_t size) {
  Vector<Real> products(0);
  for_each_vector<Real>(size, [&](const Units<Real>& units) {
    products = at::vec::fmadd(units.load(left), units.load(right), products);
  });
  return sum(products);
}

template <typename Cell>
void check_sizes(const Tensor& words, const Tensor& noise, const Tensor& weight, const Tensor& bias,
                 const Tensor& choice, int64_t parameters) {
  for (const Tensor& tensor : {words, noise, weight, bias, choice}) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == words.scalar_type(),
                "expected contiguous tensors of one type");
  }
  const int64_t units = weight.size(1);
  TORCH_CHECK(noise.sizes() == words.sizes().slice(0, 2), "expected noise for each word");
  TORCH_CHECK(words.size(2) == Cell::projections * units + parameters &&
                  weight.size(0) == Cell::products * units + parameters &&
                  bias.numel() == Cell::biases * units + parameters && choice.numel() == Cell::projections * units,
              "expected weights for cells of ", units, " units and draws from ", parameters, " numbers");
}

// Choices [B, T] and the real numbers behind them [B, T, P]; and products, memories and hidden states for the
// gradients.
template <typename Cell>
std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> sample(const Tensor& words, const Tensor& noise,
                                                          const Tensor& weight, const Tensor& bias,
                                                          const Tensor& choice, const std::string& draw) {
  const int64_t batch = words.size(0), steps = words.size(1), units = weight.size(1), read = choice.numel();
  const Tensor z = at::empty_like(noise), raws = at::empty({batch, steps, words.size(2) - read}, words.options());
  const Tensor products = at::empty({steps, batch, weight.size(0)}, words.options());
  const Tensor memories = at::empty({steps + 1, batch, Cell::memories * units}, words.options());
  const Tensor hidden = at::empty({steps + 1, batch, units}, words.options());
  const Tensor columns = weight.t().contiguous();
  AT_DISPATCH_FLOATING_TYPES(words.scalar_type(), "ancestral_sample", [&] {
    using Real = scalar_t;
    with_draw(draw, [&](auto chosen) {
      using Draw = decltype(chosen);
      check_sizes<Cell>(words, noise, weight, bias, choice, Draw::parameters);
      const Rows<Real> word(words), chance(noise), product(products), memory(memories), state(hidden), take(z),
          raw(raws);
      const Real *const biases = bias.const_data_ptr<Real>(), *const taken = choice.const_data_ptr<Real>();
      for_each_part(1, batch, [&](int64_t, int64_t first, int64_t last) {
        std::vector<Real> projected(read);
        std::fill(memory.at(0, first), memory.at(0, last), Real(0));
        std::fill(state.at(0, first), state.at(0, last), Real(0));
        for (int64_t step = 0; step < steps; ++step) {
          Tensor result = products[step].narrow(0, first, last - first);
          at::mm_out(result, hidden[step].narrow(0, first, last - first), columns);
          for (int64_t b = first; b < last; ++b) {
            Real* const numbers = raw.at(b, step);
            for (int64_t p = 0; p < Draw::parameters; ++p) {
              numbers[p] = word.at(b, step)[read + p] + product.at(step, b)[Cell::products * units + p] +
                           biases[Cell::biases * units + p];
            }
            Real& now = take.at(0, b)[step];
            now = Draw::draw(numbers, chance.at(0, b)[step]);
            add_choice(word.at(b, step), now, taken, read, projected.data());
            Cell::template read<Real>({projected.data(), 1, product.at(step, b), memory.at(step, b),
                                       memory.at(step + 1, b), state.at(step + 1, b)},
                                      biases, units);
          }
        }
      });
    });
  });
  return {z, raws, products, memories, hidden};
}

// The gradients of words, weight, bias and choice.
template <typename Cell>
std::tuple<Tensor, Tensor, Tensor, Tensor> sample_backward(const Tensor& grad_z, const Tensor& grad_raws,
                                                           const Tensor& words, const Tensor& noise,
                                                           const Tensor& weight, const Tensor& choice,
                                                           const std::string& draw, const Tensor& z, const Tensor& raws,
                                                           const Tensor& products, const Tensor& memories,
                                                           const Tensor& hidden) {
  const int64_t batch = words.size(0), steps = words.size(1), units = weight.size(1), read = choice.numel();
  const Tensor grad_words = at::empty_like(words), grad_products = at::empty_like(products);
  const Tensor grad_biases = at::zeros({batch, Cell::biases * units + raws.size(2)}, words.options());
  const Tensor grad_memories = at::zeros({batch, Cell::memories * units}, words.options());
  const Tensor grad_hidden = at::zeros({batch, units}, words.options());
  AT_DISPATCH_FLOATING_TYPES(words.scalar_type(), "ancestral_sample_backward", [&] {
    using Real = scalar_t;
    with_draw(draw, [&](auto chosen) {
      using Draw = decltype(chosen);
      const Rows<Real> word(words), chance(noise), product(products), memory(memories), state(hidden), take(z),
          raw(raws), grad_take(grad_z), grad_raw(grad_raws), grad_word(grad_words), grad_product(grad_products),
          grad_bias(grad_biases), grad_memory(grad_memories), grad_state(grad_hidden);
      const Real* const taken = choice.const_data_ptr<Real>();
      for_each_part(1, batch, [&](int64_t, int64_t first, int64_t last) {
        std::vector<Real> projected(read);
        const std::vector<Real> not_shown(units, Real(0));
        for (int64_t step = steps - 1; step >= 0; --step) {
          for (int64_t b = first; b < last; ++b) {
            Real *const grad_read = grad_word.at(b, step), *const grad_numbers = grad_read + read;
            add_choice(word.at(b, step), take.at(0, b)[step], taken, read, projected.data());
            Cell::template unread<Real>({projected.data(), 1, product.at(step, b), memory.at(step, b),
                                         memory.at(step + 1, b), state.at(step + 1, b)},
                                        {not_shown.data(), grad_state.at(0, b), grad_memory.at(0, b),
                                         grad_bias.at(0, b), grad_product.at(step, b), grad_read},
                                        units);
            std::copy_n(grad_raw.at(b, step), Draw::parameters, grad_numbers);
            const Real grad = grad_take.at(0, b)[step] + inner_product(grad_read, taken, read);
            Draw::derive(raw.at(b, step), chance.at(0, b)[step], grad, grad_numbers);
            for (int64_t p = 0; p < Draw::parameters; ++p) {
              grad_product.at(step, b)[Cell::products * units + p] = grad_numbers[p];
              grad_bias.at(0, b)[Cell::biases * units + p] += grad_numbers[p];
            }
          }
          if (step > 0) {
            Tensor result = grad_hidden.narrow(0, first, last - first);
            at::mm_out(result, grad_products[step].narrow(0, first, last - first), weight);
          }
        }
      });
    });
  });
  const Tensor grad_weight = at::mm(grad_products.flatten(0, 1).t(), hidden.narrow(0, 0, steps).flatten(0, 1));
  const Tensor grad_choice = at::mv(grad_words.flatten(0, 1).narrow(1, 0, read).t(), z.flatten());
  return {grad_words, grad_weight, grad_biases.sum(0), grad_choice};
}

}  // namespace latent_rationale

// Makes the operators NAME_sample and NAME_sample_backward of a cell.
#define REGISTER_ANCESTRAL_SAMPLING(NAME, CELL)                                                                     \
  TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {                                                               \
    library.def(#NAME                                                                                               \
                "_sample(Tensor words, Tensor noise, Tensor weight, Tensor bias, Tensor choice, str draw)"          \
                " -> (Tensor z, Tensor raws, Tensor products, Tensor memories, Tensor hidden)");                    \
    library.def(#NAME                                                                                               \
                "_sample_backward(Tensor grad_z, Tensor grad_raws, Tensor words, Tensor noise, Tensor weight,"      \
                " Tensor choice, str draw, Tensor z, Tensor raws, Tensor products, Tensor memories, Tensor hidden)" \
                " -> (Tensor words, Tensor weight, Tensor bias, Tensor choice)");                                   \
  }                                                                                                                 \
  TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {                                                              \
    library.impl(#NAME "_sample", &latent_rationale::sample<CELL>);                                                 \
    library.impl(#NAME "_sample_backward", &latent_rationale::sample_backward<CELL>);                               \
  }
