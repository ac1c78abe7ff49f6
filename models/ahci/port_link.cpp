// SPDX-License-Identifier: MIT
// A port's link: COMRESET, presence, speed; and the errors that stop the port (AHCI 1.3.1, 6.1, 10.4).
#include <ahcisim/models/ahci/port.hpp>

namespace ahcisim::ahci {

using namespace interrupt_bit;
using namespace serr_bit;
using kit::Duration;
using wire::Verdict;

void Port::forget_transfers() {
  issue_slot_ = setup_slot_ = none;
  setup_left_ = 0;
  pio_.active = false;
  for (Slot& slot : slots_) slot.issued = false;
  shared_.dma.share().set_active(index_, false);
  error_ahead_ = false;
}

/// The port's side of a COMRESET (10.4.2): communication is lost, what is under way is dropped.
void Port::comreset(Duration when) {
  const bool was_ready = r_.ssts.DET == 3;
  ++epoch_;
  step_pending_ = link_up_ = first_held_ = false;
  awaiting_first_ = update_signature_ = true;
  forget_transfers();
  if (r_.cmd.ST) halted_ = true;  // software must clear ST before it goes on
  busy_until_ = receive_until_ = data_until_ = when;
  fifo_.clear();
  r_.ssts.set(0);
  r_.tfd.reset();
  r_.sig.reset();
  if (was_ready) raise(0, DIAG_N);
  check_stopped(epoch_);
}

void Port::send_phase(::tlm::tlm_phase phase, Duration when) {
  if (!socket_.bound()) return;
  wire::Frame frame;
  const std::uint32_t spd = r_.sctl.SPD;
  const unsigned limit = spd ? std::min<unsigned>(spd, shared_.speed) : shared_.speed;
  frame.speed_limit = static_cast<std::uint8_t>(limit < 3 ? limit : 0);
  sc_core::sc_time delay = calendar().annotate(when);
  socket_->nb_transport_fw(frame, phase, delay);
}

void Port::start_link(Duration when) {
  comreset(when);
  send_phase(wire::SATA_COMRESET, when);
  schedule(when + shared_.timing.comreset_time, Effect::release_link);
}

void Port::release_link(Duration when) { send_phase(wire::SATA_RELEASE, when); }

void Port::reset(Duration when) {
  comreset(when);
  r_.reset();
  pending_changed(false);
  halted_ = false;
  next_slot_ = 0;
  show(State::stopped);
  send_phase(wire::SATA_COMRESET, when);
}

void Port::receive_link_state(const ::tlm::tlm_phase& phase, const wire::Frame& frame, Duration when) {
  if (phase == wire::SATA_PHYRDY) {
    link_up_ = true;
    awaiting_first_ = update_signature_ = true;
    schedule(when, Effect::phy_ready, nullptr, frame.speed);
  } else if (phase == wire::SATA_PHYLOST) {
    link_up_ = false;
    schedule(when, Effect::phy_lost);
  } else if (phase == wire::SATA_PRESENCE) {
    schedule(when, Effect::presence);
  }
}

/// A fatal error: nothing more is fetched or sent until software clears PxCMD.ST (ERR:WaitForClear, 5.3.14).
void Port::halt(Duration when, std::uint32_t is_bits, std::uint32_t serr_bits) {
  halted_ = true;
  busy_until_ = kit::max(busy_until_, when);
  schedule(when, Effect::bits, nullptr, is_bits, serr_bits);
}

void Port::task_file_error() {
  halted_ = true;
  error_ahead_ = false;
  shared_.statistics.task_file_errors.add();
  show(State::error);
  raise(TFES);
}

/// False, and the port halts, where a bus-master transaction failed (6.1.1).
bool Port::transferred(const DmaResult& result) {
  if (result.outcome == DmaOutcome::ok) return true;
  if (result.outcome == DmaOutcome::fatal) {
    complain("bus-master access that nobody answers: a bad CLB, CTBA, DBA or FB (AHCI 1.3.1, 6.1.1)");
    halt(result.end, HBFS);
  } else {
    halt(result.end, HBDS);
  }
  return false;
}

/// The device sent what the protocol does not allow here: refused, and fatal while the command list runs.
void Port::violated(wire::Frame& frame, Duration when, const char* rule) {
  frame.verdict = Verdict::r_err;
  if (!running() || halted_) return;  // software has stopped the commands; the device cannot know
  complain(rule);
  halt(when, IFS, DIAG_T | ERR_P);
}

/// False where a sent frame was not accepted; `refused` is the PxSERR.ERR bit for an R_ERR (3.3.12).
bool Port::judge(Verdict verdict, Duration when, std::uint32_t refused) {
  switch (verdict) {
    case Verdict::r_ok: return true;
    case Verdict::r_err: halt(when, IFS, DIAG_H | refused); return false;
    case Verdict::sync_escape: halt(when, IFS, DIAG_S | ERR_P); return false;
    case Verdict::no_link: return false;  // PxSERR.DIAG.N tells
    case Verdict::held: return false;     // a parallel bus's alone: no link of Serial ATA answers with it
  }
  return false;
}

}  // namespace ahcisim::ahci
