// SPDX-License-Identifier: MIT
// The DMA engine that all ports share: turns a transfer into one transaction on the HBA's initiator socket. When the engine
// has time for it is DmaShare's affair.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/ahci/dma_share.hpp>
#include <ahcisim/models/ahci/statistics.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/tlm/stream.hpp>

namespace ahcisim::ahci {

class Hba;
using DmaSocket = tlm_utils::simple_initiator_socket<Hba>;

/// How a transfer ended.
enum class DmaOutcome : std::uint8_t {
  ok,
  fatal,       ///< nobody answers at that address: PxIS.HBFS
  data_error,  ///< the other side reports an error in the data: PxIS.HBDS
};

struct DmaResult {
  kit::Duration begin;  ///< the engine began
  kit::Duration first;  ///< read: the first byte is here
  kit::Duration end;    ///< the last byte is here (read) or in memory (write)
  DmaOutcome outcome;
};

class DmaEngine {
 public:
  DmaEngine(kit::Calendar& calendar, const Timing& timing, HbaStatistics& statistics, DmaSocket& socket);
  ~DmaEngine();
  DmaEngine(const DmaEngine&) = delete;
  DmaEngine& operator=(const DmaEngine&) = delete;

  /// Reads from host memory for a port, beginning at `earliest` or when it is the port's turn.
  DmaResult read(unsigned port, kit::Duration earliest, std::uint64_t address, std::uint8_t* to, std::uint32_t bytes);
  /// Writes to host memory; the last byte is available at `source_end`.
  DmaResult write(unsigned port, kit::Duration earliest, kit::Duration source_end, std::uint64_t address,
                  const std::uint8_t* from, std::uint32_t bytes);
  /// Who competes for the engine.
  DmaShare& share() { return share_; }
  /// A transaction is under way: what arrives at the HBA's registers now is the HBA's own doing.
  bool busy() const { return busy_; }
  /// Forgets the bookings (HBA reset).
  void reset() { share_.clear(); }

 private:
  DmaResult transfer(unsigned port, kit::Duration earliest, kit::Duration source_end);

  kit::Calendar& calendar_;
  HbaStatistics& statistics_;
  DmaSocket& socket_;
  DmaShare share_;
  ::tlm::tlm_generic_payload payload_;
  wire::StreamTiming stream_;
  bool busy_ = false;
};

}  // namespace ahcisim::ahci
