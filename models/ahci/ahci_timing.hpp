// SPDX-License-Identifier: MIT
// What an HBA is configured with, and how long its own parts take. Plain C++.
//
// No vendor publishes the inner latencies of an AHCI controller; the defaults are stated as assumptions. What surrounds
// them (PCIe, the memory, the SATA link) dominates and is modelled elsewhere.
#pragma once

#include <ahcisim/models/ahci/profile.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::ahci {

using namespace kit::literals;

/// Parameters of ahci::Hba. Valid during the HBA's construction at least; values are taken there.
struct HbaParameters : kit::ParameterSet {
  using Count = kit::Parameter<std::int64_t>;
  kit::Choice profile{*this, "profile", "strict", {"strict", "ich9"}, kit::choice("AHCI 1.3.1 to the letter, or Intel's ICH9 as guests know it"),
      "which controller the registers and the PCI function show: a row of models/ahci/profile.hpp"};
  Count ports{*this, "ports", 6, kit::choice("number of ports, as an ICH9 has"), "implemented ports (CAP.NP, PI)", Count::Range{1, 32}};
  Count command_slots{*this, "command_slots", 32, kit::choice("the largest number"), "command slots of a port (CAP.NCS)", Count::Range{1, 32}};
  Count interface_speed{*this, "interface_speed", 3, kit::choice("6 Gb/s"), "highest SATA generation (CAP.ISS)", Count::Range{1, 3}};
  kit::Parameter<bool> s64a{*this, "s64a", true, kit::choice("64-bit addresses"), "64-bit addressing (CAP.S64A)"};
  kit::Parameter<bool> sncq{*this, "sncq", true, kit::choice("command queueing"), "native command queueing (CAP.SNCQ)"};
  kit::Parameter<bool> sclo{*this, "sclo", true, kit::choice("command list override"), "command list override (CAP.SCLO)"};

  kit::Parameter<kit::Duration> register_access{*this, "register_access", 40_ns,
      kit::assumed("a few cycles of a register bus of 100 to 150 MHz and one clock crossing"),
      "from the arrival of a register read to its answer"};
  kit::Parameter<kit::Duration> command_issue{*this, "command_issue", 40_ns,
      kit::assumed("a few cycles of the port's state machine at 150 MHz"),
      "from PxCI being written, or the port becoming idle, to the request for the command header"};
  kit::Parameter<kit::Duration> command_prepare{*this, "command_prepare", 20_ns,
      kit::assumed("a few cycles of the port's state machine at 150 MHz"),
      "from a command structure's arrival to its use (the request for the command table; the FIS offered to the link)"};
  kit::Parameter<kit::Duration> fis_receive{*this, "fis_receive", 40_ns,
      kit::assumed("a few cycles of the port's state machine at 150 MHz"),
      "from the last dword of a received FIS to its effect or its write to memory"};
  kit::Parameter<kit::Duration> data_start{*this, "data_start", 20_ns,
      kit::assumed("a few cycles of the port's state machine at 150 MHz"),
      "from leave to send data (DMA Activate, PIO Setup, auto-activate) to the first request for it"};
  kit::Parameter<kit::Duration> interrupt_delay{*this, "interrupt_delay", 10_ns,
      kit::assumed("one or two cycles at 150 MHz"), "from a PxIS bit to the interrupt leaving the HBA"};
  kit::Parameter<kit::Duration> reset_time{*this, "reset_time", 2_us,
      kit::assumed("AHCI 1.3.1, 10.4.3 allows up to 1 s; hardware takes microseconds"), "from GHC.HR being set to its clearing"};
  kit::Parameter<kit::Duration> comreset_time{*this, "comreset_time", 5_us,
      kit::assumed("some COMRESET bursts of 6 × (106.7 ns + 320 ns)"), "COMRESET on the HBA's own account, after a reset and at power-on"};
  kit::Parameter<kit::Duration> dma_overhead{*this, "dma_overhead", 10_ns,
      kit::assumed("arbitration and address phase, one or two cycles at 150 MHz"), "the shared DMA engine's time for a transaction beyond its bytes"};
  kit::Parameter<kit::Rate> dma_rate{*this, "dma_rate", kit::Rate{4e9},
      kit::assumed("above what six ports and a gen3 x4 link need, so that the engine is not the bottleneck"),
      "the shared DMA engine's rate"};
  kit::Parameter<kit::Bytes> dma_burst{*this, "dma_burst", 512_B,
      kit::assumed("a few PCIe write TLPs of 128 or 256 bytes, the largest payload that chipsets grant"),
      "what the shared DMA engine moves for one port before it is another's turn", kit::Parameter<kit::Bytes>::Range{64_B, 8_KiB}};
  kit::Parameter<kit::Bytes> receive_fifo{*this, "receive_fifo", 8_KiB,
      kit::assumed("room for one largest Data FIS; the link is held beyond"), "a port's receive buffer",
      kit::Parameter<kit::Bytes>::Range{256_B, 1_MiB}};
  Count prd_cache{*this, "prd_cache", 16, kit::assumed("PRDs are read with the command table up to this number, the others when needed"),
      "PRD entries a port keeps of a command", Count::Range{1, 248}};
};

/// The times, taken out of the parameters once.
struct Timing {
  explicit Timing(const HbaParameters& p)
      : register_access{p.register_access()}, command_issue{p.command_issue()}, command_prepare{p.command_prepare()},
        fis_receive{p.fis_receive()}, data_start{p.data_start()}, interrupt_delay{p.interrupt_delay()},
        reset_time{p.reset_time()}, comreset_time{p.comreset_time()}, dma_overhead{p.dma_overhead()},
        dma_ps_per_byte{1e12 / p.dma_rate().bytes_per_second}, dma_burst{static_cast<std::uint32_t>(p.dma_burst().value)} {}
  kit::Duration register_access, command_issue, command_prepare, fis_receive, data_start, interrupt_delay, reset_time,
      comreset_time, dma_overhead;
  double dma_ps_per_byte;
  std::uint32_t dma_burst;

  /// How long one transaction occupies the DMA engine.
  kit::Duration occupancy(std::uint32_t bytes) const {
    return kit::Duration::from_ps(dma_overhead.ps() + static_cast<std::int64_t>(dma_ps_per_byte * bytes + 0.5));
  }
};

}  // namespace ahcisim::ahci
