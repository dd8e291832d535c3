// The recurrent convolution over non-consecutive bigrams of Lei, Barzilay & Jaakkola (2016; Bastings et al. 2019,
// appendix B.1.1). Gates: decay, unigram, bigram, of which the decay alone reads the hidden state. Biases: decay,
// output. Memories: running averages of unigrams and of bigrams.

#pragma once

#include "cell.h"
#include "vectors.h"

namespace latent_rationale {

struct RCNN {
  static constexpr int64_t gates = 3, recurrent_gates = 1, biases = 2, memories = 2;

  template <typename Real>
  static void step(const CellStep<Real>& word, const Real* bias, int64_t units) {
    const Vector<Real> one(1), z(word.z);
    for_each_slice<Real>(units, [&](const Slice<Real>& slice) {
      const auto decay =
          sigmoid(at::vec::fmadd(z, slice.load(word.projected), slice.load(bias) + slice.load(word.products)));
      const auto unigram = z * slice.load(word.projected + units);
      const auto bigram_projected = slice.load(word.projected + 2 * units);
      const auto unigrams_before = slice.load(word.memory_before);
      const auto bigrams_before = slice.load(word.memory_before + units);
      const auto unigrams = at::vec::fmadd(decay, unigrams_before, (one - decay) * unigram);
      const auto bigram = at::vec::fmadd(z, bigram_projected, unigrams_before);
      const auto bigrams = at::vec::fmadd(decay, bigrams_before, (one - decay) * bigram);
      slice.store(decay, word.gates);
      slice.store(unigrams, word.memory);
      slice.store(bigrams, word.memory + units);
      slice.store(tanh(bigrams + slice.load(bias + units)), word.hidden);
    });
  }

  // Returns the gradient of z.
  template <typename Real>
  static Real step_backward(const CellStep<Real>& word, const CellStepGrad<Real>& grad, int64_t units) {
    const Vector<Real> one(1), z(word.z);
    Vector<Real> grad_z(0);
    for_each_slice<Real>(units, [&](const Slice<Real>& slice) {
      const auto decay_projected = slice.load(word.projected), unigram_projected = slice.load(word.projected + units),
                 bigram_projected = slice.load(word.projected + 2 * units);
      const auto decay = slice.load(word.gates), hidden = slice.load(word.hidden);
      const auto unigrams_before = slice.load(word.memory_before);
      const auto bigrams_before = slice.load(word.memory_before + units);
      const auto grad_hidden = slice.load(grad.output) + slice.load(grad.hidden);
      const auto grad_output = grad_hidden * (one - hidden * hidden);  // before the last tanh
      const auto grad_unigrams = slice.load(grad.memory);
      const auto grad_bigrams = slice.load(grad.memory + units) + grad_output;
      const auto grad_unigram = grad_unigrams * (one - decay), grad_bigram = grad_bigrams * (one - decay);
      const auto grad_decay = (grad_bigrams * (bigrams_before - unigrams_before - z * bigram_projected) +
                               grad_unigrams * (unigrams_before - z * unigram_projected)) *
                              decay * (one - decay);  // before the sigmoid
      slice.store(at::vec::fmadd(grad_unigrams, decay, grad_bigram), grad.memory);
      slice.store(grad_bigrams * decay, grad.memory + units);
      slice.store(grad_decay, grad.products);
      slice.add(grad_decay, grad.bias);
      slice.add(grad_output, grad.bias + units);
      slice.store(z * grad_decay, grad.projected);
      slice.store(z * grad_unigram, grad.projected + units);
      slice.store(z * grad_bigram, grad.projected + 2 * units);
      grad_z = at::vec::fmadd(grad_decay, decay_projected, grad_z);
      grad_z = at::vec::fmadd(grad_unigram, unigram_projected, grad_z);
      grad_z = at::vec::fmadd(grad_bigram, bigram_projected, grad_z);
    });
    return sum(grad_z);
  }
};

}  // namespace latent_rationale
