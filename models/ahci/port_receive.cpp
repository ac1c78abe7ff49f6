// SPDX-License-Identifier: MIT
// Frames from the device (AHCI 1.3.1, 5.3.5 to 5.3.13): posting to the received FIS area, then the registers.
#include <ahcisim/models/ahci/port.hpp>

namespace ahcisim::ahci {

using namespace interrupt_bit;
using namespace serr_bit;
using kit::Duration;
using wire::FisType;
using wire::Verdict;
namespace status = wire::status;

::tlm::tlm_sync_enum Port::receive(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::SATA_FRAME)
    receive_frame(frame, delay);
  else
    receive_link_state(phase, frame, calendar().absolute(delay));
  return ::tlm::TLM_COMPLETED;
}

void Port::receive_frame(wire::Frame& frame, sc_core::sc_time& delay) {
  const Duration arrival = calendar().absolute(delay);
  if (!link_up_) {
    frame.verdict = Verdict::no_link;
    return;
  }
  shared_.statistics.fises_received.add();
  frame.verdict = Verdict::r_ok;
  if (frame.crc_error) return receive_damaged(frame, arrival);
  if (frame.type() == FisType::data) return receive_data(frame, delay, arrival);
  const Duration when = arrival + shared_.timing.fis_receive;
  if (frame.retries) schedule(when, Effect::bits, nullptr, INFS, DIAG_C | ERR_I);  // recovered (6.1.2)
  const bool first = awaiting_first_ && frame.type() == FisType::register_d2h;
  if (!r_.cmd.FR && !first) {
    complain("FIS received while PxCMD.FRE is 0: refused (AHCI 1.3.1, 3.3.7)");
    frame.verdict = Verdict::r_err;
    return;
  }
  static constexpr auto length_of = [](FisType type) -> unsigned {
    switch (type) {
      case FisType::register_d2h: case FisType::pio_setup: return 20;
      case FisType::dma_setup: return 28;
      case FisType::set_device_bits: return 8;
      case FisType::dma_activate: return 4;
      default: return 0;
    }
  };
  const unsigned length = length_of(frame.type());
  if (length && frame.fis_bytes != length) return violated(frame, when, "FIS of a wrong length (Serial ATA 3.x, 10.5)");
  if (length && frame.fis[1] & 0x0f) schedule(when, Effect::bits, nullptr, IPMS);
  switch (frame.type()) {
    case FisType::register_d2h: return receive_register(frame, when);
    case FisType::set_device_bits: return receive_set_device_bits(frame, when);
    case FisType::pio_setup: return receive_pio_setup(frame, when);
    case FisType::dma_setup: return receive_dma_setup(frame, when);
    case FisType::dma_activate: return schedule(when + shared_.timing.data_start, Effect::send_data);
    default: return receive_unknown(frame, when);
  }
}

/// Writes a FIS to the received FIS area; returns when it is there, not before what was posted earlier.
Duration Port::post(Duration when, unsigned offset, const void* fis, unsigned bytes) {
  const DmaResult written =
      shared_.dma.write(index_, when, when, received_fis_area() + offset, static_cast<const std::uint8_t*>(fis), bytes);
  receive_until_ = kit::max(receive_until_, kit::max(written.end, data_until_));
  transferred(written);
  return receive_until_;
}

void Port::schedule(Duration when, Effect effect, const std::uint8_t* fis, std::uint32_t is, std::uint32_t serr) {
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(pool_.size());
    pool_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Pending& entry = pool_[index];
  entry.effect = effect;
  entry.is = is;
  entry.serr = serr;
  if (fis) std::memcpy(entry.fis, fis, sizeof entry.fis);
  calendar().at<&Port::on_pending>(when, this, index | std::uint64_t{epoch_} << 32);
}

