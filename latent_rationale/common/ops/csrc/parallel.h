// Partitions of sentences among threads. A thread takes its sentences from their first word to their last, because the
// work of a single step is too small to be shared.

#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace latent_rationale {

// Calls body(group, first, last) for ranges of `size` items in each of some groups, all at once. Operators that are
// called in there are not parallel themselves. No range is shorter than 16 items, where products become inefficient.
template <typename Body>
void parallel_ranges(int64_t groups, int64_t size, const Body& body) {
  constexpr int64_t shortest = 16;
  const int64_t threads = at::get_num_threads() / groups;
  const int64_t ranges = std::clamp<int64_t>(threads, 1, std::max<int64_t>(size / shortest, 1));
  at::parallel_for(0, groups * ranges, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView without_autograd;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t range = task % ranges;
      body(task / ranges, size * range / ranges, size * (range + 1) / ranges);
    }
  });
}

// Calls body(first, last) for ranges of items that cost similarly much, all at once.
template <typename Body>
void parallel_ranges_by_cost(const std::vector<int64_t>& costs, const Body& body) {
  if (costs.empty()) return;
  std::vector<int64_t> cumulative(costs.size());
  std::partial_sum(costs.begin(), costs.end(), cumulative.begin());
  const int64_t total = cumulative.back(), size = costs.size();
  const auto first_beyond = [&](int64_t cost) {
    return std::upper_bound(cumulative.begin(), cumulative.end(), cost) - cumulative.begin();
  };
  parallel_ranges(1, total, [&](int64_t, int64_t from, int64_t to) {
    const int64_t first = from == 0 ? 0 : first_beyond(from), last = to == total ? size : first_beyond(to);
    if (first < last) body(first, last);
  });
}

}  // namespace latent_rationale
