// SPDX-License-Identifier: MIT
// The rate a link leaves to TLPs, and the number of completions of a read.
#include <ahcisim/models/pcie/link_timing.hpp>

#include <cmath>

#include <fmt/format.h>

namespace ahcisim::pcie {
namespace {

constexpr double dllp_bytes = 8;           // 2 B framing, 4 B, 2 B CRC (3.5.1)
constexpr double skp_bytes = 4, skp_every = 1538;  // clock compensation (4.2.7), as pcie-bench counts it

unsigned power_of_two(const char* name, std::int64_t value, unsigned low, unsigned high) {
  if (value < low || value > high || (value & (value - 1)) != 0)
    throw kit::ConfigError{fmt::format("{} = {}: give a power of two from {} to {}", name, value, low, high)};
  return static_cast<unsigned>(value);
}

}  // namespace

LinkTiming::LinkTiming(const LinkParameters& p)
    : generation_{static_cast<unsigned>(p.generation())},
      lanes_{power_of_two("lanes", p.lanes(), 1, 16)},
      max_payload_{power_of_two("max_payload", p.max_payload().value, 128, 4096)},
      max_read_request_{power_of_two("max_read_request", p.max_read_request().value, 128, 4096)},
      boundary_{power_of_two("read_completion_boundary", p.read_completion_boundary().value, 64, 128)},
      completion_step_{0}, digest_{p.ecrc() ? 4u : 0u}, boundary_sized_{p.completion_size() == "boundary"} {
  if (generation_ < 1 || generation_ > 5)
    throw kit::ConfigError{fmt::format("generation = {}: give 1 to 5", p.generation())};
  set_limits(max_payload_, max_read_request_);
}

void LinkTiming::set_limits(unsigned max_payload, unsigned max_read_request) {
  max_payload_ = max_payload;
  max_read_request_ = max_read_request;
  completion_step_ = boundary_sized_ ? boundary_ : max_payload_;
  constexpr double transfers[] = {2.5e9, 5e9, 8e9, 16e9, 32e9};
  const double encoding = generation_ <= 2 ? 8.0 / 10.0 : 128.0 / 130.0;  // 4.2.1, 4.2.2
  const double raw = transfers[generation_ - 1] * encoding * lanes_ / 8;
  ps_per_byte_ = 1e12 / (raw * (1 - dllp_share()));
}

// Both the Ack and the UpdateFC latency limit are (MPS + 28) * factor / width + internal delay symbols (2.6.1.2, 3.6.2),
// and one DLLP of each kind is sent in that time.
double LinkTiming::dllp_share() const {
  constexpr double delay[] = {19, 70, 115, 115, 115};
  double factor;
  if (max_payload_ <= 256) factor = lanes_ <= 4 ? 1.4 : lanes_ == 8 ? 2.5 : 3.0;
  else factor = lanes_ <= 8 ? 1.0 : 2.0;
  const double limit = std::floor((max_payload_ + 28) * factor / lanes_ + delay[generation_ - 1]);
  return 2 * dllp_bytes / limit + skp_bytes / skp_every;
}

std::uint32_t LinkTiming::completions_of_request(std::uint64_t address, std::uint64_t end) const {
  const std::uint64_t first = completion_end(address, end);
  return static_cast<std::uint32_t>(1 + (end - first + completion_step_ - 1) / completion_step_);
}

std::uint32_t LinkTiming::completions(std::uint64_t address, std::uint32_t bytes) const {
  const std::uint64_t end = address + bytes, mask = max_read_request_ - 1;
  const std::uint64_t head = std::min(end, (address + max_read_request_) & ~mask);
  std::uint32_t count = completions_of_request(address, head);
  if (head == end) return count;
  const std::uint64_t whole = (end - head) / max_read_request_;
  if (whole) count += static_cast<std::uint32_t>(whole) * completions_of_request(0, max_read_request_);
  const std::uint64_t tail = head + whole * max_read_request_;
  if (tail < end) count += completions_of_request(tail, end);
  return count;
}

}  // namespace ahcisim::pcie