void Port::on_pending(std::uint64_t argument) {
  const auto index = static_cast<std::uint32_t>(argument);
  const Pending entry = pool_[index];
  free_.push_back(index);
  if (argument >> 32 != epoch_) return;
  const auto fis_as = [&entry](auto sample) { std::memcpy(&sample, entry.fis, sizeof sample); return sample; };
  switch (entry.effect) {
    case Effect::register_fis: return register_fis(fis_as(wire::RegisterD2H{}));
    case Effect::set_device_bits: return set_device_bits(fis_as(wire::SetDeviceBits{}));
    case Effect::pio_setup: {
      const auto fis = fis_as(wire::PioSetup{});
      r_.tfd.STS = fis.status, r_.tfd.ERR = fis.error;
      show(State::data);
      if (!(fis.flags & fis.D)) send_data();
      return;
    }
    case Effect::pio_done: return pio_done(fis_as(wire::PioSetup{}));
    case Effect::bits:
      if (entry.is & (IFS | HBFS | HBDS)) shared_.statistics.fatal_errors.add(), show(State::error);
      return raise(entry.is, entry.serr);
    case Effect::clear_busy:
      if (issue_slot_ != entry.is) return;
      r_.tfd.STS = r_.tfd.STS & ~std::uint32_t{status::BSY};
      r_.ci.clear_bits(1u << issue_slot_);
      finish(issue_slot_, calendar().now());
      issue_slot_ = none;
      return choose(calendar().now() + shared_.timing.command_issue);
    case Effect::send_data: return send_data();
    case Effect::release_link: return release_link(calendar().now());
    case Effect::phy_ready:
      r_.ssts.DET = 3, r_.ssts.SPD = entry.is, r_.ssts.IPM = 1;
      r_.tfd.STS = status::BSY;
      return raise(0, DIAG_X | DIAG_N);
    case Effect::phy_lost:
      r_.ssts.set(0);
      return raise(0, DIAG_N);
    case Effect::presence:
      r_.ssts.DET = 1;
      return raise(0, DIAG_X);
  }
}

/// What is received comes before what would be sent (Serial ATA 3.x, 9.6): no command follows a FIS that is going to stop the port.
void Port::note_error(std::uint8_t status) {
  if (status & wire::status::ERR && running() && !halted_) error_ahead_ = true;
}

void Port::receive_register(wire::Frame& frame, Duration when) {
  note_error(frame.as<wire::RegisterD2H>().status);
  if (r_.cmd.FR) {
    when = post(when, received_fis::RFIS, frame.fis, sizeof(wire::RegisterD2H));
  } else {  // the first one is accepted all the same and posted when FRE is set (3.3.7)
    held_ = frame.as<wire::RegisterD2H>();
    first_held_ = true;
  }
  awaiting_first_ = false;
  pio_.active = false;
  schedule(when, Effect::register_fis, frame.fis);
}

// RegFIS:Entry, RegFIS:ClearCI, RegFIS:SetIntr (5.3.8)
void Port::register_fis(const wire::RegisterD2H& fis) {
  r_.tfd.STS = fis.status, r_.tfd.ERR = fis.error;
  if (update_signature_) {
    update_signature_ = false;
    r_.sig.set(fis.count_7_0 | fis.lba_7_0 << 8 | fis.lba_15_8 << 16 | static_cast<std::uint32_t>(fis.lba_23_16) << 24);
  }
  if (!running() || halted_) return;
  if (fis.status & status::ERR) return task_file_error();
  if (!(fis.status & (status::BSY | status::DRQ)) && issue_slot_ != none) {
    r_.ci.clear_bits(1u << issue_slot_);
    if (!slots_[issue_slot_].queued) finish(issue_slot_, calendar().now());
    issue_slot_ = none;
    show(State::idle);
  }
  if (fis.flags & fis.I) raise(DHRS);
  choose(calendar().now() + shared_.timing.command_issue);
}

void Port::receive_set_device_bits(wire::Frame& frame, Duration when) {
  note_error(frame.as<wire::SetDeviceBits>().status);
  when = post(when, received_fis::SDBFIS, frame.fis, sizeof(wire::SetDeviceBits));
  schedule(when, Effect::set_device_bits, frame.fis);
}

