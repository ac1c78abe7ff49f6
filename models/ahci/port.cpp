// SPDX-License-Identifier: MIT
// A port's registers and what software's writes to them do (AHCI 1.3.1, 3.3 and 10.3).
#include <ahcisim/models/ahci/port.hpp>

namespace ahcisim::ahci {

using namespace interrupt_bit;
using kit::Duration;
using wire::status::BSY;
using wire::status::DRQ;

Port::Port(unsigned index, std::string name, Shared& shared, kit::RegisterBank& bank, wire::FrameInitiatorSocket& socket)
    : index_{index}, name_{std::move(name)}, shared_{shared}, socket_{socket},
      r_{bank, 0x100 + 0x80 * index, shared.s64a ? Access::RW : Access::RO}, fifo_{shared.receive_fifo},
      table_(command_table::PRDT + PrdEntry::size * shared.prd_cache),
      state_{shared.context.probes, name_ + ".state", 3, {"stopped", "idle", "busy", "data", "error"}},
      track_{shared.context.probes, name_} {
  slots_.reserve(shared.slots);
  for (unsigned i = 0; i < shared.slots; ++i) slots_.emplace_back(shared.prd_cache);
  socket_.on_nb_transport_bw<&Port::receive>(this);

  r_.clb.on_write<&Port::clb_written>(this);
  r_.fb.on_write<&Port::fb_written>(this);
  r_.is.on_write<&Port::is_written>(this);
  r_.ie.on_write<&Port::ie_written>(this);
  r_.cmd.on_write<&Port::cmd_written>(this);
  r_.sctl.on_write<&Port::sctl_written>(this);
  r_.serr.on_write<&Port::serr_written>(this);
  r_.sact.on_write<&Port::sact_written>(this);
  r_.ci.on_write<&Port::ci_written>(this);
}

void Port::complain(const char* rule) { shared_.context.diagnostics.report(name_, rule, shared_.now()); }

void Port::show(State state) { state_.set(shared_.now(), static_cast<std::uint64_t>(state)); }

void Port::clb_written(const kit::Written& w) {
  if (w.data & 0x3ff) complain("PxCLB is not 1 KiB aligned; the low bits are ignored (AHCI 1.3.1, 3.3.1)");
  if (r_.cmd.CR) complain("PxCLB written while PxCMD.CR is 1 (AHCI 1.3.1, 10.3.1)");
}

void Port::fb_written(const kit::Written& w) {
  if (w.data & 0xff) complain("PxFB is not 256 byte aligned; the low bits are ignored (AHCI 1.3.1, 3.3.3)");
  if (r_.cmd.FR) complain("PxFB written while PxCMD.FR is 1 (AHCI 1.3.1, 10.3.2)");
}

void Port::is_written(const kit::Written&) { pending_changed(true); }
void Port::ie_written(const kit::Written&) { pending_changed(false); }

void Port::serr_written(const kit::Written&) { raise(0); }  // PCS, PRCS and UFS follow PxSERR

void Port::pending_changed(bool written) {
  shared_.interrupts.port_changed(index_, (r_.is.value() & r_.ie.value()) != 0, written, shared_.now());
}

void Port::raise(std::uint32_t is_bits, std::uint32_t serr_bits) {
  r_.serr.set_bits(serr_bits);
  r_.is.set_bits(is_bits);
  r_.is.PCS = std::uint32_t{r_.serr.DIAG_X};
  r_.is.PRCS = std::uint32_t{r_.serr.DIAG_N};
  r_.is.UFS = std::uint32_t{r_.serr.DIAG_F};
  pending_changed(false);
}

void Port::cmd_written(const kit::Written& w) {
  const PxCMD& cmd = r_.cmd;
  const bool had_st = cmd.ST.of(w.before), had_fre = cmd.FRE.of(w.before);
  if (cmd.ICC > 1) complain("PxCMD.ICC asks for a power state that CAP does not offer (AHCI 1.3.1, 3.3.7)");
  r_.cmd.ICC = 0;
  if (cmd.CLO) {
    if (cmd.ST && had_st) complain("PxCMD.CLO set while PxCMD.ST is 1 (AHCI 1.3.1, 3.3.7)");
    if (shared_.sclo) r_.tfd.STS = r_.tfd.STS & ~std::uint32_t{BSY | DRQ};
    r_.cmd.CLO = 0;
  }
  const bool receives_now = cmd.FRE && !had_fre;
  if (receives_now) start_receiving();
  if (cmd.ST && (!had_st || (receives_now && !cmd.CR))) start();
  if (!cmd.ST && had_st) stop();
  if (!cmd.FRE && had_fre) {
    if (cmd.ST || cmd.CR) complain("PxCMD.FRE cleared while PxCMD.ST or CR is 1 (AHCI 1.3.1, 10.3.2)");
    check_stopped(epoch_);
  }
}

void Port::start_receiving() {
  r_.cmd.FR = 1;
  if (first_held_) {
    first_held_ = false;
    post(shared_.now(), received_fis::RFIS, &held_, sizeof held_);
  }
}

// P:NotRunning to P:Idle (5.3.2)
void Port::start() {
  if (r_.cmd.CR) complain("PxCMD.ST set before PxCMD.CR was 0 (AHCI 1.3.1, 10.3.1)");
  if (r_.ssts.DET == 3 && r_.tfd.STS & (BSY | DRQ))
    complain("PxCMD.ST set while PxTFD.STS.BSY or DRQ is 1 (AHCI 1.3.1, 10.3.1)");
  if (!r_.cmd.FRE) return complain("PxCMD.ST set while PxCMD.FRE is 0: not started (AHCI 1.3.1, 10.3.1)");
  halted_ = false;
  next_slot_ = 0;
  r_.cmd.CR = 1;
  show(State::idle);
  if (r_.ci.value()) kick(shared_.now() + shared_.timing.command_issue);
}

// ST cleared: outstanding commands are forgotten, CR stays until the engine is idle (3.3.7, 10.3.1).
void Port::stop() {
  r_.ci.set(0);
  r_.sact.set(0);
  r_.cmd.CCS = 0;
  halted_ = false;
  forget_transfers();
  check_stopped(epoch_);
}

void Port::check_stopped(std::uint64_t epoch) {
  if (static_cast<std::uint32_t>(epoch) != epoch_) return;
  const Duration idle = kit::max(kit::max(busy_until_, receive_until_), data_until_);
  const bool stopping = (!r_.cmd.ST && r_.cmd.CR) || (!r_.cmd.FRE && r_.cmd.FR);
  if (!stopping) return;
  if (idle > shared_.now()) return calendar().at<&Port::check_stopped>(idle, this, epoch_);
  if (!r_.cmd.ST) r_.cmd.CR = 0;
  if (!r_.cmd.FRE && !r_.cmd.CR) r_.cmd.FR = 0;
  show(State::stopped);
}

void Port::sact_written(const kit::Written& w) {
  if (!r_.cmd.ST) {
    complain("PxSACT written while PxCMD.ST is 0 (AHCI 1.3.1, 3.3.13)");
    return r_.sact.set(w.before);
  }
  if (!shared_.sncq) complain("PxSACT written without CAP.SNCQ (AHCI 1.3.1, 3.3.13)");
  const std::uint64_t beyond = ~((std::uint64_t{1} << shared_.slots) - 1);
  if (r_.sact.value() & beyond) {
    complain("PxSACT bit beyond the slots of CAP.NCS (AHCI 1.3.1, 3.3.13)");
    r_.sact.clear_bits(static_cast<std::uint32_t>(beyond));
  }
}

void Port::ci_written(const kit::Written& w) {
  if (!r_.cmd.ST) {
    complain("PxCI set while PxCMD.ST is 0 (AHCI 1.3.1, 3.3.14)");
    return r_.ci.set(w.before);
  }
  const std::uint64_t beyond = ~((std::uint64_t{1} << shared_.slots) - 1);
  if (r_.ci.value() & beyond) {
    complain("PxCI bit beyond the slots of CAP.NCS (AHCI 1.3.1, 3.3.14)");
    r_.ci.clear_bits(static_cast<std::uint32_t>(beyond));
  }
  kick(shared_.now() + shared_.timing.command_issue);
}

void Port::sctl_written(const kit::Written& w) {
  const std::uint32_t before = r_.sctl.DET.of(w.before), now = r_.sctl.DET;
  const Duration when = shared_.now();
  if (r_.sctl.SPD > shared_.speed) complain("PxSCTL.SPD above CAP.ISS (AHCI 1.3.1, 3.3.11)");
  if (now == before) return;
  if (r_.cmd.ST) complain("PxSCTL.DET written while PxCMD.ST is 1 (AHCI 1.3.1, 10.4.2)");
  if (now == 1) {
    comreset(when);
    send_phase(wire::SATA_COMRESET, when);
  } else if (now == 4) {
    comreset(when);
    r_.ssts.DET = 4;
    send_phase(wire::SATA_OFFLINE, when);
  } else if (now == 0 && before == 1) {
    release_link(when);
  } else if (now == 0) {
    start_link(when);
  } else {
    complain("PxSCTL.DET written with a reserved value (AHCI 1.3.1, 3.3.11)");
  }
}

}  // namespace ahcisim::ahci
