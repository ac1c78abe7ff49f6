// SPDX-License-Identifier: MIT
// What TLPs cost on the wire: sizes, how a transfer is cut, and the rate left to the transaction layer. Plain C++.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/models/pcie/link_parameters.hpp>

namespace ahcisim::pcie {

class LinkTiming {
 public:
  /// Throws kit::ConfigError for widths and sizes that are not powers of two of the permitted range.
  explicit LinkTiming(const LinkParameters& parameters);
  /// What Device Control says (MPS, MRRS in bytes); the rate depends on MPS through the Ack and UpdateFC cadence.
  void set_limits(unsigned max_payload, unsigned max_read_request);

  /// Time on the wire of so many bytes of TLPs with their framing, with the link's share of DLLPs and SKP ordered sets.
  kit::Duration wire(std::int64_t bytes) const {
    return kit::Duration::from_ps(static_cast<std::int64_t>(static_cast<double>(bytes) * ps_per_byte_ + 0.5));
  }
  /// Bytes per second left to TLPs.
  kit::Rate tlp_rate() const { return {1e12 / ps_per_byte_}; }

  /// Memory and I/O requests: 4-DW headers from 4 GiB on (2.2.4.1); framing 2 B, sequence number and LCRC 6 B.
  unsigned request_bytes(std::uint64_t address) const { return (address >> 32 ? 24u : 20u) + digest_; }
  unsigned message_bytes() const { return 24u + digest_; }
  unsigned completion_bytes() const { return 20u + digest_; }
  /// A payload occupies the whole dwords it touches (2.2.2).
  static std::uint32_t padded(std::uint64_t address, std::uint32_t bytes) {
    return static_cast<std::uint32_t>((address & 3) + bytes + 3) & ~3u;
  }
  /// How many naturally aligned blocks of a power-of-two size a range touches.
  static std::uint32_t blocks(std::uint64_t address, std::uint32_t bytes, std::uint32_t block) {
    const std::uint64_t skew = address & (block - 1);
    return static_cast<std::uint32_t>((skew + bytes + block - 1) >> __builtin_ctz(block));
  }
  /// End of the completion that begins at `address` within a request that ends at `end` (2.3.1.1).
  std::uint64_t completion_end(std::uint64_t address, std::uint64_t end) const {
    return std::min(end, (address + completion_step_) & ~std::uint64_t{boundary_ - 1});
  }
  /// A write of `data` bytes as so many TLPs, header and framing of each `header` bytes.
  struct Train {
    std::uint32_t data = 0, tlps = 0, payload = 0;  ///< payload: in whole dwords, bytes
    std::int64_t bytes = 0;                         ///< on the wire
    kit::Duration length, before_last;              ///< time on the wire: of all, and of all but the last TLP on average
  };
  Train train(std::uint64_t address, std::uint32_t data, std::uint32_t header) const {
    const std::uint32_t tlps = blocks(address, data, max_payload_), payload = padded(address, data);
    const std::int64_t bytes = std::int64_t{tlps} * header + payload;
    const std::uint32_t before_last = payload * (tlps - 1) / tlps;  // at most 16 KiB times 4: no overflow
    return {data, tlps, payload, bytes, wire(bytes), wire(std::int64_t{before_last} + header * (tlps - 1))};
  }
  /// How many completions a read of any length is answered with, cut into requests of MRRS first.
  std::uint32_t completions(std::uint64_t address, std::uint32_t bytes) const;

  unsigned max_payload() const { return max_payload_; }
  unsigned max_read_request() const { return max_read_request_; }
  unsigned generation() const { return generation_; }
  unsigned lanes() const { return lanes_; }

 private:
  std::uint32_t completions_of_request(std::uint64_t address, std::uint64_t end) const;
  double dllp_share() const;

  unsigned generation_, lanes_, max_payload_, max_read_request_, boundary_, completion_step_, digest_;
  bool boundary_sized_;
  double ps_per_byte_ = 0;
};

}  // namespace ahcisim::pcie
