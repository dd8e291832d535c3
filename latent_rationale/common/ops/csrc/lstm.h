// A long short-term memory (Hochreiter & Schmidhuber, 1997). Gates in torch's order: input, forget, cell, output.

#pragma once

#include "cell.h"
#include "vectors.h"

namespace latent_rationale {

struct LSTM {
  static constexpr int64_t gates = 4, recurrent_gates = 4, biases = 4, memories = 1;
  enum Gate : int64_t { input, forget, cell, output };

  template <typename Real>
  static void step(const CellStep<Real>& word, const Real* bias, int64_t units) {
    const Vector<Real> z(word.z);
    for_each_slice<Real>(units, [&](const Slice<Real>& slice) {
      const auto preactivation = [&](Gate gate) {
        const int64_t offset = gate * units;
        return at::vec::fmadd(z, slice.load(word.projected + offset),
                              slice.load(bias + offset) + slice.load(word.products + offset));
      };
      const auto input_gate = sigmoid(preactivation(input)), forget_gate = sigmoid(preactivation(forget));
      const auto cell_gate = tanh(preactivation(cell)), output_gate = sigmoid(preactivation(output));
      const auto memory = at::vec::fmadd(input_gate, cell_gate, forget_gate * slice.load(word.memory_before));
      slice.store(memory, word.memory);
      slice.store(output_gate * tanh(memory), word.hidden);
    });
  }
};

}  // namespace latent_rationale
