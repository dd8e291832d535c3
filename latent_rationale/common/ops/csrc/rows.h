// Views of contiguous tensors as rows, and checks that protect them from invalid arguments.

#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

namespace latent_rationale {

using at::Tensor;

// The rows of a contiguous tensor [..., count, width].
template <typename Element>
struct Rows {
  Element* data;
  int64_t count, width;

  explicit Rows(const Tensor& tensor)
      : data(tensor.data_ptr<Element>()), count(tensor.size(-2)), width(tensor.size(-1)) {}
  Rows(Element* data, int64_t count, int64_t width) : data(data), count(count), width(width) {}

  Element* at(int64_t outer, int64_t inner) const { return data + (outer * count + inner) * width; }
  Element* at(int64_t row) const { return data + row * width; }
  Rows from(int64_t outer) const { return {at(outer, 0), count, width}; }
};

// Checks that tensors are contiguous and have the type of the first.
inline void check_layout(std::initializer_list<Tensor> tensors) {
  for (const Tensor& tensor : tensors) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == tensors.begin()->scalar_type(),
                "expected contiguous tensors of one type");
  }
}

// Checks that a tensor holds integers from 0 to count - 1.
inline void check_indices(const Tensor& indices, int64_t count) {
  TORCH_CHECK(indices.scalar_type() == at::kLong && indices.is_contiguous(), "indices must be contiguous integers");
  const int64_t* const index = indices.const_data_ptr<int64_t>();
  TORCH_CHECK(std::all_of(index, index + indices.numel(), [count](int64_t i) { return 0 <= i && i < count; }),
              "an index is not one of ", count);
}

}  // namespace latent_rationale
