// Arithmetic on the processor's vectors: 8 numbers of float or 4 of double at a time with AVX2.

#pragma once

#include <ATen/cpu/vec/vec.h>

#include <algorithm>
#include <cstdint>

namespace latent_rationale {

template <typename Real>
using Vector = at::vec::Vectorized<Real>;

template <typename Real>
Vector<Real> exp(const Vector<Real>& x) {
  return x.exp();
}

// The library's version is a function call, which spills all registers. Like the library's it is 2^n e^r with
// |r| <= ln(2) / 2, by the polynomial of Cephes (Moshier, 1989): accurate to 2 units in the last place, 0 below 1e-38,
// at most 2e38.
template <>
inline Vector<float> exp(const Vector<float>& x) {
  using V = Vector<float>;
  const V clamped = at::vec::clamp(x, V(-87.3f), V(88.0f));
  const V n = (clamped * V(1.44269504f)).round();
  const V r = at::vec::fmadd(n, V(2.12194440e-4f), at::vec::fmadd(n, V(-0.693359375f), clamped));  // ln(2) in two parts
  V series(1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    series = at::vec::fmadd(series, r, V(c));
  }
  const V exp_r = at::vec::fmadd(series * r, r, r + V(1));
  const auto biased_exponent = at::vec::convert_to_int_of_same_size(n) + Vector<int32_t>(127);
  const V power_of_two = at::vec::cast<float>(biased_exponent << Vector<int32_t>(23));
  return V::blendv(exp_r * power_of_two, V(0), x < V(-87.3f));
}

template <typename Real>
Vector<Real> sigmoid(const Vector<Real>& x) {
  return (Vector<Real>(1) + exp(x.neg())).reciprocal();
}

// Several times as fast as Vector::tanh; the absolute error is that of rounding 1.
template <typename Real>
Vector<Real> tanh(const Vector<Real>& x) {
  return Vector<Real>(2) * sigmoid(x + x) - Vector<Real>(1);
}

// The sum of all elements.
template <typename Real>
Real sum(const Vector<Real>& values) {
  return at::vec::vec_reduce_all<Real>([](auto& x, auto& y) { return x + y; }, values);
}

// The elements of an array that one vector covers.
template <typename Real>
struct Slice {
  int64_t first, count;

  Vector<Real> load(const Real* from) const { return Vector<Real>::loadu(from + first, count); }
  void store(const Vector<Real>& values, Real* to) const { values.store(to + first, count); }
  void add(const Vector<Real>& values, Real* to) const { store(load(to) + values, to); }
};

// Calls body(slice) for all slices of an array; only the last may be shorter than a vector.
template <typename Real, typename Body>
void for_each_slice(int64_t size, const Body& body) {
  for (int64_t first = 0; first < size; first += Vector<Real>::size()) {
    body(Slice<Real>{.first = first, .count = std::min<int64_t>(Vector<Real>::size(), size - first)});
  }
}

}  // namespace latent_rationale
