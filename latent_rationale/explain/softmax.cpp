// Drawing from a softmax.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/cpu/vec/functional.h>
#include <ATen/cpu/vec/vec.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace latent_rationale {

using at::Tensor;

// Reads a row in blocks, of which each is summed up as it is made: to find where the noise falls takes two short walks
// then, and no cumulative sums of all.
template <typename Real>
class Softmax {
 public:
  explicit Softmax(int64_t size) : size_(size), shares_(size), blocks_((size + block - 1) / block) {}

  // The place where a share of the whole, from 0 to 1, falls; and how far into the share of that place, from 0 to 1.
  std::pair<int64_t, Real> icdf(const Real* logits, Real noise) {
    using Vector = at::vec::Vectorized<Real>;
    const Real highest = at::vec::reduce_all<Real>(
        [](const Vector& x, const Vector& y) { return at::vec::maximum(x, y); }, logits, size_);
    double total = 0;
    for (int64_t first = 0, b = 0; first < size_; first += block, ++b) {
      const int64_t count = std::min(block, size_ - first);
      at::vec::map([&](const Vector& x) { return (x - Vector(highest)).exp(); }, &shares_[first], logits + first,
                   count);
      total += blocks_[b] =
          at::vec::reduce_all<Real>([](const Vector& x, const Vector& y) { return x + y; }, &shares_[first], count);
    }
    double left = noise * total;
    int64_t b = 0;
    for (; b + 1 < static_cast<int64_t>(blocks_.size()) && left >= blocks_[b]; ++b) left -= blocks_[b];
    int64_t place = b * block;
    for (; place + 1 < size_ && left >= shares_[place]; ++place) left -= shares_[place];
    for (; place > 0 && shares_[place] == 0; --place) left = shares_[place - 1];  // rounding led beyond the last share
    return {place, static_cast<Real>(std::clamp(left / shares_[place], 0.0, 1.0))};
  }

 private:
  static constexpr int64_t block = 64;
  int64_t size_;
  std::vector<Real> shares_;
  std::vector<double> blocks_;
};

// For logits [N, V] and noise [N]: places [N], and how far into their shares the noise falls [N].
std::tuple<Tensor, Tensor> softmax_icdf(const Tensor& logits, const Tensor& noise) {
  TORCH_CHECK(logits.dim() == 2 && logits.size(1) > 0 && logits.stride(1) == 1, "expected rows of logits");
  TORCH_CHECK(noise.sizes() == logits.sizes().slice(0, 1) && noise.is_contiguous() &&
                  noise.scalar_type() == logits.scalar_type(),
              "expected one number for each row, of the same type");
  const Tensor places = at::empty(noise.sizes(), noise.options().dtype(at::kLong)), rest = at::empty_like(noise);
  int64_t* const place = places.data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES(logits.scalar_type(), "softmax_icdf", [&] {
    const scalar_t *const row = logits.const_data_ptr<scalar_t>(), *const chance = noise.const_data_ptr<scalar_t>();
    scalar_t* const left = rest.data_ptr<scalar_t>();
    const int64_t fewest = std::max<int64_t>(4096 / logits.size(1), 1);  // rows, for a thread to be worth it
    at::parallel_for(0, noise.numel(), fewest, [&](int64_t first, int64_t last) {
      Softmax<scalar_t> softmax(logits.size(1));
      for (int64_t n = first; n < last; ++n) {
        std::tie(place[n], left[n]) = softmax.icdf(row + n * logits.stride(0), chance[n]);
      }
    });
  });
  return {places, rest};
}

}  // namespace latent_rationale

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def("softmax_icdf(Tensor logits, Tensor noise) -> (Tensor places, Tensor rest)");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) { library.impl("softmax_icdf", &latent_rationale::softmax_icdf); }
