// Drawing words from a softmax, and from one over frequent words and clusters of rarer ones.

#pragma once

#include <ATen/cpu/vec/functional.h>

#include <cmath>
#include <optional>
#include <utility>

#include "reader.h"

namespace latent_rationale {

// The shares of logits, in blocks of which each is summed up as it is made: to find where noise falls takes two short
// walks then, and no cumulative sums of all.
template <typename Real>
class Softmax {
 public:
  void set_logits(const Real* logits, int64_t size) {
    shares_.resize(size);
    blocks_.resize((size + block - 1) / block);
    const Real highest = at::vec::reduce_all<Real>(
        [](const Vector<Real>& x, const Vector<Real>& y) { return at::vec::maximum(x, y); }, logits, size);
    total_ = 0;
    for (int64_t first = 0, b = 0; first < size; first += block, ++b) {
      const int64_t count = std::min(block, size - first);
      at::vec::map([&](const Vector<Real>& x) { return exp(x - Vector<Real>(highest)); }, &shares_[first],
                   logits + first, count);
      total_ += blocks_[b] = at::vec::reduce_all<Real>(
          [](const Vector<Real>& x, const Vector<Real>& y) { return x + y; }, &shares_[first], count);
    }
  }

  // The place where a share of the whole, from 0 to 1, falls; and how far into the share of that place, from 0 to 1.
  std::pair<int64_t, Real> icdf(Real noise) const {
    const int64_t size = shares_.size(), blocks = blocks_.size();
    TORCH_CHECK(std::isfinite(total_), "expected finite logits");
    double left = noise * total_;
    int64_t b = 0;
    for (; b + 1 < blocks && left >= blocks_[b]; ++b) left -= blocks_[b];
    int64_t place = b * block;
    for (; place + 1 < size && left >= shares_[place]; ++place) left -= shares_[place];
    for (; place > 0 && shares_[place] == 0; --place) left = shares_[place - 1];  // rounding led beyond the last share
    return {place, static_cast<Real>(std::clamp(left / shares_[place], 0.0, 1.0))};
  }

 private:
  static constexpr int64_t block = 64;
  std::vector<Real> shares_;
  std::vector<double> blocks_;
  double total_ = 0;
};

// Which word comes after a state: one of the frequent words, or of a cluster of rarer ones.
//
//   head    [F + C, H]                 of F frequent words and C clusters
//   bias    [F + C]                    if there is one
//   tails   [D, H], [V, D] by cluster  of its V words; the ids of the clusters follow upon each other
//   reserved                           as many ids are no words and never drawn
struct WordLayers {
  Tensor head;
  std::optional<Tensor> bias;
  std::vector<Tensor> tails;
  int64_t reserved;

  int64_t clusters() const { return tails.size() / 2; }
  int64_t frequent() const { return head.size(0) - clusters(); }
};

// What would otherwise be read from beyond a tensor's end.
inline void check_layers(const WordLayers& layers, int64_t words, const Tensor& like) {
  const auto fits = [&](const Tensor& tensor, int64_t width) {
    return tensor.dim() == 2 && tensor.size(1) == width && tensor.scalar_type() == like.scalar_type();
  };
  TORCH_CHECK(layers.tails.size() % 2 == 0 && fits(layers.head, like.size(1)), "expected a head and pairs of layers");
  int64_t known = layers.frequent();
  for (int64_t cluster = 0; cluster < layers.clusters(); ++cluster) {
    const Tensor &down = layers.tails[2 * cluster], &up = layers.tails[2 * cluster + 1];
    TORCH_CHECK(fits(down, like.size(1)) && fits(up, down.size(0)) && up.size(0) > 0, "expected pairs of layers");
    known += up.size(0);
  }
  TORCH_CHECK(!layers.bias || layers.bias->numel() == layers.head.size(0), "expected a bias for each row of the head");
  TORCH_CHECK(0 <= layers.reserved && layers.reserved <= layers.frequent() && layers.reserved < layers.head.size(0) &&
                  known <= words,
              "expected layers for at most ", words, " words");
}

// Draws words behind states. Each thread has one of its own.
template <typename Real>
class Drawer {
 public:
  explicit Drawer(const WordLayers& layers) : layers_(layers) {}

  // For sentences in the states `which` of `hidden`, in ascending order, words by uniform noise. The word of a cluster
  // comes by how far into the cluster the noise falls.
  void operator()(const Tensor& hidden, const std::vector<int64_t>& which, const std::vector<Real>& noise,
                  std::vector<int64_t>& words) {
    words.resize(which.size());
    const int64_t frequent = layers_.frequent(), reserved = layers_.reserved;
    for_each_block(which, [&](int64_t first, int64_t last, int64_t lowest, int64_t count) {
      Tensor logits = at::mm(hidden.narrow(0, lowest, count), layers_.head.t());
      if (layers_.bias) logits.add_(*layers_.bias);
      const Rows<Real> row(logits);
      std::vector<std::vector<Rare>> rare(layers_.clusters());
      for (int64_t i = first; i < last; ++i) {
        if (i == first || which[i] != which[i - 1]) {
          softmax_.set_logits(row.at(0, which[i] - lowest) + reserved, row.width - reserved);
        }
        const auto [place, rest] = softmax_.icdf(noise[i]);
        words[i] = reserved + place;
        if (words[i] >= frequent) rare[words[i] - frequent].push_back({i, rest});
      }
      int64_t start = frequent;
      for (int64_t cluster = 0; cluster < layers_.clusters(); ++cluster) {
        for (auto some = rare[cluster].begin(); some != rare[cluster].end();) {
          const auto end = some + std::min<int64_t>(at_a_time, rare[cluster].end() - some);
          draw_rare(cluster, start, hidden, which, {some, end}, words);
          some = end;
        }
        start += layers_.tails[2 * cluster + 1].size(0);
      }
    });
  }

 private:
  struct Rare {
    int64_t sentence;
    Real noise;
  };

  void draw_rare(int64_t cluster, int64_t start, const Tensor& hidden, const std::vector<int64_t>& which,
                 const std::vector<Rare>& rare, std::vector<int64_t>& words) {
    const Tensor states = at::empty({static_cast<int64_t>(rare.size()), hidden.size(1)}, hidden.options());
    const Rows<Real> from(hidden), to(states);
    for (size_t k = 0; k < rare.size(); ++k) {
      std::copy_n(from.at(0, which[rare[k].sentence]), from.width, to.at(0, k));
    }
    const Tensor narrowed = at::mm(states, layers_.tails[2 * cluster].t());
    const Tensor logits = at::mm(narrowed, layers_.tails[2 * cluster + 1].t());
    const Rows<Real> row(logits);
    for (size_t k = 0; k < rare.size(); ++k) {
      softmax_.set_logits(row.at(0, k), row.width);
      words[rare[k].sentence] = start + softmax_.icdf(rare[k].noise).first;
    }
  }

  const WordLayers& layers_;
  Softmax<Real> softmax_;
};

}  // namespace latent_rationale