// SDB:Entry (5.3.9): Status Hi and Lo only, BSY and DRQ stay
void Port::set_device_bits(const wire::SetDeviceBits& fis) {
  constexpr std::uint32_t taken = 0x77;
  r_.tfd.STS = (r_.tfd.STS & ~taken) | (fis.status & taken);
  r_.tfd.ERR = fis.error;
  const std::uint32_t named = wire::load_le32(fis.s_active), done = named & r_.sact.value();
  // With all bits set the device tells that it has dropped its queue, once log 10h is read (Serial ATA 3.x, 13.6): software
  // may have cleared PxSACT, by PxCMD.ST, before.
  const bool dropped = named == ~std::uint32_t{0} && !(fis.flags & fis.I);
  if (running() && named & ~r_.sact.value() && !dropped)
    complain("Set Device Bits FIS with an SActive bit that PxSACT does not have (AHCI 1.3.1, 5.3.9)");
  r_.sact.clear_bits(done);
  if (!running() || halted_) return;
  for (std::uint32_t left = done; left; left &= left - 1)
    finish(static_cast<unsigned>(__builtin_ctz(left)), calendar().now());
  if (fis.status & status::ERR) return task_file_error();
  if (fis.flags & fis.I) raise(SDBS);
}

void Port::receive_pio_setup(wire::Frame& frame, Duration when) {
  const auto& fis = frame.as<wire::PioSetup>();
  if (issue_slot_ == none || !running() || halted_)
    return violated(frame, when, "PIO Setup FIS without a command (AHCI 1.3.1, 5.3.11)");
  pio_ = {true, (fis.flags & fis.D) != 0, fis};
  when = post(when, received_fis::PSFIS, frame.fis, sizeof fis);
  if (!pio_.in) when += shared_.timing.data_start;
  schedule(when, Effect::pio_setup, frame.fis);
}

// PIO:Update, PIO:ClearCI, PIO:SetIntr (5.3.11): after the data
void Port::pio_done(const wire::PioSetup& fis) {
  r_.tfd.STS = fis.e_status, r_.tfd.ERR = fis.error;
  if (!running() || halted_) return;
  if (fis.e_status & status::ERR) return task_file_error();
  if (!(fis.e_status & (status::BSY | status::DRQ)) && issue_slot_ != none) {
    r_.ci.clear_bits(1u << issue_slot_);
    finish(issue_slot_, calendar().now());
    issue_slot_ = none;
    show(State::idle);
  }
  if (fis.flags & fis.I) raise(PSS);
  choose(calendar().now() + shared_.timing.command_issue);
}

// DmaSetup:Entry (5.3.10): the tag selects the command whose memory is meant
void Port::receive_dma_setup(wire::Frame& frame, Duration when) {
  const auto& fis = frame.as<wire::DmaSetup>();
  const unsigned tag = fis.buffer_identifier_low[0] & 0x1f;
  if (tag >= shared_.slots || !slots_[tag].issued || !running() || halted_)
    return violated(frame, when, "DMA Setup FIS for a tag that is not outstanding (AHCI 1.3.1, 5.3.10)");
  setup_slot_ = tag;
  setup_write_ = !(fis.flags & fis.D);
  setup_left_ = wire::load_le32(fis.transfer_count);
  if (setup_write_ != slots_[tag].write) complain("DMA Setup FIS against the command header's W (AHCI 1.3.1, 4.2.2)");
  if (setup_left_ == 0) return violated(frame, when, "DMA Setup FIS with a transfer count of 0 (Serial ATA 3.x, 10.5.9)");
  when = post(when, received_fis::DSFIS, frame.fis, sizeof fis);
  if (!seek(slots_[tag], wire::load_le32(fis.buffer_offset), when)) return;
  if (fis.flags & fis.I) schedule(when, Effect::bits, nullptr, DSS);
  if (setup_write_ && fis.flags & fis.A) schedule(when + shared_.timing.data_start, Effect::send_data);
}

void Port::receive_unknown(wire::Frame& frame, Duration when) {
  if (frame.type() == FisType::bist_activate) {
    complain("BIST Activate FIS: not supported, refused (AHCI 1.3.1, 5.3.12)");
    frame.verdict = Verdict::r_err;
    return;
  }
  when = post(when, received_fis::UFIS, frame.fis, frame.fis_bytes);
  schedule(when, Effect::bits, nullptr, 0, DIAG_F);
}

/// A frame with a bad CRC: the device repeats it, unless it carried data (6.1.2).
void Port::receive_damaged(wire::Frame& frame, Duration when) {
  frame.verdict = Verdict::r_err;
  if (frame.type() == FisType::data)
    halt(when, IFS, DIAG_C | ERR_T);
  else
    schedule(when, Effect::bits, nullptr, INFS, DIAG_C | ERR_I);
}

}  // namespace ahcisim::ahci
