// Going on with sentences: a word is drawn, read, the next one drawn.

#include <ATen/ops/full.h>

#include <numeric>

#include "lstm.h"
#include "softmax.h"

namespace latent_rationale {

// Sentences on their way: states `hidden`, `memories` [R, *], `which` of them each is in [B], in ascending order; and
// how many words of each are `wanted` [B].
struct Unfinished {
  Tensor hidden, memories, which, wanted;

  // What would otherwise be read from beyond a tensor's end.
  template <typename Cell>
  void check(const Tensor& noise, const Tensor& weight) const {
    for (const Tensor& tensor : {hidden, memories, noise}) {
      TORCH_CHECK(tensor.dim() == 2 && tensor.is_contiguous() && tensor.scalar_type() == weight.scalar_type(),
                  "expected contiguous matrices of one type");
    }
    const int64_t units = weight.size(1);
    TORCH_CHECK(
        hidden.size(1) == units && memories.size(1) == Cell::memories * units && memories.size(0) == hidden.size(0),
        "expected states for cells of ", units, " units");
    check_indices(which, hidden.size(0));
    check_indices(wanted, noise.size(1) + 1);
    const int64_t* const state = which.const_data_ptr<int64_t>();
    TORCH_CHECK(std::is_sorted(state, state + which.numel()), "expected sentences in the order of their states");
    TORCH_CHECK(noise.size(0) == which.numel() && wanted.sizes() == which.sizes(), "expected noise for each sentence");
  }
};

// Goes on with the sentences from `first` to `last`, all a word further at a time.
template <typename Cell, typename Real>
void go_on_with(const Unfinished& given, int64_t first, int64_t last, const Tensor& noise, Reader<Cell, Real> read,
                Drawer<Real> draw, const Tensor& drawn) {
  States before(given.hidden, given.memories), after = States::empty<Cell>(last - first, given.hidden),
                                               spare = States::empty<Cell>(last - first, given.hidden);
  const int64_t *const start = given.which.const_data_ptr<int64_t>(), *const want =
                                                                          given.wanted.const_data_ptr<int64_t>();
  const Rows<Real> chance(noise);
  const Rows<int64_t> to(drawn);
  std::vector<int64_t> going_on, which, words;
  std::vector<Real> chances;
  for (int64_t b = first; b < last; ++b) {
    if (want[b] == 0) continue;
    going_on.push_back(b);
    which.push_back(start[b]);
  }
  for (int64_t step = 0; !going_on.empty(); ++step) {
    chances.clear();
    for (const int64_t b : going_on) chances.push_back(chance.at(0, b)[step]);
    draw(before.hidden, which, chances, words);
    size_t left = 0;
    for (size_t k = 0; k < going_on.size(); ++k) {
      const int64_t b = going_on[k];
      to.at(0, b)[step] = words[k];
      if (want[b] == step + 1) continue;
      going_on[left] = b;
      which[left] = which[k];
      words[left++] = words[k];
    }
    for (auto* values : {&going_on, &which, &words}) values->resize(left);
    read(before, which, words, after);
    std::iota(which.begin(), which.end(), 0);  // from the first word on, each is in a state of its own
    before = after;
    std::swap(after, spare);
  }
}

// Words by uniform noise [B, W]. Behind those that are wanted stands the first word of all. A thread takes some of the
// sentences.
template <typename Cell>
Tensor go_on(const Tensor& projected, const Tensor& bias, const Tensor& weight, const Tensor& hidden,
             const Tensor& memories, const Tensor& which, const Tensor& wanted, const Tensor& noise, const Tensor& head,
             const std::optional<Tensor>& head_bias, std::vector<Tensor> tails, int64_t reserved) {
  const WordLayers layers{head, head_bias, tails, reserved};
  const Unfinished given{hidden, memories, which, wanted};
  check_cell<Cell>(projected, bias, weight);
  check_layers(layers, projected.size(0), weight);
  given.check<Cell>(noise, weight);
  const Tensor drawn = at::full(noise.sizes(), reserved, which.options());
  const int64_t* const costs = wanted.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "go_on", [&] {
    for_each_share({costs, costs + wanted.numel()}, [&](int64_t first, int64_t last) {
      go_on_with<Cell, scalar_t>(given, first, last, noise, {projected, bias, weight}, Drawer<scalar_t>(layers), drawn);
    });
  });
  return drawn;
}

}  // namespace latent_rationale

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def(
      "lstm_go_on(Tensor projected, Tensor bias, Tensor weight, Tensor hidden, Tensor memories, Tensor which,"
      " Tensor wanted, Tensor noise, Tensor head, Tensor? head_bias, Tensor[] tails, int reserved) -> Tensor words");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {
  library.impl("lstm_go_on", &latent_rationale::go_on<latent_rationale::LSTM>);
}
