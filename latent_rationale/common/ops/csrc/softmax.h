// Sampling of words from a softmax, and from an adaptive softmax over frequent words and clusters of rarer ones.

#pragma once

#include <ATen/cpu/vec/functional.h>

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "batch_reader.h"
#include "vectors.h"

namespace latent_rationale {

// The inverse cdf of a softmax. Exponentials are summed in blocks while they are computed, so that finding a place
// takes two short walks instead of cumulative sums of everything.
template <typename Real>
class Softmax {
 public:
  void set_logits(const Real* logits, int64_t size) {
    masses_.resize(size);
    block_masses_.resize((size + block - 1) / block);
    const Real highest = at::vec::reduce_all<Real>(
        [](const Vector<Real>& x, const Vector<Real>& y) { return at::vec::maximum(x, y); }, logits, size);
    total_ = 0;
    for (int64_t first = 0, b = 0; first < size; first += block, ++b) {
      const int64_t count = std::min(block, size - first);
      at::vec::map([&](const Vector<Real>& x) { return exp(x - Vector<Real>(highest)); }, &masses_[first],
                   logits + first, count);
      total_ += block_masses_[b] = at::vec::reduce_all<Real>(
          [](const Vector<Real>& x, const Vector<Real>& y) { return x + y; }, &masses_[first], count);
    }
  }

  // Returns the place where noise from [0, 1] falls, and how far into the share of that place, from 0 to 1.
  std::pair<int64_t, Real> icdf(Real noise) const {
    const int64_t size = masses_.size(), blocks = block_masses_.size();
    TORCH_CHECK(std::isfinite(total_), "expected finite logits");
    double left = noise * total_;
    int64_t b = 0;
    for (; b + 1 < blocks && left >= block_masses_[b]; ++b) left -= block_masses_[b];
    int64_t place = b * block;
    for (; place + 1 < size && left >= masses_[place]; ++place) left -= masses_[place];
    // Rounding may lead beyond the last place that has a mass.
    for (; place > 0 && masses_[place] == 0; --place) left = masses_[place - 1];
    return {place, static_cast<Real>(std::clamp(left / masses_[place], 0.0, 1.0))};
  }

 private:
  static constexpr int64_t block = 64;
  std::vector<Real> masses_;
  std::vector<double> block_masses_;
  double total_ = 0;
};

// Layers from hidden states to the logits of F frequent words and C clusters, and of the words of each cluster.
struct OutputLayers {
  Tensor head_weight;               // [F + C, H]
  std::optional<Tensor> head_bias;  // [F + C]
  std::vector<Tensor> tails;        // by cluster: [D, H] and [V, D], of V words whose ids follow those before them
  int64_t reserved;                 // as many ids from 0 on are no words and never drawn

  int64_t clusters() const { return tails.size() / 2; }
  int64_t frequent() const { return head_weight.size(0) - clusters(); }
  const Tensor& narrowing(int64_t cluster) const { return tails[2 * cluster]; }
  const Tensor& widening(int64_t cluster) const { return tails[2 * cluster + 1]; }

  // Checks that all words that can be drawn are among so many.
  void check(int64_t vocabulary, const Tensor& recurrent_weight) const {
    const auto fits = [&](const Tensor& tensor, int64_t width) {
      return tensor.dim() == 2 && tensor.size(1) == width && tensor.scalar_type() == recurrent_weight.scalar_type();
    };
    const int64_t units = recurrent_weight.size(1);
    TORCH_CHECK(tails.size() % 2 == 0 && fits(head_weight, units), "expected a head and pairs of layers");
    int64_t words = frequent();
    for (int64_t c = 0; c < clusters(); ++c) {
      TORCH_CHECK(fits(narrowing(c), units) && fits(widening(c), narrowing(c).size(0)) && widening(c).size(0) > 0,
                  "expected pairs of layers");
      words += widening(c).size(0);
    }
    TORCH_CHECK(!head_bias || head_bias->numel() == head_weight.size(0), "expected a bias for each row of the head");
    TORCH_CHECK(0 <= reserved && reserved <= frequent() && reserved < head_weight.size(0) && words <= vocabulary,
                "expected layers for at most ", vocabulary, " words");
  }
};

// Draws words after hidden states. Each thread has a sampler of its own.
template <typename Real>
class WordSampler {
 public:
  explicit WordSampler(const OutputLayers& layers) : layers_(layers) {}

