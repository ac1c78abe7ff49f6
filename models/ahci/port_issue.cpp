// SPDX-License-Identifier: MIT
// The command list: choosing a slot, fetching the command, sending its FIS (AHCI 1.3.1, 5.3.2 to 5.3.4, 5.5.1).
#include <ahcisim/models/ahci/port.hpp>

namespace ahcisim::ahci {

using namespace interrupt_bit;
using kit::Duration;
using wire::status::BSY;
using wire::status::DRQ;

void Port::kick(Duration when) {
  if (step_pending_ || issue_slot_ != none) return;  // whoever ends the current command goes on
  step_pending_ = true;
  calendar().at<&Port::step>(when, this, epoch_);
}

void Port::step(std::uint64_t epoch) {
  if (static_cast<std::uint32_t>(epoch) != epoch_) return;
  step_pending_ = false;
  choose(calendar().now());
}

// P:Idle, P:SelectCmd: only with BSY and DRQ clear, round robin from the slot after the last one (3.3.7, CCS).
void Port::choose(Duration when) {
  const std::uint32_t ready = r_.ci.value();
  if (ready == 0 || issue_slot_ != none || step_pending_ || !running() || halted_ || error_ahead_) return;
  if (r_.tfd.STS & (BSY | DRQ) || r_.ssts.DET != 3) return;
  const std::uint32_t above = ready & ~((std::uint32_t{1} << next_slot_) - 1);
  const auto slot = static_cast<unsigned>(__builtin_ctz(above ? above : ready));
  next_slot_ = (slot + 1) % shared_.slots;
  r_.cmd.CCS = slot;
  issue(slot, when);
}

void Port::issue(unsigned number, Duration when) {
  Slot& slot = slots_[number];
  slot.begin = when;
  slot.queued = r_.sact.value() >> number & 1;
  slot.PRDBC = 0;
  slot.tag = shared_.board ? shared_.board->at(index_, number) : nullptr;
  CommandHeader header;
  if (!fetch(number, when, header) || error_ahead_) return;
  send_command(number, header, when);
}

/// Reads header and table; `when` becomes the time the command FIS is ready to be sent.
bool Port::fetch(unsigned number, Duration& when, CommandHeader& header) {
  Slot& slot = slots_[number];
  std::uint8_t raw[CommandHeader::bytes];
  slot.header_address = command_list() + CommandHeader::bytes * number;
  DmaResult read = shared_.dma.read(index_, when, slot.header_address, raw, sizeof raw);
  busy_until_ = kit::max(busy_until_, read.end);
  if (!transferred(read)) return false;
  header = CommandHeader::parse(raw);
  if (!legal(header)) {
    halt(read.end, HBFS);
    return false;
  }
  const std::uint64_t table = header.CTBA & shared_.address_mask;
  slot.prdt.open(table + command_table::PRDT, header.PRDTL);
  const unsigned entries = header.PRDTL ? slot.prdt.wanted_count() : 0;
  const unsigned bytes = entries ? command_table::PRDT + PrdEntry::size * entries
                                 : command_table::CFIS + (header.A ? command_table::ACMD + command_table::ACMD_bytes : 64);
  read = shared_.dma.read(index_, read.end + shared_.timing.command_prepare, table, table_.data(), bytes);
  busy_until_ = kit::max(busy_until_, read.end);
  if (!transferred(read)) return false;
  if (entries) slot.prdt.load(0, entries, &table_[command_table::PRDT]);
  slot.prd_ready = read.end;
  slot.write = header.W;
  slot.packet = header.A;
  if (header.A) std::memcpy(slot.ACMD.data(), &table_[command_table::ACMD], command_table::ACMD_bytes);
  when = read.end + shared_.timing.command_prepare;
  return true;
}

bool Port::legal(const CommandHeader& header) {
  if (header.misaligned) complain("CTBA is not 128 byte aligned; the low bits are ignored (AHCI 1.3.1, 4.2.2)");
  if (header.PMP) complain("command header's PMP is not 0 without CAP.SPM (AHCI 1.3.1, 4.2.2)");
  if (header.B) {
    complain("command header's B set: BIST is not supported, refused as a fatal error (AHCI 1.3.1, 4.2.2)");
    return false;
  }
  if (header.CFL < 2 || header.CFL > 16) {
    complain("command header's CFL is not within 2 to 16: refused as a fatal error (AHCI 1.3.1, 4.2.2)");
    return false;
  }
  return true;
}

// CFIS:Xmit and CFIS:Success (5.3.4)
void Port::send_command(unsigned number, const CommandHeader& header, Duration when) {
  Slot& slot = slots_[number];
  wire::Frame frame;
  frame.fis_bytes = static_cast<std::uint8_t>(std::min<unsigned>(header.CFL * 4u, sizeof frame.fis));
  std::memcpy(frame.fis, table_.data(), frame.fis_bytes);
  frame.slot = static_cast<std::uint8_t>(number);
  frame.tag = slot.tag;
  const auto& fis = frame.as<wire::RegisterH2D>();
  if (frame.type() != wire::FisType::register_h2d || header.CFL != 5)
    complain("the command FIS is not a Register H2D FIS of 5 dwords (AHCI 1.3.1, 4.2.3.1)");
  constexpr std::uint8_t SRST = 0x04;
  if (!(fis.flags & fis.C) && fis.control & SRST) update_signature_ = true;

  slot.issued = true;
  shared_.dma.share().set_active(index_, true);
  issue_slot_ = number;
  r_.tfd.STS = r_.tfd.STS | BSY;
  if (slot.tag) slot.tag->stamp(wire::Stage::fetched, when.ps());
  shared_.statistics.commands.add();
  if (slot.queued) shared_.statistics.queued_commands.add();
  shared_.statistics.fises_sent.add();
  show(State::busy);

  sc_core::sc_time delay = calendar().annotate(when);
  ::tlm::tlm_phase phase = wire::SATA_FRAME;
  socket_->nb_transport_fw(frame, phase, delay);
  const Duration accepted = calendar().absolute(delay);
  busy_until_ = kit::max(busy_until_, accepted);
  if (!judge(frame.verdict, accepted, serr_bit::ERR_C)) return;
  if (frame.retries) schedule(accepted, Effect::bits, nullptr, INFS, serr_bit::DIAG_H | serr_bit::ERR_I);  // recovered (6.1.2)
  if (header.C) schedule(accepted, Effect::clear_busy, nullptr, number);
}

/// A command has ended for software: accounts.
void Port::finish(unsigned number, Duration when) {
  Slot& slot = slots_[number];
  slot.issued = false;
  if ((r_.ci.value() | r_.sact.value()) == 0) shared_.dma.share().set_active(index_, false);
  shared_.statistics.completed.add();
  shared_.statistics.command_time.add(when - slot.begin);
  if (slot.tag) slot.tag->stamp(wire::Stage::status, when.ps());
  track_.span(slot.queued ? "queued command" : "command", slot.begin, when, slot.tag ? slot.tag->id : number);
}

}  // namespace ahcisim::ahci
