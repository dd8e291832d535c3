// How a choice is drawn from a network's real numbers and uniform noise, and the derivative: the `from_raw` and `icdf`
// of the distributions in this folder, for code that takes one word at a time. A draw says how many real numbers it
// needs.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace latent_rationale {

// log(1 - exp(value)) for value < 0, accurate at both ends.
template <typename Real>
Real log1mexp(Real value) {
  return value > Real(-0.6931) ? std::log(-std::expm1(value)) : std::log1p(-std::exp(value));
}

template <typename Real>
Real sigmoid(Real value) {
  return 1 / (1 + std::exp(-value));
}

// What happens to a variable on (0, 1): it is kept off the ends, stretched and folded. `slope` is the derivative.
template <typename Real>
struct Stretched {
  static constexpr Real low = Real(-0.1), high = Real(1.1);
  Real value, slope;

  explicit Stretched(Real base) {
    const Real least = std::numeric_limits<Real>::min(), most = 1 - std::numeric_limits<Real>::epsilon();
    const Real wide = low + (high - low) * std::clamp(base, least, most);
    const bool inside = least <= base && base <= most && 0 <= wide && wide <= 1;
    value = std::clamp(wide, Real(0), Real(1));
    slope = inside ? high - low : 0;
  }
};

// Softplus, clamped to [1e-6, 100], and its derivative.
template <typename Real>
struct Shape {
  Real value, slope;

  explicit Shape(Real raw) {
    const Real positive = raw > 20 ? raw : std::log1p(std::exp(raw));
    value = std::clamp(positive, Real(1e-6), Real(100));
    slope = value == positive ? (raw > 20 ? 1 : sigmoid(raw)) : 0;
  }
};

struct HardKumaDraw {
  static constexpr int64_t parameters = 2;

  template <typename Real>
  static Real draw(const Real* raw, Real noise) {
    const Shape<Real> a(raw[0]), b(raw[1]);
    return Stretched<Real>(std::exp(log1mexp(std::log1p(-noise) / b.value) / a.value)).value;
  }

  template <typename Real>
  static void derive(const Real* raw, Real noise, Real grad, Real* grad_raw) {
    const Shape<Real> a(raw[0]), b(raw[1]);
    const Real log_survival = std::log1p(-noise) / b.value, log_power = log1mexp(log_survival);
    const Real base = std::exp(log_power / a.value), slope = Stretched<Real>(base).slope;
    if (slope == 0) return;
    const Real grad_exponent = grad * slope * base / a.value;
    grad_raw[0] -= grad_exponent * (log_power / a.value) * a.slope;
    grad_raw[1] += grad_exponent * (log_survival / std::expm1(-log_survival) / b.value) * b.slope;
  }
};

struct HardConcreteDraw {
  static constexpr int64_t parameters = 1;

  template <typename Real>
  static Real base(const Real* raw, Real noise) {
    return sigmoid((std::log(noise) - std::log1p(-noise) + raw[0]) / temperature<Real>);
  }

  template <typename Real>
  static Real draw(const Real* raw, Real noise) {
    return Stretched<Real>(base(raw, noise)).value;
  }

  template <typename Real>
  static void derive(const Real* raw, Real noise, Real grad, Real* grad_raw) {
    const Real value = base(raw, noise);
    grad_raw[0] += grad * Stretched<Real>(value).slope * value * (1 - value) / temperature<Real>;
  }

 private:
  template <typename Real>
  static constexpr Real temperature = Real(2) / 3;
};

struct BernoulliDraw {
  static constexpr int64_t parameters = 1;

  template <typename Real>
  static Real draw(const Real* raw, Real noise) {
    return noise > sigmoid(-raw[0]) ? 1 : 0;
  }

  template <typename Real>
  static void derive(const Real*, Real, Real, Real*) {}
};

}  // namespace latent_rationale
