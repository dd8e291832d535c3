// What an LSTM shows, split into what a phrase put there and the rest: the rules of `Parts` in parts.py, all in one
// pass between two products. For S phrases in K contexts of T words each:
//
//   contexts  [S, K, T]    which words stand where
//   begins    [S]          the places where the phrases begin, ascending: before them nothing is relevant
//   inside    [S, T]       where the phrases are
//   hidden    [S, K, H]    the states in which they begin
//   memories  [S, K, H]

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "lstm.h"
#include "reader.h"

namespace latent_rationale {

// A phrase in its K contexts at one place. Whole are [K, *]; relevant is one for all contexts. `products` become what
// the gates say, and states those after the word.
template <typename Real>
struct SplitWord {
  const std::vector<const Real*>& projected;
  bool inside;
  Rows<Real> products, hidden, memories;
  const Real* relevant_products;
  Real *relevant_hidden, *relevant_memories;
};

template <typename Real>
void read_split(const SplitWord<Real>& word, const Real* bias, int64_t size) {
  using V = Vector<Real>;
  const int64_t contexts = word.projected.size();
  for_each_vector<Real>(size, [&](const Units<Real>& units) {
    const auto mean = [&](const auto& relevant_in) {
      V total(0);
      for (int64_t k = 0; k < contexts; ++k) total = total + relevant_in(k);
      return total * V(Real(1) / contexts);
    };
    const auto gate = [&](int64_t index, const auto& bend) {
      const int64_t offset = index * size;
      V own = units.load(word.relevant_products + offset);
      if (word.inside) own = own + units.load(word.projected[0] + offset);
      return mean([&](int64_t k) {
        Real* const product = word.products.at(0, k) + offset;
        const V given = units.load(word.projected[k] + offset) + (units.load(bias + offset) + units.load(product));
        const V whole = bend(given);
        units.store(whole, product);
        return whole - bend(given - own);
      });
    };
    const auto said = [&](int64_t index, int64_t k) { return units.load(word.products.at(0, k) + index * size); };
    // Relevant to a product: what either part has to do with, and no difference of two that are nearly the same.
    const auto of_product = [](const V& x, const V& own_x, const V& y, const V& own_y) {
      return at::vec::fmadd(own_x, y, (x - own_x) * own_y);
    };
    const auto bend_sigmoid = [](const V& x) { return sigmoid(x); };
    const auto bend_tanh = [](const V& x) { return tanh(x); };
    const V input = gate(0, bend_sigmoid), forget = gate(1, bend_sigmoid), update = gate(2, bend_tanh),
            output = gate(3, bend_sigmoid), memory = units.load(word.relevant_memories);
    const V cell = mean([&](int64_t k) {
      const V before = units.load(word.memories.at(0, k));
      const V after = at::vec::fmadd(said(0, k), said(2, k), said(1, k) * before);
      units.store(after, word.memories.at(0, k));
      return of_product(said(0, k), input, said(2, k), update) + of_product(said(1, k), forget, before, memory);
    });
    const V shown = mean([&](int64_t k) {
      const V after = units.load(word.memories.at(0, k)), whole = tanh(after);
      units.store(whole, word.hidden.at(0, k));
      return whole - tanh(after - cell);
    });
    const V hidden = mean([&](int64_t k) {
      const V seen = units.load(word.hidden.at(0, k));
      units.store(said(3, k) * seen, word.hidden.at(0, k));
      return of_product(said(3, k), output, seen, shown);
    });
    units.store(cell, word.relevant_memories);
    units.store(hidden, word.relevant_hidden);
  });
}

// Phrases in their contexts, and where they are on their way: states in all contexts, and what is relevant of them.
struct SplitReading {
  Tensor projected, contexts, begins, inside, bias, weight, hidden, memories;
  Tensor relevant_hidden = at::zeros({hidden.size(0), 1, hidden.size(2)}, hidden.options());
  Tensor relevant_memories = at::zeros_like(relevant_hidden);

  // What would otherwise be read from beyond a tensor's end.
  void check() const {
    check_cell<LSTM>(projected, bias, weight);
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
    for (const Tensor& state : {hidden, memories}) {
      TORCH_CHECK(state.sizes() == at::IntArrayRef({phrases, samples, weight.size(1)}) && state.is_contiguous() &&
                      state.scalar_type() == weight.scalar_type(),
                  "expected a contiguous state for each context");
    }
  }

  // Reads the phrases from `first` to `last` to the ends of their contexts.
  template <typename Real>
  void read(int64_t first, int64_t last) const {
    const int64_t samples = contexts.size(1), places = contexts.size(2), units = weight.size(1);
    const Rows<Real> given(projected), whole(hidden), memory(memories), relevant(relevant_hidden),
        remembered(relevant_memories);
    const Rows<int64_t> words(contexts);
    const Tensor columns = weight.t();
    const int64_t* const begin = begins.const_data_ptr<int64_t>();
    std::vector<const Real*> now(samples);
    for (int64_t place = begin[first]; place < places; ++place) {
      const int64_t begun = std::upper_bound(begin + first, begin + last, place) - begin - first;
      const Tensor products = at::mm(hidden.narrow(0, first, begun).flatten(0, 1), columns);
      const Tensor relevant_products = at::mm(relevant_hidden.narrow(0, first, begun).flatten(0, 1), columns);
      const Rows<Real> product(products.view({begun, samples, -1})), relevant_product(relevant_products);
      for (int64_t s = first; s < first + begun; ++s) {
        for (int64_t k = 0; k < samples; ++k) now[k] = given.at(0, words.at(s, k)[place]);
        read_split<Real>(
            {now, inside.const_data_ptr<bool>()[s * places + place], product.from(s - first), whole.from(s),
             memory.from(s), relevant_product.at(0, s - first), relevant.at(s, 0), remembered.at(s, 0)},
            bias.const_data_ptr<Real>(), units);
      }
    }
  }
};

// Behind the last word: hidden states [S, K, H], and what is relevant of them [S, 1, H]. A thread takes some of the
// phrases, a few at a time, so that a product stays in its cache.
std::tuple<Tensor, Tensor> lstm_parts(const Tensor& projected, const Tensor& contexts, const Tensor& begins,
                                      const Tensor& inside, const Tensor& bias, const Tensor& weight,
                                      const Tensor& hidden, const Tensor& memories) {
  const SplitReading reading{projected, contexts, begins, inside, bias, weight, hidden.clone(), memories.clone()};
  reading.check();
  std::vector<int64_t> costs(begins.numel());
  for (size_t s = 0; s < costs.size(); ++s) costs[s] = contexts.size(2) - begins.const_data_ptr<int64_t>()[s];
  AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "lstm_parts", [&] {
    const int64_t some = std::max<int64_t>(1, at_a_time / contexts.size(1));
    for_each_share(costs, [&](int64_t start, int64_t stop) {
      for (int64_t first = start; first < stop; first += some) {
        reading.read<scalar_t>(first, std::min(first + some, stop));
      }
    });
  });
  return {reading.hidden, reading.relevant_hidden};
}

}  // namespace latent_rationale

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def(
      "lstm_parts(Tensor projected, Tensor contexts, Tensor begins, Tensor inside, Tensor bias, Tensor weight,"
      " Tensor hidden, Tensor memories) -> (Tensor whole, Tensor relevant)");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) { library.impl("lstm_parts", &latent_rationale::lstm_parts); }
