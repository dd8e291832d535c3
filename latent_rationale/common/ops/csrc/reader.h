// A cell that reads many sentences one word further, without gradients: few words, in few states.

#pragma once

#include <ATen/ops/mm.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "recurrence.h"

namespace latent_rationale {

inline void check_indices(const Tensor& indices, int64_t count) {
  TORCH_CHECK(indices.scalar_type() == at::kLong && indices.is_contiguous(), "indices must be contiguous integers");
  const int64_t* index = indices.const_data_ptr<int64_t>();
  TORCH_CHECK(std::all_of(index, index + indices.numel(), [count](int64_t i) { return 0 <= i && i < count; }),
              "an index is not one of ", count);
}

// States a cell is in: hidden [M, H] and memories [M, memories * H].
struct States {
  Tensor hidden, memories;

  States(const Tensor& hidden, const Tensor& memories) : hidden(hidden), memories(memories) {}

  template <typename Cell>
  static States empty(int64_t count, const Tensor& like) {
    const int64_t units = like.size(-1);
    return {at::empty({count, units}, like.options()), at::empty({count, Cell::memories * units}, like.options())};
  }
};

// Calls body(first, last) for ranges of sentences that cost similarly much, on a thread each.
template <typename Body>
void for_each_share(const std::vector<int64_t>& costs, const Body& body) {
  if (costs.empty()) return;
  std::vector<int64_t> so_far(costs.size());
  std::partial_sum(costs.begin(), costs.end(), so_far.begin());
  const auto past = [&](int64_t cost) { return std::upper_bound(so_far.begin(), so_far.end(), cost) - so_far.begin(); };
  for_each_part(1, so_far.back(), [&](int64_t, int64_t from, int64_t to) {
    const int64_t first = from == 0 ? 0 : past(from), last = to == so_far.back() ? costs.size() : past(to);
    if (first < last) body(first, last);
  });
}

// States of which a product is taken at a time: few enough for it to stay in a processor's cache, unless it is one with
// all words of a language.
constexpr int64_t at_a_time = 128;

// Calls body(first, last, lowest, count) for sentences of which each range is in `count` states from `lowest` on, at
// most `at_a_time`. `which` states the sentences are in is in ascending order.
template <typename Body>
void for_each_block(const std::vector<int64_t>& which, const Body& body) {
  for (auto first = which.begin(); first != which.end();) {
    const auto last = std::lower_bound(first, which.end(), *first + at_a_time);
    body(first - which.begin(), last - which.begin(), *first, *(last - 1) - *first + 1);
    first = last;
  }
}

// Reads words without gradients. Each thread has one of its own.
//
//   projected  [N, projections * H]  what the cell makes of the words
//   bias       [biases * H]
//   weight     [products * H, H]
template <typename Cell, typename Real>
class Reader {
 public:
  Reader(const Tensor& projected, const Tensor& bias, const Tensor& weight)
      : projected_(projected), biases_(bias.const_data_ptr<Real>()), weight_(weight.t()), own_(weight.size(0)) {}

  // Sentence i is in the state which[i], in ascending order, reads the word words[i], and is in state i then.
  void operator()(const States& before, const std::vector<int64_t>& which, const std::vector<int64_t>& words,
                  const States& after) {
    const Rows<Real> memory(before.memories), shown(after.hidden), kept(after.memories);
    for_each_block(which, [&](int64_t first, int64_t last, int64_t lowest, int64_t count) {
      const Tensor products = at::mm(before.hidden.narrow(0, lowest, count), weight_);
      const Rows<Real> product(products);
      for (int64_t i = first; i < last; ++i) {
        // `read` writes over the products, and others may need them too.
        std::copy_n(product.at(0, which[i] - lowest), product.width, own_.data());
        Cell::template read<Real>(
            {projected_.at(0, words[i]), 1, own_.data(), memory.at(0, which[i]), kept.at(0, i), shown.at(0, i)},
            biases_, shown.width);
      }
    });
  }

 private:
  Rows<Real> projected_;
  const Real* biases_;
  Tensor weight_;
  std::vector<Real> own_;
};

// What would otherwise be read from beyond a tensor's end.
template <typename Cell>
void check_cell(const Tensor& projected, const Tensor& bias, const Tensor& weight) {
  for (const Tensor& tensor : {projected, bias, weight}) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == weight.scalar_type(),
                "expected contiguous tensors of one type");
  }
  const int64_t units = weight.size(1);
  TORCH_CHECK(projected.dim() == 2 && projected.size(1) == Cell::projections * units &&
                  weight.size(0) == Cell::products * units && bias.numel() == Cell::biases * units,
              "expected weights for cells of ", units, " units");
}

}  // namespace latent_rationale
