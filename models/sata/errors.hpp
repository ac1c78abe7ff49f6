// SPDX-License-Identifier: MIT
// Which transmissions are damaged: by chance, at the line's bit error rate, or on request of a test.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <ahcisim/models/kit/random.hpp>
#include <ahcisim/models/sata/statistics.hpp>

namespace ahcisim::sata {

/// The distance to the next wrong bit is drawn once, geometrically distributed, and counted down by whole frames, so a
/// frame without an error costs a subtraction.
class ErrorSource {
 public:
  ErrorSource(double rate, std::uint64_t seed, const std::string& stream) : rate_{rate}, random_{seed, stream}, left_{draw()} {}

  /// Passes over a frame of `bits`; true where it is damaged, then by the bits at positions().
  bool pass(std::int64_t bits) {
    left_ -= bits;
    if (left_ >= 0) return false;
    collect(bits);
    return true;
  }
  /// In order of transmission from the frame's first bit; valid after pass() or invert_any().
  const std::vector<std::int64_t>& positions() const { return positions_; }
  /// Damages a frame of `bits` at one place, chosen by the random stream.
  void invert_any(std::int64_t bits) {
    positions_.assign(1, static_cast<std::int64_t>(random_.between(0, static_cast<std::uint64_t>(bits - 1))));
  }

  /// Asks for damage to `times` consecutive transmissions of one type (any, where not given), from the nth on (1 = next).
  void request(Direction direction, std::optional<std::uint8_t> type, unsigned nth, unsigned times) {
    if (times != 0) requests_.push_back({direction, type, nth == 0 ? 0 : nth - 1, times});
  }
  bool requested() const { return !requests_.empty(); }
  /// Whether a request asks for damage to this transmission; counts it.
  bool due(Direction direction, std::uint8_t type) {
    bool hit = false;
    for (std::size_t i = 0; i < requests_.size();) {
      Request& request = requests_[i];
      if (request.direction == direction && (!request.type || *request.type == type)) {
        if (request.before > 0) {
          --request.before;
        } else {
          hit = true;
          if (--request.times == 0) {
            requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
            continue;
          }
        }
      }
      ++i;
    }
    return hit;
  }

 private:
  struct Request {
    Direction direction;
    std::optional<std::uint8_t> type;
    unsigned before, times;
  };
  /// Right bits before the next wrong one.
  std::int64_t draw() {
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    if (rate_ <= 0) return never;
    const double gap = std::floor(std::log1p(-random_.fraction()) / std::log1p(-rate_));
    return gap < 9e18 ? static_cast<std::int64_t>(gap) : never;
  }
  void collect(std::int64_t bits) {
    positions_.clear();
    while (left_ < 0) {
      positions_.push_back(bits + left_);
      const std::int64_t gap = draw();
      left_ = gap > std::numeric_limits<std::int64_t>::max() - 1 + left_ ? gap : left_ + 1 + gap;
    }
  }

  double rate_;
  kit::Random random_;
  std::int64_t left_;
  std::vector<std::int64_t> positions_;
  std::vector<Request> requests_;
};

}  // namespace ahcisim::sata
