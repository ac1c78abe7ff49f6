// SPDX-License-Identifier: MIT
// The logs of errors that SMART keeps: the last ones, each with the commands that led to it. Plain C++.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::disk {

class ErrorLog {
 public:
  /// ACS-3, table "State field values".
  enum class State : std::uint8_t { standby = 2, active_or_idle = 3 };

  /// A command has come. Returns its number, for record().
  std::uint64_t note(const wire::RegisterH2D& fis, kit::Duration at) {
    seen_[commands_ % seen_.size()] = {fis, at};
    return commands_++;
  }
  /// Command `number` ended with an error: `end` is what the registers said. `ext`: it has 48-bit fields.
  void record(std::uint64_t number, bool ext, const wire::RegisterD2H& end, State state, kit::Duration now);

  /// The Summary SMART Error log, and the first sector of the Comprehensive one, which is the same (ACS-3, logs 01h and 02h): the
  /// last five errors of commands with 28-bit fields. Without the checksum, into 512 bytes of zeros.
  void write_summary(std::uint8_t* to) const;
  /// The one page there is of the Extended Comprehensive SMART Error log (ACS-3, log 03h): the last four errors.
  void write_extended(std::uint8_t* to) const;

 private:
  static constexpr unsigned commands_an_entry = 5, summary_entries = 5, extended_entries = 4;
  struct Seen {
    wire::RegisterH2D fis;
    kit::Duration at;
  };
  struct Entry {
    std::array<Seen, commands_an_entry> commands{};  // the last one failed
    unsigned first = 0;                              // those before it are not known
    wire::RegisterD2H end;
    State state = State::active_or_idle;
    std::uint16_t hours = 0;
  };
  std::array<Seen, 64> seen_{};  // more than can be outstanding, with those before
  std::uint64_t commands_ = 0;
  // Rings of entries, and how many there were.
  std::array<Entry, summary_entries> summary_{};
  std::array<Entry, extended_entries> extended_{};
  std::uint64_t in_summary_ = 0, in_extended_ = 0;
};

}  // namespace ahcisim::disk
