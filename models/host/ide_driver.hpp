// SPDX-License-Identifier: MIT
// An IDE driver: brings one disk of a PCI IDE controller in compatibility mode up and does I/O with exactly the
// register accesses of Linux's libata-sff and ata_piix.
//
// Accesses for each request (one interrupt each): bus master DMA 26 with 28-bit addresses, 31 with 48-bit ones; PIO 13,
// 6 for each DRQ block (one string instruction for each sector of it), and 1. One command at a time. It is a state
// machine of callbacks; what takes CPU time takes it from one Processor. Files: ide_driver.cpp submission and issue,
// ide_interrupt.cpp the handler and PIO data, ide_bringup.cpp controller, channel and disk, ide_recovery.cpp errors.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include <ahcisim/models/host/access_sequence.hpp>
#include <ahcisim/models/host/driver_front.hpp>
#include <ahcisim/models/host/driver_statistics.hpp>
#include <ahcisim/models/host/ide_buffers.hpp>
#include <ahcisim/models/host/ide_parameters.hpp>
#include <ahcisim/models/host/identify.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

struct IdeDriverStatistics : DriverStatistics {
  IdeDriverStatistics() : DriverStatistics{"software resets, the first included"} {}
};

class IdeDriver : public DriverFront {
 public:
  /// Bring-up starts with the simulation, unless held. `tags` may be null where nobody keeps accounts.
  IdeDriver(const sc_core::sc_module_name& name, kit::Context& context, const IdeDriverParameters& parameters, Memory& memory,
            wire::TagBoard* tags);

  unsigned max_depth() const override { return 1; }
  /// What IDENTIFY DEVICE said.
  const Identify& identify() const { return identify_; }
  unsigned channel() const { return channel_; }
  unsigned device() const { return device_; }
  /// SET FEATURES' code of the transfer mode: 08h + PIO mode, 20h + multiword DMA mode, 40h + Ultra DMA mode.
  std::uint8_t transfer_mode() const { return transfer_mode_; }
  const IdeDriverStatistics& statistics() const { return statistics_; }

 private:
  /// What the driver waits for: an interrupt of one of these kinds, or the device being ready for the first block it is
  /// sent.
  enum class Phase : std::uint8_t { idle, dma, pio, non_data, first_block };
  enum class Fault : std::uint8_t { device, host_bus, protocol };
  /// The command on its way.
  struct IssuedCommand {
    Request* request = nullptr;
    wire::RegisterH2D task_file;  // the task file is what a Register FIS carries
    std::uint64_t offset = 0;     // bytes of the request before this command
    std::uint32_t bytes = 0, moved = 0;
    unsigned segment = 0;  // of the scatter list, where it begins
    std::uint32_t segment_offset = 0;
    bool write = false, bounced = false, data = false;
    Phase phase = Phase::dma;
    kit::Duration issued;
  };

  // Submission and issue.
  kit::Duration wanted() override;
  void run(kit::Duration at) override;
  void interrupt(unsigned vector, kit::Duration at) override;
  bool can_issue() const;
  void issue_next(kit::Duration at);
  bool cut(Request& request);
  void cut_trim(Request& request);
  std::uint32_t attach_buffer(Request& request, std::uint32_t limit);
  void copy_scattered(bool to_program);
  bool reaches(const Request& request) const;
  std::uint8_t pio_opcode(bool write, bool extended) const;
  void send(kit::Duration at);
  void select_device();
  void load_task_file(const wire::RegisterH2D& fis);
  void wait_idle() { sequence_.wait(port(ide_name::Status), busy_bits, parameters_.busy_wait(), 1000); }
  void exec_command(std::uint8_t command);
  void issued(kit::Duration at);
  void watch_deadline();
  void check_deadline(std::uint64_t);

  // Interrupt handler and PIO.
  void have_bus_master_status(kit::Duration at);
  void have_alternate_status(kit::Duration at);
  void read_status();
  void have_status(kit::Duration at);
  void move_block();
  void block_moved(kit::Duration at);
  void last_status(kit::Duration at);
  void account_data(wire::RequestTag& tag) const;
  void first_block_task(kit::Duration at);
  void first_block_ready(kit::Duration at);
  void conclude(std::uint8_t status, kit::Duration at);
  void fail(Fault fault, std::uint8_t status, kit::Duration at);
  void leave_handler(kit::Duration at);
  void nobody_cared(kit::Duration at);

