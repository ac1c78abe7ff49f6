// SPDX-License-Identifier: MIT
// Requests made up rather than recorded: sequential or random, a mix of reads and writes, over a span of the
// disk.
#pragma once

#include <ahcisim/models/host/workload/permutation.hpp>
#include <ahcisim/models/host/workload/request.hpp>
#include <ahcisim/models/host/workload/zipf.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace ahcisim::host {

/// What a generator yields.
struct Pattern {
  enum class Order : std::uint8_t {
    sequential,  ///< reads and writes each walk through the span from its start, and start over at its end
    uniform,     ///< every block equally likely, independent of the past
    shuffled,    ///< random order, each block once before any comes again
    zipf,        ///< few blocks get most requests; which ones is random
  };
  static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

  Order order = Order::uniform;
  /// Percentage of reads, 0 … 100; the others are writes, or trims where `trim` is set.
  unsigned read_percent = 100;
  bool trim = false;
  /// Size of a request in sectors, 1 … 65536 (the largest ATA command).
  std::uint32_t sectors = 8;
  /// The part of the disk: first sector and length in sectors. Blocks start at multiples of `sectors` from
  /// `first`; a remainder that is no whole block stays untouched.
  std::uint64_t first = 0, span = 0;
  /// Number of reads, writes and trims, not counting flushes.
  std::uint64_t count = endless;
  std::uint64_t seed = 1;
  /// For Order::zipf, above 0.
  double zipf_exponent = 1.1;
  /// A flush follows every so many writes; 0: none.
  std::uint64_t flush_every = 0;
  /// Pause before every request but the first.
  kit::Duration think{};
};

/// Yields a Pattern. Deterministic: the same pattern and seed give the same requests on every machine. Costs
/// below 20 ns a request, Zipf excepted.
class Generator final : public RequestSource {
 public:
  /// Throws kit::ConfigError where the pattern makes no sense (a span smaller than a block, an exponent of 0
  /// …), naming `where` as the place at fault.
  explicit Generator(const Pattern& pattern, const std::string& where = "workload");
  bool next(IoRequest& request) override;
  void rewind() override;
  std::optional<std::uint64_t> size_hint() const override;
  double progress() const override;
  std::string describe() const override;
  const Pattern& pattern() const { return pattern_; }

 private:
  std::uint64_t block(bool other);

  Pattern pattern_;
  std::uint64_t blocks_ = 0;
  std::uint64_t read_threshold_ = 0;  // a draw below it is a read
  bool mixed_ = false;
  boost::random::mt19937_64 random_;
  Permutation permutation_{1, 0};
  Zipf zipf_{1, 1};
  std::uint64_t position_[2] = {0, 0};  // next block, of reads and of all others; [0] alone where shuffled
  std::uint64_t pass_ = 0, done_ = 0, unflushed_ = 0;
};

}  // namespace ahcisim::host
