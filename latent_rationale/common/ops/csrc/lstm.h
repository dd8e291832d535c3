// A long short-term memory (Hochreiter & Schmidhuber, 1997) with its gates in torch's order: input, forget, cell,
// output.

#pragma once

#include "recurrence.h"

namespace latent_rationale {

struct LSTM {
  static constexpr int64_t projections = 4, biases = 4, products = 4, memories = 1;

  template <typename Real>
  static void read(const Word<Real>& word, const Real* bias, int64_t size) {
    const Vector<Real> z(word.scale);
    for_each_vector<Real>(size, [&](const Units<Real>& units) {
      const auto gate = [&](int64_t index) {
        const int64_t offset = index * size;
        return at::vec::fmadd(z, units.load(word.projected + offset),
                              units.load(bias + offset) + units.load(word.products + offset));
      };
      const auto input = sigmoid(gate(0)), forget = sigmoid(gate(1)), update = tanh(gate(2)), output = sigmoid(gate(3));
      const auto cell = at::vec::fmadd(input, update, forget * units.load(word.memories_before));
      units.store(input, word.products);
      units.store(forget, word.products + size);
      units.store(update, word.products + 2 * size);
      units.store(output, word.products + 3 * size);
      units.store(cell, word.memories);
      units.store(output * tanh(cell), word.hidden);
    });
  }

  template <typename Real>
  static Real unread(const Word<Real>& word, const WordGradients<Real>& grad, int64_t size) {
    const Vector<Real> one(1), z(word.scale);
    Vector<Real> grad_scale(0);
    for_each_vector<Real>(size, [&](const Units<Real>& units) {
      const auto input = units.load(word.products), forget = units.load(word.products + size);
      const auto update = units.load(word.products + 2 * size), output = units.load(word.products + 3 * size);
      const auto cell_tanh = tanh(units.load(word.memories));
      const auto grad_hidden = units.load(grad.shown) + units.load(grad.hidden);
      const auto grad_cell =
          at::vec::fmadd(grad_hidden * output, one - cell_tanh * cell_tanh, units.load(grad.memories));
      units.store(grad_cell * forget, grad.memories);
      const auto pass = [&](int64_t index, const Vector<Real>& grad_gate) {
        const int64_t offset = index * size;
        units.store(grad_gate, grad.products + offset);
        units.add(grad_gate, grad.biases + offset);
        units.store(z * grad_gate, grad.projected + offset);
        grad_scale = at::vec::fmadd(grad_gate, units.load(word.projected + offset), grad_scale);
      };
      pass(0, grad_cell * update * input * (one - input));
      pass(1, grad_cell * units.load(word.memories_before) * forget * (one - forget));
      pass(2, grad_cell * input * (one - update * update));
      pass(3, grad_hidden * cell_tanh * output * (one - output));
    });
    return sum(grad_scale);
  }
};

}  // namespace latent_rationale