  // Bring-up.
  void bring_up() override;
  void open_channel(unsigned channel);
  void try_channel(unsigned channel);
  void probe_devices(std::function<void()> handler);
  void wait_for_power_on();
  void check_presence(unsigned device);
  void soft_reset(std::function<void()> handler);
  void wait_for_device(unsigned device, std::function<void()> handler);
  void classify(unsigned device);
  void choose_device(unsigned device);
  void select(unsigned device);
  void enable_interrupts();
  void polled_command(const wire::RegisterH2D& fis, bool with_data, std::function<void(bool ok)> handler);
  void wait_polled(bool with_data, std::function<void(bool ok)> handler);
  void configure_device(unsigned attempt);
  void configure_again(unsigned attempt);
  void ask_identity(std::function<void(bool ok)> handler);
  void set_modes();
  void set_feature(std::uint8_t subcommand, std::uint8_t count, const char* what);
  std::uint8_t best_mode() const;
  void take_identity();
  void device_configured();
  void give_up(const std::string& reason);
  kit::Duration pause(kit::Duration time) const {
    return parameters_.probe.fast_probe() ? kit::Duration::from_ps(time.ps() / 100) : time;
  }

  // Errors.
  void begin_recovery(Fault fault, std::uint8_t status, bool late);
  void read_error();
  void error_is_read(std::uint8_t status);
  void recover_with_reset(unsigned attempt);
  void revalidate(unsigned attempt);
  void blame(bool device_reported, std::uint8_t status, std::uint8_t error, std::uint64_t lba);
  void fail_command(RequestStatus status);
  void end_recovery();
  void fail_everything();

  static constexpr std::uint8_t busy_bits = wire::status::BSY | wire::status::DRQ;
  std::uint64_t port(unsigned offset) const { return command_block_ + offset; }
  std::uint64_t bus_master(unsigned offset) const { return bus_master_ + offset; }
  std::uint8_t selects(unsigned device) const {
    return static_cast<std::uint8_t>(ide_name::Device_obsolete | (device ? ide_name::Device_DEV : 0));
  }

  const IdeDriverParameters& parameters_;
  Memory& memory_;
  IdeDriverStatistics statistics_;
  IdeBuffers buffers_;
  AccessSequence sequence_;

  // Controller, channel and devices.
  std::uint64_t command_block_ = 0, control_ = 0, bus_master_ = 0;  // physical addresses; bus_master_ 0: there is none
  std::uint64_t bus_master_base_ = 0;
  unsigned channel_ = 0, device_ = 0;
  std::array<bool, 2> present_{}, is_disk_{};

  // The disk.
  Identify identify_;
  std::uint32_t longest_command_ = 0;  // bytes
  unsigned logical_bytes_ = 512;
  unsigned block_sectors_ = 1;  // of a DRQ block
  std::uint8_t transfer_mode_ = 0;
  std::array<std::uint8_t, 512> identity_{};
  std::uint8_t polled_status_ = 0;

  // The command and the interrupt being handled.
  IssuedCommand command_;
  Phase phase_ = Phase::idle;
  bool retry_ = false;  // command_ is to be issued again
  bool deadline_watched_ = false, in_task_ = false;
  kit::Duration handler_entry_;
  wire::TrapTime before_data_;  // trapped accesses up to the first for the data of a PIO command
  std::uint8_t bus_master_status_ = 0;
  kit::Duration task_at_ = kit::Duration::never();  // the first block of a PIO write: when to look
  unsigned task_looks_ = 0;
  unsigned first_read_ = 0, second_read_ = 0;  // of the sequence

  // Recovery.
  bool suspect_ = false, late_ = false;
  Fault fault_ = Fault::device;
  std::uint8_t fault_status_ = 0;
  std::array<std::uint8_t, 8> error_registers_{};  // ERROR, LBA 23:0, DEVICE, and of 48 bits LBA 47:24
  unsigned recoveries_in_row_ = 0;
};

}  // namespace ahcisim::host
