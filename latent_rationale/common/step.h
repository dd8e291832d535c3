// One step of a cell of recurrence.h without gradients, for many sentences that read few words in few states:
//
//   projected  [N, projections * H]  what the cell makes of the words
//   words      [B]                   which of them each sentence reads
//   hidden     [M, H]                the states before that; and
//   memories   [M, memories * H]     what is remembered in them
//   before     [B]                   which of them each sentence is in

#pragma once

#include "encoders/recurrence.h"

namespace latent_rationale {

inline void check_indices(const Tensor& indices, int64_t count) {
  TORCH_CHECK(indices.scalar_type() == at::kLong && indices.is_contiguous(), "indices must be contiguous integers");
  const int64_t* index = indices.const_data_ptr<int64_t>();
  TORCH_CHECK(std::all_of(index, index + indices.numel(), [count](int64_t i) { return 0 <= i && i < count; }),
              "an index is not one of ", count);
}

// Hidden states [B, H] and memories [B, memories * H]. The product of a state is taken once for all sentences in it.
template <typename Cell>
std::tuple<Tensor, Tensor> step(const Tensor& projected, const Tensor& words, const Tensor& hidden,
                                const Tensor& memories, const Tensor& before, const Tensor& bias,
                                const Tensor& weight) {
  TORCH_CHECK(projected.dim() == 2 && hidden.dim() == 2 && memories.dim() == 2, "expected matrices");
  const int64_t count = words.numel(), units = hidden.size(1);
  for (const Tensor& tensor : {projected, hidden, memories, bias}) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == weight.scalar_type(),
                "expected contiguous tensors of one type");
  }
  TORCH_CHECK(projected.size(1) == Cell::projections * units && memories.size(1) == Cell::memories * units &&
                  weight.size(0) == Cell::products * units && bias.numel() == Cell::biases * units,
              "expected weights for cells of ", units, " units");
  TORCH_CHECK(memories.size(0) == hidden.size(0) && before.numel() == count, "expected one state for each sentence");
  check_indices(words, projected.size(0));
  check_indices(before, hidden.size(0));
  const Tensor products = at::mm(hidden, weight.t());
  const Tensor hidden_after = at::empty({count, units}, hidden.options());
  const Tensor memories_after = at::empty({count, Cell::memories * units}, hidden.options());
  const int64_t *const word = words.const_data_ptr<int64_t>(), *const state = before.const_data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(hidden.scalar_type(), "step", [&] {
    using Real = scalar_t;
    const Rows<Real> given(projected), product(products), memory(memories), shown(hidden_after), kept(memories_after);
    const Real* const biases = bias.const_data_ptr<Real>();
    constexpr int64_t fewest = 16;  // sentences, for a thread to be worth it
    at::parallel_for(0, count, fewest, [&](int64_t first, int64_t last) {
      std::vector<Real> own(product.width);  // `read` writes over them, and others need the product too
      for (int64_t b = first; b < last; ++b) {
        std::copy_n(product.at(0, state[b]), product.width, own.data());
        Cell::template read<Real>(
            {given.at(0, word[b]), 1, own.data(), memory.at(0, state[b]), kept.at(0, b), shown.at(0, b)}, biases,
            units);
      }
    });
  });
  return {hidden_after, memories_after};
}

}  // namespace latent_rationale

// Makes the operator NAME_step of a cell.
#define REGISTER_STEP(NAME, CELL)                                                                                   \
  TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {                                                               \
    library.def(#NAME                                                                                               \
                "_step(Tensor projected, Tensor words, Tensor hidden, Tensor memories, Tensor before, Tensor bias," \
                " Tensor weight) -> (Tensor hidden, Tensor memories)");                                             \
  }                                                                                                                 \
  TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) { library.impl(#NAME "_step", &latent_rationale::step<CELL>); }
