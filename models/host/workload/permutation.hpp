// SPDX-License-Identifier: MIT
// A random order of 0 … n-1 that needs no table: a keyed permutation (a Feistel network with cycle walking).
#pragma once

#include <array>
#include <cstdint>

namespace ahcisim::host {

/// Maps 0 … n-1 onto itself one to one, in an order that depends on the key. fio keeps a bitmap of visited
/// blocks for the same purpose; this takes 48 bytes for any n, so memory stays flat. Range: n from 1 to 2⁶².
class Permutation {
 public:
  Permutation(std::uint64_t n, std::uint64_t key) : n_{n} {
    unsigned bits = 2;
    while (bits < 62 && (std::uint64_t{1} << bits) < n) ++bits;
    low_bits_ = bits / 2;
    high_bits_ = bits - low_bits_;
    for (std::uint64_t& round_key : keys_) round_key = mix(key += 0x9e3779b97f4a7c15ull);
  }
  std::uint64_t size() const { return n_; }
  /// The image of `i`, below size(). At most half the domain lies outside, so two walks do on average at
  /// worst.
  std::uint64_t operator()(std::uint64_t i) const {
    do i = encrypt(i);
    while (i >= n_);
    return i;
  }
  /// A finaliser with full avalanche (the constants of SplitMix64, Steele, Lea and Flood 2014).
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }

 private:
  /// Four rounds over two halves that may differ by a bit: even rounds change the low half, odd rounds the
  /// high one.
  std::uint64_t encrypt(std::uint64_t x) const {
    const std::uint64_t low_mask = (std::uint64_t{1} << low_bits_) - 1,
                        high_mask = (std::uint64_t{1} << high_bits_) - 1;
    std::uint64_t low = x & low_mask, high = x >> low_bits_;
    for (unsigned round = 0; round < keys_.size(); round += 2) {
      low ^= scramble(high + keys_[round]) & low_mask;
      high ^= scramble(low + keys_[round + 1]) & high_mask;
    }
    return high << low_bits_ | low;
  }
  static std::uint64_t scramble(std::uint64_t x) {
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 32;
    x *= 0x94d049bb133111ebull;
    return x >> 29;
  }

  std::uint64_t n_;
  unsigned low_bits_ = 0, high_bits_ = 0;
  std::array<std::uint64_t, 4> keys_{};
};

}  // namespace ahcisim::host
