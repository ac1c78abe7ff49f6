// SPDX-License-Identifier: MIT
// Address windows and statistics of an exit bus.
#pragma once

#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::host {

/// The guest's address map; names and defaults are those of pcie::RootComplexParameters.
struct ExitBusParameters : kit::ParameterSet {
  using Address = kit::Parameter<std::int64_t>;
  using Size = kit::Parameter<kit::Bytes>;
  Address memory_window{*this, "memory_window", 0xC0000000, kit::choice("PC memory map"), "32-bit MMIO window: first guest address"};
  Size memory_window_size{*this, "memory_window_size", kit::Bytes{0x20000000}, kit::choice("PC memory map"), "32-bit MMIO window: size"};
  Address high_window{*this, "high_window", 0x4000000000, kit::choice("PC memory map"), "64-bit MMIO window: first guest address"};
  Size high_window_size{*this, "high_window_size", kit::Bytes{0x1000000000}, kit::choice("PC memory map"), "64-bit MMIO window: size"};
  Address ecam_window{*this, "ecam_window", 0xE0000000, kit::choice("PC memory map"), "configuration window (ECAM, 256 MiB): first guest address"};
  Address io_window{*this, "io_window", 0xF0000000, kit::choice("a window, since a generic payload knows no I/O space"),
                    "I/O space (64 KiB): first guest address"};
  Address endpoint_bus{*this, "endpoint_bus", 1, kit::choice("first bus behind the root port"), "bus number of the function", Address::Range{0, 255}};
};

/// The guest's own time: what its processor was busy less what it was held.
class GuestTime final : public kit::Stat {
 public:
  GuestTime(kit::StatSet& owner, std::string name, std::string meaning) : Stat{owner, std::move(name), "ps", std::move(meaning)} {}
  void watch(const Processor& processor, const kit::TimeSum& held) { processor_ = &processor, held_ = &held; }
  kit::Duration value() const { return processor_ ? processor_->busy_time() - held_->value() - start_ : kit::Duration{}; }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", static_cast<double>(value().ps())}}; }
  void reset() override { start_ = processor_ ? processor_->busy_time() - held_->value() : kit::Duration{}; }

 private:
  const Processor* processor_ = nullptr;
  const kit::TimeSum* held_ = nullptr;
  kit::Duration start_;
};

struct ExitBusStatistics : kit::StatSet {
  GuestTime guest_time{*this, "time.guest", "guest's own time on its processor"};
  kit::TimeSum held_time{*this, "time.held", "guest's processor outside the guest, or waiting to enter it again"};
  kit::TimeSum kernel_time{*this, "time.kernel", "host kernel for exits, entries and interrupts of this processor"};
  kit::Counter exits{*this, "exits", "exits", "all exits: those to user space, those the kernel handled"};
  kit::Counter exits_user{*this, "exits.user", "exits", "exits that the emulator's user space served"};
  kit::Counter exits_doorbell{*this, "exits.ioeventfd", "exits", "writes that the kernel turned into an eventfd's signal"};
  kit::Counter exits_controller{*this, "exits.irqchip", "exits", "accesses to an interrupt controller that the kernel emulates, ends of interrupts included"};
  kit::Counter exits_kick{*this, "exits.kick", "exits", "exits of a running guest to be given an interrupt"};
  kit::Counter reads{*this, "register_reads", "accesses", "trapped reads of memory or I/O space"};
  kit::Counter writes{*this, "register_writes", "accesses", "trapped writes of memory or I/O space"};
  kit::Counter configuration{*this, "configuration_accesses", "accesses", "trapped accesses to configuration space"};
  kit::Counter string_elements{*this, "string_elements", "elements", "elements moved by string accesses"};
  kit::Counter unclaimed{*this, "unclaimed", "accesses", "accesses nobody claimed: reads are all ones"};
  kit::Counter doorbells{*this, "doorbells", "writes", "doorbell writes that the loop did for the guest"};
  kit::Counter injections{*this, "injections", "interrupts", "interrupts given to the guest: messages, and lines raised"};
  kit::Counter eois{*this, "eois", "interrupts", "ends of interrupts"};
  kit::Counter dma_reads{*this, "dma_reads", "accesses", "accesses of the device to guest memory: reads"};
  kit::Counter dma_read_bytes{*this, "dma_read_bytes", "B", "bytes the device read"};
  kit::Counter dma_writes{*this, "dma_writes", "accesses", "accesses of the device to guest memory: writes"};
  kit::Counter dma_written_bytes{*this, "dma_written_bytes", "B", "bytes the device wrote"};
  kit::Counter dma_errors{*this, "dma_errors", "accesses", "accesses of the device outside guest memory"};
};

}  // namespace ahcisim::host
