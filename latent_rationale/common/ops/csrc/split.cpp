// The hidden state of an LSTM split into the part that is relevant to a phrase and the rest, by the rules of
// SplitActivation: each word in one pass over the numbers between two matrix products. S phrases in K contexts of T
// words.

#include <ATen/Dispatch.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <tuple>
#include <vector>

#include "batch_reader.h"
#include "lstm.h"
#include "parallel.h"

namespace latent_rationale {

// A word of a phrase's K contexts. Each activation has K wholes, and one relevant part for all contexts. `products` are
// recurrent_weight times the previous state and become the values of the gates; states become those after the word.
template <typename Real>
struct SplitStep {
  const std::vector<const Real*>& projected;  // K words [4 * H]
  bool inside;                                // whether the word belongs to the phrase
  Rows<Real> products;                        // [K, 4 * H]
  Rows<Real> hidden, memory;                  // [K, H]
  const Real* relevant_products;              // [4 * H]
  Real* relevant_hidden;                      // [H]
  Real* relevant_memory;                      // [H]
};

// The relevant part of a product: all but what the rests make together. Unlike x y - (x - rx) (y - ry) this is no
// difference of two numbers that are nearly the same.
template <typename Real>
Vector<Real> relevant_in_product(const Vector<Real>& x, const Vector<Real>& relevant_x, const Vector<Real>& y,
                                 const Vector<Real>& relevant_y) {
  return at::vec::fmadd(relevant_x, y, (x - relevant_x) * relevant_y);
}

// One slice of H at one word: the rules of a product and of a nonlinear function, each averaged over the contexts.
template <typename Real>
struct SplitSlice {
  using V = Vector<Real>;

  const SplitStep<Real>& word;
  const Real* bias;
  int64_t units;
  const Slice<Real>& slice;

  template <typename Relevant>
  V mean_over_contexts(const Relevant& relevant) const {
    const int64_t contexts = word.projected.size();
    V total(0);
    for (int64_t k = 0; k < contexts; ++k) total = total + relevant(k);
    return total * V(Real(1) / contexts);
  }

  // The whole value of a gate, once it was computed by `relevant_gate`.
  V whole_gate(LSTM::Gate gate, int64_t k) const { return slice.load(word.products.at(k) + gate * units); }

  // Computes a gate in all contexts, and returns the relevant part f(x) - f(x - relevant_x).
  template <typename Function>
  V relevant_gate(LSTM::Gate gate, const Function& function) const {
    const int64_t offset = gate * units;
    V relevant = slice.load(word.relevant_products + offset);
    if (word.inside) relevant = relevant + slice.load(word.projected[0] + offset);
    return mean_over_contexts([&](int64_t k) {
      Real* const product = word.products.at(k) + offset;
      const V preactivation =
          slice.load(word.projected[k] + offset) + (slice.load(bias + offset) + slice.load(product));
      const V whole = function(preactivation);
      slice.store(whole, product);
      return whole - function(preactivation - relevant);
    });
  }

  void step() const {
    const auto sigmoid_of = [](const V& x) { return sigmoid(x); };
    const auto tanh_of = [](const V& x) { return tanh(x); };
    const V input_gate = relevant_gate(LSTM::input, sigmoid_of), forget_gate = relevant_gate(LSTM::forget, sigmoid_of),
            cell_gate = relevant_gate(LSTM::cell, tanh_of), output_gate = relevant_gate(LSTM::output, sigmoid_of);
    const V memory_before = slice.load(word.relevant_memory);
    const V memory = mean_over_contexts([&](int64_t k) {
      const V input_k = whole_gate(LSTM::input, k), forget_k = whole_gate(LSTM::forget, k),
              cell_k = whole_gate(LSTM::cell, k), memory_before_k = slice.load(word.memory.at(k));
      slice.store(at::vec::fmadd(input_k, cell_k, forget_k * memory_before_k), word.memory.at(k));
      return relevant_in_product(input_k, input_gate, cell_k, cell_gate) +
             relevant_in_product(forget_k, forget_gate, memory_before_k, memory_before);
    });
    const V memory_tanh = mean_over_contexts([&](int64_t k) {
      const V memory_k = slice.load(word.memory.at(k)), tanh_k = tanh(memory_k);
      slice.store(tanh_k, word.hidden.at(k));
      return tanh_k - tanh(memory_k - memory);
    });
    const V hidden = mean_over_contexts([&](int64_t k) {
      const V output_k = whole_gate(LSTM::output, k), tanh_k = slice.load(word.hidden.at(k));
      slice.store(output_k * tanh_k, word.hidden.at(k));
      return relevant_in_product(output_k, output_gate, tanh_k, memory_tanh);
    });
    slice.store(memory, word.relevant_memory);
    slice.store(hidden, word.relevant_hidden);
  }
};

// Phrases in their contexts, the weights, and the states that are updated word by word.
struct SplitReading {
  Tensor projected;  // [N, 4 * H], of the words of a vocabulary
  Tensor contexts;   // [S, K, T], which words stand where
  Tensor begins;     // [S], the places where the phrases begin, ascending: nothing is relevant before them
  Tensor inside;     // [S, T], where the phrases are
  CellWeights weights;
  Tensor hidden, memory;                    // [S, K, H], where the phrases begin and then after each word
  Tensor relevant_hidden, relevant_memory;  // [S, 1, H]

