// SPDX-License-Identifier: MIT
// How the DMA engine's time is shared between ports: round robin, a burst at a time. Plain C++.
//
// A transfer is booked when its frame comes, and what is booked stays. So a port that has competitors leaves them
// their turns: its bursts are booked a round apart, and theirs go in between. A transfer of at most one burst (a
// command header, a received FIS) waits for one round at most, as it would for its turn; the engine's time for it is
// booked where there is some. A port alone takes the engine for the whole transfer.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/kit/reserve.hpp>

namespace ahcisim::ahci {

class DmaShare {
 public:
  explicit DmaShare(const Timing& timing) : timing_{timing} {}

  /// The port has commands outstanding: it competes for the engine.
  void set_active(unsigned port, bool active) {
    const std::uint32_t bit = std::uint32_t{1} << port;
    active_ = active ? active_ | bit : active_ & ~bit;
  }
  /// Others compete with this port.
  bool contended(unsigned port) const { return (active_ & ~(std::uint32_t{1} << port)) != 0; }

  /// Books a transfer whose bytes are there evenly from `earliest` to `source_end`; `earliest` not before `now`.
  kit::Reserve::Interval book(unsigned port, kit::Duration now, kit::Duration earliest, kit::Duration source_end,
                              std::uint32_t bytes) {
    const auto booked = contended(port) ? take_turns(port, now, earliest, source_end, bytes)
                                        : reserve_.book(now, earliest, timing_.occupancy(bytes));
    busy_until_[port] = kit::max(busy_until_[port], booked.end);
    return booked;
  }
  /// Forgets the bookings.
  void clear() {
    reserve_.clear();
    busy_until_.fill({});
  }
  /// The engine's time booked so far.
  kit::Duration busy_time() const { return reserve_.busy_time(); }

 private:
  kit::Reserve::Interval take_turns(unsigned port, kit::Duration now, kit::Duration earliest, kit::Duration source_end,
                                    std::uint32_t bytes) {
    const kit::Duration total = timing_.occupancy(bytes), turn = timing_.occupancy(timing_.dma_burst);
    const kit::Duration others = turn * competitors(port, earliest);
    if (bytes <= timing_.dma_burst) {
      const kit::Duration begin = kit::min(reserve_.fill(now, earliest, total).begin, earliest + others);
      return {begin, begin + total};
    }
    const std::int64_t span = kit::max(source_end - earliest, kit::Duration{}).ps();
    kit::Reserve::Interval whole{kit::Duration::never(), {}};
    kit::Duration due = earliest;
    for (std::uint32_t done = 0; done < bytes;) {
      const std::uint32_t end = std::min(bytes, done + timing_.dma_burst);
      due = kit::max(due, earliest + kit::Duration::from_ps(span * done / bytes));
      const auto piece = reserve_.fill(now, due, share(total, end, bytes) - share(total, done, bytes));
      whole = {kit::min(whole.begin, piece.begin), kit::max(whole.end, piece.end)};
      due = kit::max(due, piece.end) + others;
      done = end;
    }
    return whole;
  }
  static kit::Duration share(kit::Duration total, std::uint32_t part, std::uint32_t of) {
    return kit::Duration::from_ps(total.ps() * part / of);
  }
  /// Ports whose bookings go beyond `when`, but this one.
  std::int64_t competitors(unsigned port, kit::Duration when) const {
    std::int64_t count = 0;
    for (std::uint32_t left = active_ & ~(std::uint32_t{1} << port); left; left &= left - 1)
      count += busy_until_[static_cast<unsigned>(__builtin_ctz(left))] > when;
    return count;
  }

  const Timing& timing_;
  kit::Reserve reserve_;
  std::uint32_t active_ = 0;  // one bit each port
  std::array<kit::Duration, 32> busy_until_{};
};

}  // namespace ahcisim::ahci
