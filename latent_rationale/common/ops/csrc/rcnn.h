// The recurrent convolution over non-consecutive bigrams of Lei, Barzilay & Jaakkola (2016; Bastings et al. 2019,
// appendix B.1.1). Projected: decay, unigram, bigram; biases: of decay and output; memories: unigrams and bigrams so
// far.

#pragma once

#include "recurrence.h"

namespace latent_rationale {

struct RCNN {
  static constexpr int64_t projections = 3, biases = 2, products = 1, memories = 2;

  template <typename Real>
  static void read(const Word<Real>& word, const Real* bias, int64_t size) {
    const Vector<Real> one(1), z(word.scale);
    for_each_vector<Real>(size, [&](const Units<Real>& units) {
      const auto decay =
          sigmoid(at::vec::fmadd(z, units.load(word.projected), units.load(bias) + units.load(word.products)));
      const auto unigram = z * units.load(word.projected + size), bigram = z * units.load(word.projected + 2 * size);
      const auto unigrams = units.load(word.memories_before), bigrams = units.load(word.memories_before + size);
      const auto new_unigrams = at::vec::fmadd(decay, unigrams, (one - decay) * unigram);
      const auto new_bigrams = at::vec::fmadd(decay, bigrams, (one - decay) * (unigrams + bigram));
      units.store(decay, word.products);
      units.store(new_unigrams, word.memories);
      units.store(new_bigrams, word.memories + size);
      units.store(tanh(new_bigrams + units.load(bias + size)), word.hidden);
    });
  }

  template <typename Real>
  static Real unread(const Word<Real>& word, const WordGradients<Real>& grad, int64_t size) {
    const Vector<Real> one(1), z(word.scale);
    Vector<Real> grad_scale(0);
    for_each_vector<Real>(size, [&](const Units<Real>& units) {
      const auto projected = [&](int64_t index) { return units.load(word.projected + index * size); };
      const auto decay = units.load(word.products), hidden = units.load(word.hidden);
      const auto unigrams = units.load(word.memories_before), bigrams = units.load(word.memories_before + size);
      const auto grad_output = (units.load(grad.shown) + units.load(grad.hidden)) * (one - hidden * hidden);
      const auto grad_unigrams = units.load(grad.memories);
      const auto grad_bigrams = units.load(grad.memories + size) + grad_output;
      const auto grad_unigram = grad_unigrams * (one - decay), grad_bigram = grad_bigrams * (one - decay);
      const auto grad_decay =
          (grad_bigrams * (bigrams - unigrams - z * projected(2)) + grad_unigrams * (unigrams - z * projected(1))) *
          decay * (one - decay);
      units.store(at::vec::fmadd(grad_unigrams, decay, grad_bigram), grad.memories);
      units.store(grad_bigrams * decay, grad.memories + size);
      units.store(grad_decay, grad.products);
      units.add(grad_decay, grad.biases);
      units.add(grad_output, grad.biases + size);
      const auto pass = [&](int64_t index, const Vector<Real>& grad_given) {
        units.store(z * grad_given, grad.projected + index * size);
        grad_scale = at::vec::fmadd(grad_given, projected(index), grad_scale);
      };
      pass(0, grad_decay);
      pass(1, grad_unigram);
      pass(2, grad_bigram);
    });
    return sum(grad_scale);
  }
};

}  // namespace latent_rationale
