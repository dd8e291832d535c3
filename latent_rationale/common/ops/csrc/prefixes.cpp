// The states after prefixes of sentences, where many begin alike. In lexicographic order those are neighbours, and a
// prefix is new where a sentence has no more words in common with the one before it.

#include <ATen/Dispatch.h>
#include <torch/library.h>

#include <numeric>
#include <tuple>

#include "batch_reader.h"
#include "lstm.h"
#include "parallel.h"
#include "rcnn.h"

namespace latent_rationale {

// Sentences in lexicographic order, and the number of words that each has in common with the one before it.
class SortedSentences {
 public:
  // ids [R, T], lengths [R]
  SortedSentences(const Tensor& ids, const Tensor& lengths)
      : ids_(ids), lengths_(lengths.const_data_ptr<int64_t>()), order_(ids.size(0)), common_(ids.size(0)) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [this](int64_t left, int64_t right) {
      return std::lexicographical_compare(begin_of(left), end_of(left), begin_of(right), end_of(right));
    });
    for (int64_t i = 1; i < size(); ++i) {
      const int64_t shorter = std::min(length(i - 1), length(i));
      common_[i] = std::mismatch(words(i), words(i) + shorter, words(i - 1)).first - words(i);
    }
  }

  int64_t size() const { return order_.size(); }
  int64_t row(int64_t i) const { return order_[i]; }  // in ids
  const int64_t* words(int64_t i) const { return begin_of(order_[i]); }
  int64_t length(int64_t i) const { return lengths_[order_[i]]; }
  int64_t common(int64_t i) const { return common_[i]; }

  // The number of prefixes of each that the one before it does not have.
  std::vector<int64_t> new_prefixes() const {
    std::vector<int64_t> counts(size());
    for (int64_t i = 0; i < size(); ++i) counts[i] = length(i) - common(i);
    return counts;
  }

 private:
  const int64_t* begin_of(int64_t row) const { return ids_.at(row); }
  const int64_t* end_of(int64_t row) const { return ids_.at(row) + lengths_[row]; }

  Rows<int64_t> ids_;
  const int64_t* lengths_;
  std::vector<int64_t> order_, common_;
};

// Reads the sentences from `first` to `last`, one word of each at a time, and writes where they end into `found`.
template <typename Cell, typename Real>
void read_prefixes_of(const SortedSentences& sentences, int64_t first, int64_t last, const Tensor& projected,
                      const CellWeights& weights, const CellStates& found) {
  BatchReader<Cell, Real> read(projected, weights);
  CellStates before = CellStates::empty<Cell>(last - first, weights);
  CellStates after = CellStates::empty<Cell>(last - first, weights);
  before.hidden[0].zero_();
  before.memory[0].zero_();
  const Rows<Real> found_hidden(found.hidden), found_memory(found.memory);
  // Of the sentences that go on: which they are, and the state of each; of the new prefixes: the state before the last
  // word, and that word.
  std::vector<int64_t> reading(last - first), state(last - first, 0), state_index, words;
  std::iota(reading.begin(), reading.end(), first);
  for (int64_t place = 0; !reading.empty(); ++place) {
    const Rows<Real> hidden(before.hidden), memory(before.memory);
    state_index.clear();
    words.clear();
    size_t left = 0;
    for (size_t k = 0; k < reading.size(); ++k) {
      const int64_t i = reading[k];
      if (sentences.length(i) == place) {
        std::copy_n(hidden.at(state[k]), hidden.width, found_hidden.at(sentences.row(i)));
        std::copy_n(memory.at(state[k]), memory.width, found_memory.at(sentences.row(i)));
        continue;
      }
      if (words.empty() || sentences.common(i) <= place) {
        state_index.push_back(state[k]);
        words.push_back(sentences.words(i)[place]);
      }
      reading[left] = i;
      state[left++] = words.size() - 1;
    }
    reading.resize(left);
    read(before, state_index, words, after);
    std::swap(before, after);
  }
}

// Returns hidden [R, H] and memory [R, memories * H] after the first lengths [R] words of the sentences ids [R, T].
// Each prefix is read once, or once by each of several threads.
template <typename Cell>
std::tuple<Tensor, Tensor> read_prefixes(const Tensor& projected, const Tensor& ids, const Tensor& lengths,
                                         const Tensor& recurrent_weight, const Tensor& bias) {
  const CellWeights weights{.recurrent_weight = recurrent_weight, .bias = bias};
  weights.check<Cell>(projected);
  check_indices(ids, projected.size(0));
  TORCH_CHECK(ids.dim() == 2 && lengths.numel() == ids.size(0), "expected one length for each sentence");
  check_indices(lengths, ids.size(1) + 1);
  const CellStates found = CellStates::empty<Cell>(ids.size(0), weights);
  const SortedSentences sentences(ids, lengths);
  AT_DISPATCH_FLOATING_TYPES(bias.scalar_type(), "prefixes", [&] {
    parallel_ranges_by_cost(sentences.new_prefixes(), [&](int64_t first, int64_t last) {
      read_prefixes_of<Cell, scalar_t>(sentences, first, last, projected, weights, found);
    });
  });
  return {found.hidden, found.memory};
}

}  // namespace latent_rationale

#define ARGUMENTS                                                                                                   \
  "(Tensor projected, Tensor ids, Tensor lengths, Tensor recurrent_weight, Tensor bias) -> (Tensor hidden, Tensor " \
  "memory)"

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def("lstm_prefixes" ARGUMENTS);
  library.def("rcnn_prefixes" ARGUMENTS);
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {
  library.impl("lstm_prefixes", &latent_rationale::read_prefixes<latent_rationale::LSTM>);
  library.impl("rcnn_prefixes", &latent_rationale::read_prefixes<latent_rationale::RCNN>);
}
