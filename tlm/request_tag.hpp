// SPDX-License-Identifier: MIT
// The request tag: the account that travels with a disk request and collects when each stage of its way ended.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ahcisim::wire {

/// The points a request passes, in the order of a read. See RequestTag::account() for the stages between them.
enum class Stage : std::uint8_t {
  submitted,    ///< the program handed the request to the driver
  issued,       ///< the driver's last register write of the issue has left the CPU
  fetched,      ///< the HBA has the command FIS and the command header
  received,     ///< the device has the Register H2D FIS
  selected,     ///< the medium began to work on it: the wait in the device's queue is over
  positioned,   ///< the arm has settled on the track (HDD); the die is free (SSD)
  rotated,      ///< the first sector is under the head (HDD)
  media,        ///< the medium's own transfer is done: data is in the buffer, or on the medium
  transferred,  ///< the last data dword was accepted by the receiving side
  status,       ///< the HBA has the FIS that completes the command
  interrupt,    ///< the CPU entered the interrupt handler
  completed,    ///< the driver handed the request back to the program
};
inline constexpr std::size_t stage_count = 12;
/// "submitted", "issued" …
constexpr const char* name_of(Stage stage) {
  constexpr const char* names[stage_count] = {"submitted", "issued", "fetched", "received", "selected",  "positioned",
                                              "rotated",   "media",  "transferred", "status", "interrupt", "completed"};
  return names[static_cast<std::size_t>(stage)];
}

/// One request's account. Times are picoseconds since the start of the simulation; -1 where a point was not passed.
struct RequestTag {
  std::uint64_t id = 0;
  std::array<std::int64_t, stage_count> at{};

  RequestTag() { at.fill(-1); }
  void open(std::uint64_t request_id) {
    id = request_id;
    at.fill(-1);
  }
  void stamp(Stage stage, std::int64_t ps) { at[static_cast<std::size_t>(stage)] = ps; }
  std::int64_t when(Stage stage) const { return at[static_cast<std::size_t>(stage)]; }
  /// Calls stage(Stage, picoseconds) for each point that was passed: the time since all points before it were passed. What
  /// overlaps an earlier stage (a write's data arrives before the medium has it) counts once, so the stages of a request are
  /// never negative and sum to its latency, from submitted to completed.
  template <class Function> void account(Function&& stage) const {
    std::int64_t reached = at.front();
    for (std::size_t i = 1; i < stage_count; ++i) {
      if (at[i] < 0) continue;
      const std::int64_t until = std::clamp(at[i], reached, std::max(reached, at.back()));
      stage(static_cast<Stage>(i), until - reached);
      reached = until;
    }
  }
};

/// The tags of the commands that are outstanding at one HBA, by port and command slot: how a tag crosses the register
/// interface, where real hardware carries none. A driver sets an entry before it writes PxCI; the HBA looks it up when
/// it fetches the command. Entries are null where nobody keeps accounts (a foreign guest).
class TagBoard {
 public:
  static constexpr unsigned ports = 32, slots = 32;
  RequestTag*& at(unsigned port, unsigned slot) { return tags_[port * slots + slot]; }

 private:
  std::array<RequestTag*, ports * slots> tags_{};
};

}  // namespace ahcisim::wire