  void check() const {
    weights.check<LSTM>(projected);
    check_indices(contexts, projected.size(0));
    TORCH_CHECK(contexts.dim() == 3 && contexts.size(1) > 0, "expected contexts of phrases");
    const int64_t phrases = contexts.size(0), samples = contexts.size(1), places = contexts.size(2);
    check_indices(begins, places + 1);
    const int64_t* const begin = begins.const_data_ptr<int64_t>();
    TORCH_CHECK(begins.numel() == phrases && std::is_sorted(begin, begin + phrases),
                "expected phrases in the order of where they begin");
    TORCH_CHECK(inside.sizes() == at::IntArrayRef({phrases, places}) && inside.scalar_type() == at::kBool &&
                    inside.is_contiguous(),
                "expected true or false for each place");
    for (const Tensor& state : {hidden, memory}) {
      TORCH_CHECK(state.sizes() == at::IntArrayRef({phrases, samples, weights.units()}) && state.is_contiguous() &&
                      state.scalar_type() == weights.bias.scalar_type(),
                  "expected a contiguous state for each context");
    }
  }

  // The number of words that are read of each phrase's contexts.
  std::vector<int64_t> costs() const {
    std::vector<int64_t> costs(begins.numel());
    for (size_t s = 0; s < costs.size(); ++s) costs[s] = contexts.size(2) - begins.const_data_ptr<int64_t>()[s];
    return costs;
  }

  // Reads the contexts of the phrases from `first` to `last` to their ends.
  template <typename Real>
  void read(int64_t first, int64_t last) const {
    const int64_t samples = contexts.size(1), places = contexts.size(2), units = weights.units();
    const Rows<Real> projected_rows(projected), hidden_rows(hidden), memory_rows(memory),
        relevant_hidden_rows(relevant_hidden), relevant_memory_rows(relevant_memory);
    const Rows<int64_t> words(contexts);
    const Rows<bool> is_inside(inside);
    const Tensor weight_columns = weights.recurrent_weight.t();
    const int64_t* const begin = begins.const_data_ptr<int64_t>();
    std::vector<const Real*> projected_words(samples);
    for (int64_t place = begin[first]; place < places; ++place) {
      const int64_t begun = std::upper_bound(begin + first, begin + last, place) - begin - first;
      const Tensor products = at::mm(hidden.narrow(0, first, begun).flatten(0, 1), weight_columns);
      const Tensor relevant_products = at::mm(relevant_hidden.narrow(0, first, begun).flatten(0, 1), weight_columns);
      const Rows<Real> product_rows(products.view({begun, samples, -1})), relevant_product_rows(relevant_products);
      for (int64_t s = first; s < first + begun; ++s) {
        for (int64_t k = 0; k < samples; ++k) projected_words[k] = projected_rows.at(words.at(s, k)[place]);
        const SplitStep<Real> word{.projected = projected_words,
                                   .inside = is_inside.at(s)[place],
                                   .products = product_rows.from(s - first),
                                   .hidden = hidden_rows.from(s),
                                   .memory = memory_rows.from(s),
                                   .relevant_products = relevant_product_rows.at(s - first),
                                   .relevant_hidden = relevant_hidden_rows.at(s),
                                   .relevant_memory = relevant_memory_rows.at(s)};
        for_each_slice<Real>(units, [&](const Slice<Real>& slice) {
          SplitSlice<Real>{.word = word, .bias = weights.bias.const_data_ptr<Real>(), .units = units, .slice = slice}
              .step();
        });
      }
    }
  }
};

// Returns, after the last word, hidden states [S, K, H] and the relevant parts of them [S, 1, H]. A thread takes some
// of the phrases, a few at a time, so that a matrix product stays in its cache.
std::tuple<Tensor, Tensor> split_lstm(const Tensor& projected, const Tensor& contexts, const Tensor& begins,
                                      const Tensor& inside, const Tensor& recurrent_weight, const Tensor& bias,
                                      const Tensor& hidden, const Tensor& memory) {
  const Tensor nothing = at::zeros({hidden.size(0), 1, hidden.size(-1)}, hidden.options());
  const SplitReading reading{.projected = projected,
                             .contexts = contexts,
                             .begins = begins,
                             .inside = inside,
                             .weights = {.recurrent_weight = recurrent_weight, .bias = bias},
                             .hidden = hidden.clone(),
                             .memory = memory.clone(),
                             .relevant_hidden = nothing,
                             .relevant_memory = nothing.clone()};
  reading.check();
  AT_DISPATCH_FLOATING_TYPES(bias.scalar_type(), "split_lstm", [&] {
    const int64_t phrases_at_once = std::max<int64_t>(1, block_size / contexts.size(1));
    parallel_ranges_by_cost(reading.costs(), [&](int64_t start, int64_t stop) {
      for (int64_t first = start; first < stop; first += phrases_at_once) {
        reading.read<scalar_t>(first, std::min(first + phrases_at_once, stop));
      }
    });
  });
  return {reading.hidden, reading.relevant_hidden};
}

}  // namespace latent_rationale

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def(
      "lstm_split(Tensor projected, Tensor contexts, Tensor begins, Tensor inside, Tensor recurrent_weight, Tensor "
      "bias,"
      " Tensor hidden, Tensor memory) -> (Tensor whole, Tensor relevant)");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) { library.impl("lstm_split", &latent_rationale::split_lstm); }
