// SPDX-License-Identifier: MIT
// The bus master's way to memory, shared by both channels: turns a transfer into one transaction on the controller's
// initiator socket and books the engine for it.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/ide/statistics.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/reserve.hpp>
#include <ahcisim/tlm/stream.hpp>

namespace ahcisim::ide {

class Controller;
using DmaSocket = tlm_utils::simple_initiator_socket<Controller>;

struct DmaResult {
  kit::Duration begin;  ///< the engine began
  kit::Duration first;  ///< read: the first byte is here
  kit::Duration end;    ///< the last byte is here (read) or in memory (write)
  bool ok;              ///< false: nobody answers at that address, or with an error
};

class DmaEngine {
 public:
  DmaEngine(kit::Calendar& calendar, const PataTiming& timing, IdeStatistics& statistics, DmaSocket& socket);
  ~DmaEngine();
  DmaEngine(const DmaEngine&) = delete;
  DmaEngine& operator=(const DmaEngine&) = delete;

  /// Reads from host memory, beginning at `earliest` or when the engine is free.
  DmaResult read(kit::Duration earliest, std::uint64_t address, std::uint8_t* to, std::uint32_t bytes);
  /// Writes to host memory; the last byte is available at `source_end`.
  DmaResult write(kit::Duration earliest, kit::Duration source_end, std::uint64_t address, const std::uint8_t* from,
                  std::uint32_t bytes);
  /// A transaction is under way: what arrives at the controller's registers now is its own doing.
  bool busy() const { return busy_; }
  /// Forgets the bookings (a reset of the function).
  void reset() { reserve_.clear(); }

 private:
  DmaResult transfer(kit::Duration earliest, kit::Duration source_end);

  kit::Calendar& calendar_;
  const PataTiming& timing_;
  IdeStatistics& statistics_;
  DmaSocket& socket_;
  kit::Reserve reserve_;
  ::tlm::tlm_generic_payload payload_;
  wire::StreamTiming stream_;
  bool busy_ = false;
};

}  // namespace ahcisim::ide
