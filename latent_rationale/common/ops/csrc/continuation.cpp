// Continuations of sentences by a language model: a word is drawn, read, the next one drawn.

#include <ATen/Dispatch.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <numeric>

#include "batch_reader.h"
#include "lstm.h"
#include "parallel.h"
#include "softmax.h"

namespace latent_rationale {

// B sentences that start from R states, and the noise by which their words are drawn.
struct Continuation {
  CellStates start;    // [R, H], [R, memories * H]
  Tensor state_index;  // [B], the state that each sentence starts from, ascending
  Tensor lengths;      // [B], the number of words to draw
  Tensor noise;        // [B, W], uniform

  template <typename Cell>
  void check(const CellWeights& weights) const {
    for (const Tensor& tensor : {start.hidden, start.memory, noise}) {
      TORCH_CHECK(tensor.dim() == 2 && tensor.is_contiguous() && tensor.scalar_type() == weights.bias.scalar_type(),
                  "expected contiguous matrices of one type");
    }
    const int64_t states = start.hidden.size(0), units = weights.units();
    TORCH_CHECK(start.hidden.size(1) == units && start.memory.size(1) == Cell::memories * units &&
                    start.memory.size(0) == states,
                "expected states for cells of ", units, " units");
    check_indices(state_index, states);
    check_indices(lengths, noise.size(1) + 1);
    const int64_t* const index = state_index.const_data_ptr<int64_t>();
    TORCH_CHECK(std::is_sorted(index, index + state_index.numel()), "expected sentences in the order of their states");
    TORCH_CHECK(noise.size(0) == state_index.numel() && lengths.sizes() == state_index.sizes(),
                "expected noise for each sentence");
  }

  // Draws words [B, W] of the sentences from `first` to `last`, one of each at a time.
  template <typename Cell, typename Real>
  void draw(int64_t first, int64_t last, const Tensor& projected, const CellWeights& weights,
            const OutputLayers& layers, const Tensor& drawn) const {
    BatchReader<Cell, Real> read(projected, weights);
    WordSampler<Real> sample(layers);
    CellStates before = start, after = CellStates::empty<Cell>(last - first, weights);
    CellStates spare = CellStates::empty<Cell>(last - first, weights);  // as `start` must not be overwritten
    const int64_t *const start_index = state_index.const_data_ptr<int64_t>(), *const length =
                                                                                  lengths.const_data_ptr<int64_t>();
    const Rows<Real> noise_of(noise);
    const Rows<int64_t> drawn_for(drawn);
    // Of the sentences that go on: which they are, the state of each, the noise for its next word, and that word.
    std::vector<int64_t> sentences, states, words;
    std::vector<Real> noise_now;
    for (int64_t b = first; b < last; ++b) {
      if (length[b] == 0) continue;
      sentences.push_back(b);
      states.push_back(start_index[b]);
    }
    for (int64_t step = 0; !sentences.empty(); ++step) {
      noise_now.clear();
      for (const int64_t b : sentences) noise_now.push_back(noise_of.at(b)[step]);
      sample(before.hidden, states, noise_now, words);
      size_t left = 0;
      for (size_t k = 0; k < sentences.size(); ++k) {
        const int64_t b = sentences[k];
        drawn_for.at(b)[step] = words[k];
        if (length[b] == step + 1) continue;
        sentences[left] = b;
        states[left] = states[k];
        words[left++] = words[k];
      }
      for (auto* values : {&sentences, &states, &words}) values->resize(left);
      read(before, states, words, after);
      std::iota(states.begin(), states.end(), 0);  // after its first word each sentence has a state of its own
      before = after;
      std::swap(after, spare);
    }
  }
};

// Returns words [B, W], after the ends of the sentences the first word of all.
template <typename Cell>
Tensor continue_sentences(const Tensor& projected, const Tensor& recurrent_weight, const Tensor& bias,
                          const Tensor& hidden, const Tensor& memory, const Tensor& state_index, const Tensor& lengths,
                          const Tensor& noise, const Tensor& head_weight, const std::optional<Tensor>& head_bias,
                          std::vector<Tensor> tails, int64_t reserved) {
  const CellWeights weights{.recurrent_weight = recurrent_weight, .bias = bias};
  const OutputLayers layers{
      .head_weight = head_weight, .head_bias = head_bias, .tails = std::move(tails), .reserved = reserved};
  const Continuation continuation{
      .start = {.hidden = hidden, .memory = memory}, .state_index = state_index, .lengths = lengths, .noise = noise};
  weights.check<Cell>(projected);
  layers.check(projected.size(0), recurrent_weight);
  continuation.check<Cell>(weights);
  const Tensor drawn = at::full(noise.sizes(), reserved, state_index.options());
  const int64_t* const costs = lengths.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(bias.scalar_type(), "continuation", [&] {
    parallel_ranges_by_cost({costs, costs + lengths.numel()}, [&](int64_t first, int64_t last) {
      continuation.draw<Cell, scalar_t>(first, last, projected, weights, layers, drawn);
    });
  });
  return drawn;
}

}  // namespace latent_rationale

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def(
      "lstm_continuation(Tensor projected, Tensor recurrent_weight, Tensor bias, Tensor hidden, Tensor memory,"
      " Tensor state_index, Tensor lengths, Tensor noise, Tensor head_weight, Tensor? head_bias, Tensor[] tails,"
      " int reserved) -> Tensor words");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {
  library.impl("lstm_continuation", &latent_rationale::continue_sentences<latent_rationale::LSTM>);
}
