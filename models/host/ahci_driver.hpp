// SPDX-License-Identifier: MIT
// An AHCI driver: brings one HBA and one disk up and does I/O with exactly the register accesses of Linux's libahci.
//
// Accesses for each request (one interrupt each): queued 7 (W PxSACT, W PxCI; R IS, R PxIS, W PxIS, R PxSACT, W IS), other 6
// (W PxCI; R IS, R PxIS, W PxIS, R PxCI, W IS); with a vector for each port the two accesses to IS fall away. It is a state
// machine of callbacks; what takes CPU time takes it from one Processor. Files: ahci_driver.cpp submission and issue,
// ahci_interrupt.cpp the handler, ahci_bringup.cpp HBA and port, ahci_configure.cpp the disk, ahci_recovery.cpp errors.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include <ahcisim/models/host/ahci_parameters.hpp>
#include <ahcisim/models/host/command_slots.hpp>
#include <ahcisim/models/host/driver_front.hpp>
#include <ahcisim/models/host/driver_statistics.hpp>
#include <ahcisim/models/host/identify.hpp>
#include <ahcisim/models/host/memory.hpp>

namespace ahcisim::host {

struct AhciDriverStatistics : DriverStatistics {
  AhciDriverStatistics() : DriverStatistics{"COMRESETs, the first included"} {}
};

class AhciDriver : public DriverFront {
 public:
  /// Bring-up starts with the simulation, unless held. `tags` may be null where nobody keeps accounts.
  AhciDriver(const sc_core::sc_module_name& name, kit::Context& context, const AhciDriverParameters& parameters,
             Memory& memory, wire::TagBoard* tags);

  unsigned max_depth() const override { return depth_; }
  /// What IDENTIFY DEVICE said.
  const Identify& identify() const { return identify_; }
  bool queueing() const { return queueing_; }
  unsigned port() const { return port_; }
  const AhciDriverStatistics& statistics() const { return statistics_; }

 private:
  enum class Kind : std::uint8_t { queued, plain, flush, trim };
  /// A command on its way.
  struct Command {
    Request* request = nullptr;
    std::uint64_t offset = 0;  // bytes of the request before this command
    std::uint32_t bytes = 0;
    Kind kind = Kind::plain;
    kit::Duration issued;
  };

  // Submission and issue.
  kit::Duration wanted() override;
  void run(kit::Duration at) override;
  void take_submission(kit::Duration at);
  Kind kind_of(const Request& request) const;
  bool may_issue(Kind kind) const;
  bool can_issue() const;
  void issue_next(kit::Duration at);
  void reissue(kit::Duration at);
  Command cut(Request& request, unsigned slot, Kind kind);
  std::uint32_t attach_buffer(Request& request, unsigned slot, std::uint32_t limit);
  kit::Duration send(unsigned slot, kit::Duration at);
  void watch_deadline();
  void check_deadlines(std::uint64_t);

  // Interrupt handler.
  void interrupt(unsigned vector, kit::Duration at) override;
  void have_is(std::uint32_t value, kit::Duration at);
  void have_port_is(std::uint32_t value, kit::Duration at);
  void have_notification(std::uint32_t value, kit::Duration at);
  void read_active(kit::Duration at);
  void have_active(std::uint32_t value, kit::Duration at);
  void command_done(unsigned slot);
  void leave_handler(kit::Duration at);
  void nobody_cared(kit::Duration at);
  void count_unhandled();

  // Bring-up of HBA and port.
  void bring_up() override;
  void enable_ahci(unsigned tries);
  void save_configuration();
  void reset_hba();
  void initialise_port(unsigned port);
  void start_port();
  void try_port(unsigned port);
  void stop_engine(std::function<void(bool stopped)> handler);
  void start_engine();
  void hard_reset(std::function<void(bool device)> handler);
  void debounce(std::uint32_t last, kit::Duration since, kit::Duration deadline, std::function<void(bool)> handler);
  void wait_for_device(std::function<void(bool)> handler);
  void thaw();
  void give_up(const std::string& reason);
  kit::Duration pause(kit::Duration time) const {
    return parameters_.probe.fast_probe() ? kit::Duration::from_ps(time.ps() / 100) : time;
  }

  // The disk.
  void configure_device(unsigned attempt);
  void configure_again(unsigned attempt);
  void configure_features(unsigned attempt);
  void set_auto_activate();
  void set_modes();
  void ask_identity(std::function<void(bool ok)> handler);
  void read_logs();
  void read_log(std::uint8_t log, std::uint8_t page, std::function<void(const std::uint8_t* data)> handler);
  void set_feature(std::uint8_t subcommand, std::uint8_t count);
  void take_identity();
  void device_configured();
  void internal_command(const wire::RegisterH2D& fis, std::uint32_t bytes, std::function<void(bool ok)> handler);
  kit::Duration begin_internal(const wire::RegisterH2D& fis, std::uint32_t bytes, kit::Duration at);
  void internal_timeout(std::uint64_t serial);
  void internal_done(bool ok, kit::Duration at);

  // Errors.
  void begin_recovery(std::uint32_t port_is, std::uint32_t timed_out);
  void recover_after_device_error();
  void recover_with_reset(unsigned attempt);
  void identify_again(unsigned attempt);
  void analyse_log(const std::uint8_t* log);
  void blame(unsigned slot, std::uint8_t status, std::uint8_t error, std::uint64_t lba);
  void fail_command(unsigned slot, RequestStatus status);
  void end_recovery();
  void fail_everything();

  std::uint64_t hba(unsigned offset) const { return abar_ + offset; }
  std::uint64_t reg(unsigned offset) const { return port_address_ + offset; }

  const AhciDriverParameters& parameters_;
  AhciDriverStatistics statistics_;
  CommandSlots slots_;

  // The HBA and the port.
  std::uint64_t abar_ = 0, port_address_ = 0;
  std::uint32_t cap_ = 0, cap2_ = 0, pi_ = 0;
  unsigned port_ = 0;
  bool message_per_port_ = false;

  // The disk.
  Identify identify_;
  unsigned depth_ = 1;
  bool queueing_ = false;
  std::uint32_t longest_command_ = 0;  // bytes

  // Commands.
  std::array<Command, CommandSlots::count> commands_{};
  std::uint32_t queued_ = 0, plain_ = 0;  // slots outstanding at the device, by kind
  std::uint32_t retry_ = 0;               // slots whose command is to be issued again
  bool deadline_watched_ = false;

  // The interrupt being handled.
  kit::Duration handler_entry_;
  std::uint32_t is_ = 0, port_is_ = 0;

  // A command of the driver's own, in slot 0 while nothing else is outstanding.
  bool internal_active_ = false, internal_ok_ = false;
  std::uint64_t internal_serial_ = 0;

  // Recovery.
  std::uint32_t suspects_ = 0;  // slots that were outstanding when it began
  std::uint32_t late_ = 0;      // those of them that were not answered in time
  std::uint32_t recovery_is_ = 0;
  unsigned recoveries_in_row_ = 0;
};

}  // namespace ahcisim::host
