// SPDX-License-Identifier: MIT
// Random numbers that are the same on every machine: a stream of its own for each name, from the run's one seed.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

namespace ahcisim::kit {

class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream) : engine_{mix(seed, stream)} {}
  /// Uniform in low … high, both included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return boost::random::uniform_int_distribution<std::uint64_t>{low, high}(engine_);
  }
  /// Uniform in 0 (included) … 1 (excluded).
  double fraction() { return boost::random::uniform_real_distribution<double>{}(engine_); }
  boost::random::mt19937_64& engine() { return engine_; }

 private:
  static std::uint64_t mix(std::uint64_t seed, std::string_view stream) {
    std::uint64_t hash = 1469598103934665603u ^ seed;  // FNV-1a over the name
    for (const char letter : stream) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
    return hash;
  }
  boost::random::mt19937_64 engine_;
};

}  // namespace ahcisim::kit
