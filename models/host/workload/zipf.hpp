// SPDX-License-Identifier: MIT
// Zipf-distributed ranks in constant memory and without a set-up that grows with their number.
#pragma once

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>
#include <cstdint>

namespace ahcisim::host {

/// Draws rank k of 0 … n-1 with a probability proportional to (k+1)^-exponent, by rejection-inversion
/// (Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
/// ACM TOMACS 6(3), 1996). Range: n ≥ 1, exponent above 0.
class Zipf {
 public:
  Zipf(std::uint64_t n, double exponent)
      : n_{static_cast<double>(n)},
        exponent_{exponent},
        low_{area(1.5) - 1},
        high_{area(n_ + 0.5)},
        sure_{2 - inverse(area(2.5) - height(2))} {}

  std::uint64_t operator()(boost::random::mt19937_64& random) const {
    for (;;) {
      const double u = high_ + boost::random::uniform_01<double>{}(random) * (low_ - high_);
      const double x = inverse(u);
      double k = std::floor(x + 0.5);
      k = k < 1 ? 1 : k > n_ ? n_ : k;
      if (k - x <= sure_ || u >= area(k + 0.5) - height(k)) return static_cast<std::uint64_t>(k) - 1;
    }
  }

 private:
  double height(double x) const { return std::exp(-exponent_ * std::log(x)); }
  /// The integral of height; written so that it passes smoothly through exponent 1.
  double area(double x) const {
    const double l = std::log(x), t = (1 - exponent_) * l;
    return (std::fabs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2) * l;
  }
  double inverse(double y) const {
    double t = y * (1 - exponent_);
    if (t < -1) t = -1;  // rounding, for exponents far above 1
    return std::exp((std::fabs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2) * y);
  }

  double n_, exponent_, low_, high_, sure_;
};

}  // namespace ahcisim::host
