// SPDX-License-Identifier: MIT
// The ATA device: command layer of a SATA disk (ACS-3), between a SATA link and a medium with its store.
//
// Frames come and go through `link`; when the data is there says the medium, what it is the store. The device keeps the
// 32-command queue, the registers' protocols (PIO, DMA, first-party DMA), the settings, and the order of its frames on
// the link: one data phase at a time, in the order in which the medium is ready.
//
// Events per queued read: the command FIS has arrived; the medium is ready; the data has left (only where the medium
// does not know its completion beforehand).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <systemc>

#include <ahcisim/models/disk/ata/command.hpp>
#include <ahcisim/models/disk/ata/device_port.hpp>
#include <ahcisim/models/disk/ata/error_log.hpp>
#include <ahcisim/models/disk/ata/parameters.hpp>
#include <ahcisim/models/disk/ata/sct.hpp>
#include <ahcisim/models/disk/ata/statistics.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::disk {

struct IdentifyInputs;

/// Who is asked before a command's data moves; for faults that belong to a place on the disk.
class TransferGate {
 public:
  /// A data phase is about to move these sectors, `writes`: to the device. False: it never will, and the command
  /// stays outstanding until a reset drops it.
  virtual bool opens(const LbaRange& sectors, bool writes) = 0;

 protected:
  ~TransferGate() = default;
};

class AtaDevice final : public sc_core::sc_module, private MediumClient, private PortClient {
 public:
  /// Throws kit::ConfigError where the medium has more sectors than the store, or a name does not fit its words.
  /// Everything passed must outlive the device.
  AtaDevice(const sc_core::sc_module_name& name, kit::Context& context, const AtaParameters& parameters, Medium& medium,
            Store& store);

  /// The device's end of the SATA link (tlm/frame.hpp).
  wire::FrameTargetSocket link;

  /// From now on the sectors cannot be read (UNC) until they are written. Sectors beyond the end are no fault.
  void inject_media_error(LbaRange range);
  void clear_media_errors() { bad_.clear(); }
  /// At most one gate; nullptr: all that can move does.
  void put_gate(TransferGate* gate) { gate_ = gate; }

  /// User-addressable logical sectors of 512 bytes.
  std::uint64_t sectors() const { return facts_.sectors; }
  const AtaStatistics& statistics() const { return statistics_; }
  const Settings& settings() const { return settings_; }
  /// Queued commands outstanding, one bit each.
  std::uint32_t outstanding() const { return outstanding_; }
  enum class Power : std::uint8_t { active_or_idle, standby, sleep };
  Power power() const { return power_; }

 private:
  friend struct CommandTable;
  static constexpr unsigned single = 32;                    // index of the command that is not queued
  static constexpr unsigned buffer_bytes = 64 * 1024;       // internal data: the largest log read in one command
  static constexpr unsigned trim_blocks = 8;                // DATA SET MANAGEMENT: word 105
  static constexpr unsigned chain_frames = 16;              // Data FISes sent in one go
  enum class Phase : std::uint8_t { none, sending, awaiting_data, ending };
  // ata_device.cpp: what the port tells
  void command_arrived(const Inbound& in) override;
  void data_arrives(wire::Frame& frame, kit::Duration arrival) override;  // ata/transfer.cpp
  void data_taken(kit::Duration when) override;                           // ata/transfer.cpp
  void abandoned() override;
  void reset(Reset kind) override;
  void ready_for_commands() override { last_activity_ = calendar_.now(); }
  void fis_done() override { pump(); }
  kit::Duration send(wire::Frame& frame, kit::Duration when) { return port_.send(frame, when); }
  void diagnose(const char* rule) { port_.diagnose(rule); }

