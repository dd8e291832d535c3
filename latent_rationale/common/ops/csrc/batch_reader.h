// Cells that read a word in each of many sentences, without gradients, where sentences may share a state.

#pragma once

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <vector>

#include "cell.h"

namespace latent_rationale {

// M states of a cell.
struct CellStates {
  Tensor hidden;  // [M, H]
  Tensor memory;  // [M, memories * H]

  template <typename Cell>
  static CellStates empty(int64_t count, const CellWeights& weights) {
    const auto options = weights.recurrent_weight.options();
    return {.hidden = at::empty({count, weights.units()}, options),
            .memory = at::empty({count, Cell::memories * weights.units()}, options)};
  }
};

// The number of states in a matrix product: small enough for the product to stay in a processor's cache, unless it has
// a column per word of a vocabulary.
constexpr int64_t block_size = 128;

// Sentences from `first_sentence` to `last_sentence`, which are in `states` states from `first_state` on.
struct Block {
  int64_t first_sentence, last_sentence, first_state, states;
};

// Calls body(block) for blocks of at most `block_size` states, given the state that each sentence is in, ascending.
template <typename Body>
void for_each_block(const std::vector<int64_t>& state_index, const Body& body) {
  for (auto first = state_index.begin(); first != state_index.end();) {
    const auto last = std::lower_bound(first, state_index.end(), *first + block_size);
    body(Block{.first_sentence = first - state_index.begin(),
               .last_sentence = last - state_index.begin(),
               .first_state = *first,
               .states = *(last - 1) - *first + 1});
    first = last;
  }
}

// Reads words. Each thread has a reader of its own.
template <typename Cell, typename Real>
class BatchReader {
 public:
  // `projected` [N, gates * H] are the words of a vocabulary.
  BatchReader(const Tensor& projected, const CellWeights& weights)
      : projected_(projected),
        bias_(weights.bias.const_data_ptr<Real>()),
        weight_columns_(weights.recurrent_weight.t()),
        gates_(weights.recurrent_weight.size(0)) {}

  // Sentence i is in the state state_index[i] of `before`, reads the word words[i], and is in state i of `after` then.
  // `state_index` is ascending.
  void operator()(const CellStates& before, const std::vector<int64_t>& state_index, const std::vector<int64_t>& words,
                  const CellStates& after) {
    const Rows<Real> memory_before(before.memory), memory(after.memory), hidden(after.hidden);
    for_each_block(state_index, [&](const Block& block) {
      const Tensor block_products = at::mm(before.hidden.narrow(0, block.first_state, block.states), weight_columns_);
      const Rows<Real> products(block_products);
      for (int64_t i = block.first_sentence; i < block.last_sentence; ++i) {
        Cell::template step<Real>({.projected = projected_.at(words[i]),
                                   .z = 1,
                                   .products = products.at(state_index[i] - block.first_state),
                                   .memory_before = memory_before.at(state_index[i]),
                                   .gates = gates_.data(),
                                   .memory = memory.at(i),
                                   .hidden = hidden.at(i)},
                                  bias_, hidden.width);
      }
    });
  }

 private:
  Rows<Real> projected_;
  const Real* bias_;
  Tensor weight_columns_;
  std::vector<Real> gates_;
};

}  // namespace latent_rationale