  // Draws words[i] by noise[i] after the row state_index[i] of `hidden`, for all sentences i; `state_index` is
  // ascending. A word of a cluster is chosen by how far into the cluster's share the noise falls.
  void operator()(const Tensor& hidden, const std::vector<int64_t>& state_index, const std::vector<Real>& noise,
                  std::vector<int64_t>& words) {
    words.resize(state_index.size());
    for_each_block(state_index, [&](const Block& block) {
      const auto rare = draw_frequent(block, hidden, state_index, noise, words);
      int64_t first_id = layers_.frequent();
      for (int64_t cluster = 0; cluster < layers_.clusters(); ++cluster) {
        for (auto some = rare[cluster].begin(); some != rare[cluster].end();) {
          const auto end = some + std::min<int64_t>(block_size, rare[cluster].end() - some);
          draw_rare(cluster, first_id, hidden, state_index, {some, end}, words);
          some = end;
        }
        first_id += layers_.widening(cluster).size(0);
      }
    });
  }

 private:
  // A sentence that goes on with a word of a cluster, and uniform noise for the choice of that word.
  struct Rare {
    int64_t sentence;
    Real noise;
  };

  // Draws frequent words. Returns the sentences for which a cluster was drawn instead, by cluster.
  std::vector<std::vector<Rare>> draw_frequent(const Block& block, const Tensor& hidden,
                                               const std::vector<int64_t>& state_index, const std::vector<Real>& noise,
                                               std::vector<int64_t>& words) {
    const int64_t frequent = layers_.frequent(), reserved = layers_.reserved;
    Tensor block_logits = at::mm(hidden.narrow(0, block.first_state, block.states), layers_.head_weight.t());
    if (layers_.head_bias) block_logits.add_(*layers_.head_bias);
    const Rows<Real> logits(block_logits);
    std::vector<std::vector<Rare>> rare(layers_.clusters());
    for (int64_t i = block.first_sentence; i < block.last_sentence; ++i) {
      if (i == block.first_sentence || state_index[i] != state_index[i - 1]) {
        softmax_.set_logits(logits.at(state_index[i] - block.first_state) + reserved, logits.width - reserved);
      }
      const auto [place, rest] = softmax_.icdf(noise[i]);
      words[i] = reserved + place;
      if (words[i] >= frequent) rare[words[i] - frequent].push_back({.sentence = i, .noise = rest});
    }
    return rare;
  }

  void draw_rare(int64_t cluster, int64_t first_id, const Tensor& hidden, const std::vector<int64_t>& state_index,
                 const std::vector<Rare>& rare, std::vector<int64_t>& words) {
    const Tensor chosen = at::empty({static_cast<int64_t>(rare.size()), hidden.size(1)}, hidden.options());
    const Rows<Real> from(hidden), to(chosen);
    for (size_t k = 0; k < rare.size(); ++k) {
      std::copy_n(from.at(state_index[rare[k].sentence]), from.width, to.at(k));
    }
    const Tensor narrowed = at::mm(chosen, layers_.narrowing(cluster).t());
    const Tensor cluster_logits = at::mm(narrowed, layers_.widening(cluster).t());
    const Rows<Real> logits(cluster_logits);
    for (size_t k = 0; k < rare.size(); ++k) {
      softmax_.set_logits(logits.at(k), logits.width);
      words[rare[k].sentence] = first_id + softmax_.icdf(rare[k].noise).first;
    }
  }

  const OutputLayers& layers_;
  Softmax<Real> softmax_;
};

}  // namespace latent_rationale