  // ata/accept.cpp: commands begin and end
  void accept_single(const Inbound& in, const CommandRow* row, std::uint64_t number);
  bool refused_by_queue_error(const Inbound& in, const CommandRow* row);
  void submit(Command& command, MediaOp op, LbaRange range);
  void finish(Command& command, kit::Duration when);
  void fail(Command& command, std::uint8_t error, std::uint64_t lba, kit::Duration when);
  void abort(Command& command) { fail(command, wire::error::ABRT, 0, calendar_.now()); }
  void note_failure(Command& command);
  void log_error(const Command& command, const wire::RegisterD2H& end);
  void send_result(const Command& command, std::uint8_t status, std::uint8_t error, kit::Duration when);
  void account(const Command& command, kit::Duration when);
  bool resolve_range(Command& command);
  void tell_address(const Command& command, std::uint64_t lba);
  void note_bad_sector(Command& command);

  // ata/queue.cpp: the NCQ feature set
  void accept_queued(const Inbound& in, const CommandRow* row, std::uint64_t number);
  void do_queued(Command& command);
  void do_send_queued(Command& command);
  void break_queue(const Inbound& in, const char* rule);
  void queue_failed(Command& command, std::uint8_t error, std::uint64_t lba, kit::Duration when, std::uint32_t done = 0);
  void record_queue_error(std::uint8_t first, std::uint8_t error, std::uint64_t lba, const wire::RegisterH2D& fis);
  void log_queue_error(const Command& command, std::uint8_t error, std::uint64_t lba);
  kit::Duration report_done(kit::Duration when);
  void drop_commands();

  // ata/transfer.cpp: data phases, and when they happen
  void may_transfer(MediaRequest& request, kit::Duration at) override;
  void complete(MediaRequest& request, kit::Duration at) override;
  void answered(kit::Duration at);
  void watch_medium();
  void advance(std::uint64_t serial);
  void pump();
  void wake_at(kit::Duration when);
  void wake(std::uint64_t serial);
  void start_phase(Command& command, kit::Duration when);
  bool may_begin(const Command& command) const;
  kit::Duration send_dma_setup(Command& command, kit::Duration when);
  void send_data(Command& command, kit::Duration when);
  void send_more(std::uint64_t argument);
  kit::Duration send_pio_setup(Command& command, kit::Duration when);
  kit::Duration send_data_fis(wire::Frame& frame, const Command& command, std::uint32_t bytes, kit::Duration when);
  void data_sent(Command& command, kit::Duration when);
  void phase_ended(std::uint64_t argument);
  void tell_transferred(Command& command);
  void request_data(Command& command, kit::Duration when);
  void data_arrived(std::uint64_t argument);
  void store_data(Command& command, const std::uint8_t* from, std::uint32_t bytes);
  void transfer_failed(Command& command, wire::Verdict verdict, kit::Duration when);
  std::uint32_t block_bytes(const Command& command) const;
  std::uint64_t phase_argument(unsigned index) const { return phase_serial_ << 8 | index; }

  // ata/handlers_*.cpp: one for each kind of command
  void do_read(Command& command);
  void do_write(Command& command);
  void do_verify(Command& command);
  void do_flush(Command& command);
  void do_trim(Command& command);
  void do_nothing(Command& command);
  void do_abort(Command& command);
  void do_diagnostic(Command& command);
  void do_identify(Command& command);
  void do_set_features(Command& command);
  void do_set_multiple(Command& command);
  void do_initialize_parameters(Command& command);
  void do_read_native_max(Command& command);
  void do_read_log(Command& command);
  void do_write_log(Command& command);
  void do_smart(Command& command);
  void do_power(Command& command);
  void buffer_in(Command& command, std::uint32_t bytes);
  void buffer_out(Command& command, std::uint32_t bytes);
  void buffer_filled(Command& command);
  bool set_sata_feature(std::uint8_t feature, bool on);
  enum class LogAccess : std::uint8_t { gpl = 1, smart = 2 };  // READ LOG (DMA) EXT and its kin; SMART READ LOG, WRITE LOG
  void read_log_page(std::uint8_t log, LogAccess access, std::uint32_t page, std::uint8_t* to);
  unsigned log_pages(std::uint8_t log, LogAccess access) const;
  IdentifyInputs identify_inputs() const;
  void enter_power(Power state);
  void enter_standby(Command& command);
  void store_log(Command& command);
  bool self_test(std::uint8_t kind);
  void self_test_page(std::uint8_t* to) const;
  void extended_self_test_page(std::uint8_t* to) const;
  void smart_data(std::uint8_t* to, bool thresholds) const;
  void set_standby_timer(std::uint8_t code);
  void standby_check(std::uint64_t serial);
  void revert_settings();
  bool refused_log(Command& command, LogAccess access, unsigned first, unsigned count);
  bool takes_log(std::uint8_t log, unsigned first, unsigned count) const;
  void log_in(Command& command, LogAccess access, unsigned first, unsigned count);

  // ata/handlers_sct.cpp: SCT Command Transport
  void sct_command(Command& command);
  void sct_refuse(Command& command, SctStatus status);
  void sct_answer(unsigned value);
  void sct_error_recovery(Command& command, const std::uint8_t* key);
  void sct_feature(Command& command, const std::uint8_t* key);
  void sct_table(Command& command, const std::uint8_t* key);
  void sct_status_page(std::uint8_t* to) const;
  void sct_temperature_history(std::uint8_t* to) const;
  bool apply_write_cache();
  void sct_revert();
  kit::Duration recovery_time(const Command& command);

  kit::Context& context_;
  kit::Calendar& calendar_;
  const AtaParameters& parameters_;
  DevicePort port_;
  Medium& medium_;
  Store& store_;
  TransferGate* gate_ = nullptr;
  MediumFacts facts_;
  AtaStatistics statistics_;
  kit::Track track_;
  kit::StateProbe depth_probe_, phase_probe_;

  Settings settings_;
  Power power_ = Power::active_or_idle, next_power_ = Power::active_or_idle;
  kit::Duration last_activity_, standby_after_;
  std::uint64_t standby_serial_ = 0;

  std::array<Command, 33> commands_;
  std::uint32_t outstanding_ = 0;     // queued commands
  bool single_busy_ = false;          // the other one
  wire::RegisterD2H result_;          // of the other one
  bool queue_error_ = false;          // until log 10h is read
  std::array<std::uint8_t, 512> queue_error_log_{};

  Agenda ready_, done_;
  Phase phase_ = Phase::none;
  unsigned moving_ = single;          // whose data phase it is
  std::uint64_t phase_serial_ = 0;
  std::uint32_t held_bytes_ = 0;      // of the Data FIS that the host has yet to take (parallel)
  bool data_here_ = false;            // the Data FIS that was asked for has come,
  wire::Verdict data_verdict_ = wire::Verdict::r_ok;  // … and whether it can be used
  kit::Duration wake_ = kit::Duration::never(), medium_wake_ = kit::Duration::never();
  std::uint64_t wake_serial_ = 0, medium_serial_ = 0;
  bool asking_ = false;               // the medium is being called: pump() follows

  std::vector<LbaRange> bad_;         // unreadable sectors, disjoint and in order
  std::unique_ptr<std::uint8_t[]> buffer_;   // internal data
  std::unique_ptr<std::uint8_t[]> bounce_;   // data that does not lie in one piece in the store
  std::vector<std::uint8_t> host_logs_;      // logs 80h to 9Fh, 16 pages each, once one is written
  Sct sct_;
  ErrorLog error_log_;
  struct SelfTest {
    std::uint8_t kind = 0;    // as the command had it
    std::uint8_t status = 0;  // 7:4 result: 0 = no error, 7 = a sector cannot be read
    std::uint16_t hours = 0;
    std::uint64_t failing_lba = 0;
  };
  static constexpr unsigned kept_self_tests = 21;
  std::array<SelfTest, kept_self_tests> self_test_{};  // a ring
  std::uint64_t self_tests_ = 0;                       // run so far
};

}  // namespace ahcisim::disk
