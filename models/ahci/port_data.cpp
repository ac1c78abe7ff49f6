// SPDX-License-Identifier: MIT
// Data FISes: received ones cut through to memory, sent ones gathered from it (AHCI 1.3.1, 5.3.6, 5.3.7).
#include <ahcisim/models/ahci/port.hpp>

namespace ahcisim::ahci {

using namespace interrupt_bit;
using namespace serr_bit;
using kit::Duration;
using wire::Verdict;

/// The slot that data from the device belongs to.
unsigned Port::data_slot() const {
  if (setup_slot_ != none) return setup_write_ ? none : setup_slot_;
  if (issue_slot_ == none || slots_[issue_slot_].queued || (pio_.active && !pio_.in)) return none;
  return issue_slot_;
}

void Port::check_prd(const PrdEntry& entry) {
  if (entry.odd_address) complain("PRD with bit 0 of DBA set; it is ignored (AHCI 1.3.1, 4.2.3.3)");
  if (entry.odd_count) complain("PRD with an odd byte count; it is rounded up (AHCI 1.3.1, 4.2.3.3)");
}

/// Reads the next entries of the PRDT, where the window has come to its end.
bool Port::load_prds(Slot& slot, Duration when) {
  const unsigned count = slot.prdt.wanted_count();
  const DmaResult read = shared_.dma.read(index_, kit::max(when, slot.prd_ready), slot.prdt.wanted_address() & shared_.address_mask,
                                          &table_[command_table::PRDT], count * PrdEntry::size);
  busy_until_ = kit::max(busy_until_, read.end);
  if (!transferred(read)) return false;
  slot.prdt.load(slot.prdt.index(), count, &table_[command_table::PRDT]);
  slot.prd_ready = read.end;
  return true;
}

/// Brings a slot's PRDT to a buffer offset (first-party DMA may ask for any).
bool Port::seek(Slot& slot, std::uint64_t offset, Duration when) {
  if (offset < slot.prdt.position()) slot.prdt.rewind();
  while (slot.prdt.position() < offset && !slot.prdt.exhausted()) {
    if (!slot.prdt.ready() && !load_prds(slot, when)) return false;
    slot.prdt.take(static_cast<std::uint32_t>(offset - slot.prdt.position()));
  }
  return true;
}

/// PRDBC in the command header, for commands that are not queued (4.2.2); returns when it is there.
Duration Port::update_byte_count(Slot& slot, std::uint32_t bytes, Duration when) {
  if (slot.queued) return when;
  slot.PRDBC += bytes;
  std::uint8_t raw[4];
  wire::store_le32(raw, slot.PRDBC);
  const DmaResult written = shared_.dma.write(index_, when, when, slot.header_address + CommandHeader::PRDBC_offset, raw, sizeof raw);
  transferred(written);
  return kit::max(when, written.end);
}

// DR:Receive (5.3.6)
void Port::receive_data(wire::Frame& frame, sc_core::sc_time& delay, Duration arrival) {
  const Duration when = arrival + shared_.timing.fis_receive;
  const std::uint32_t total = frame.payload_bytes;
  const unsigned number = data_slot();
  if (number == none || !running() || halted_)
    return violated(frame, when, "Data FIS that no command awaits (AHCI 1.3.1, 5.3.6)");
  if (total == 0 || total > wire::max_data_fis_bytes || !frame.payload || frame.fis_bytes != 4)
    return violated(frame, when, "Data FIS with no or more than 8 KiB of data (Serial ATA 3.x, 10.5.12)");
  if (number == setup_slot_ && total > setup_left_)
    return violated(frame, when, "Data FIS beyond the DMA Setup FIS's transfer count (Serial ATA 3.x, 10.5.9)");
  Slot& slot = slots_[number];
  shared_.statistics.data_in_bytes.add(total);
  Duration first = Duration::from_ps(frame.first_ps);
  if (frame.first_ps == 0 || first > arrival) first = arrival;
  const std::int64_t span = (arrival - first).ps();
  Duration begin = Duration::never(), end = first;
  std::uint32_t done = 0;
  while (done < total && !slot.prdt.exhausted()) {
    const Duration from = first + Duration::from_ps(span * done / total);
    if (!slot.prdt.ready() && !load_prds(slot, from)) return;
    check_prd(slot.prdt.entry());
    const PrdWalker::Piece piece = slot.prdt.take(total - done);
    const Duration to = first + Duration::from_ps(span * (done + piece.bytes) / total);
    const DmaResult written = shared_.dma.write(index_, kit::max(from, slot.prd_ready), to, piece.address & shared_.address_mask,
                                                frame.payload + done, piece.bytes);
    done += piece.bytes;
    begin = kit::min(begin, written.begin);
    end = kit::max(end, written.end);
    data_until_ = kit::max(data_until_, end);
    if (!transferred(written)) return;
    if (piece.interrupt) schedule(data_until_, Effect::bits, nullptr, DPS);
  }
  if (done < total) schedule(when, Effect::bits, nullptr, OFS);  // the rest is thrown away
  const Duration accepted = fifo_.accept(arrival, total, kit::min(begin, end), end);
  delay = calendar().annotate(accepted);
  frame.contended = shared_.dma.share().contended(index_);
  if (slot.tag) slot.tag->stamp(wire::Stage::transferred, accepted.ps());
  if (done) data_until_ = kit::max(data_until_, update_byte_count(slot, done, data_until_));
  if (number == setup_slot_) {
    if ((setup_left_ -= total) == 0) setup_slot_ = none;
  } else if (pio_.active) {
    pio_.active = false;
    receive_until_ = kit::max(receive_until_, kit::max(data_until_, accepted + shared_.timing.fis_receive));
    schedule(receive_until_, Effect::pio_done, reinterpret_cast<const std::uint8_t*>(&pio_.fis));
  }
}

/// Fills the buffer from the slot's memory: how many bytes, when the first and the last are here.
std::uint32_t Port::gather(Slot& slot, std::uint32_t limit, Duration& first, Duration& last) {
  const Duration now = calendar().now();
  std::uint32_t done = 0;
  first = last = now;
  while (done < limit && !slot.prdt.exhausted()) {
    if (!slot.prdt.ready() && !load_prds(slot, now)) return 0;
    check_prd(slot.prdt.entry());
    const PrdWalker::Piece piece = slot.prdt.take(limit - done);
    const DmaResult read = shared_.dma.read(index_, kit::max(now, slot.prd_ready), piece.address & shared_.address_mask,
                                            &buffer_[done], piece.bytes);
    busy_until_ = kit::max(busy_until_, read.end);
    if (!transferred(read)) return 0;
    if (done == 0) first = read.first;
    last = kit::max(last, read.end);
    done += piece.bytes;
    if (piece.interrupt) schedule(last, Effect::bits, nullptr, DPS);
  }
  return done;
}

// DX:Entry, DX:Transmit (5.3.7), ATAPI:Entry (5.3.5): the device has given leave to send
void Port::send_data() {
  if (!running() || halted_) return;
  const bool setup = setup_slot_ != none && setup_write_;
  const unsigned number = setup ? setup_slot_ : issue_slot_;
  const bool pio = !setup && pio_.active && !pio_.in;
  if (number == none || (!setup && slots_[number].queued)) {
    complain("DMA Activate FIS that no command awaits (AHCI 1.3.1, 5.3.7)");
    return halt(calendar().now(), IFS, DIAG_T | ERR_P);
  }
  Slot& slot = slots_[number];
  std::uint32_t limit = wire::max_data_fis_bytes;
  if (setup) limit = std::min(limit, setup_left_);
  if (pio) limit = std::min<std::uint32_t>(limit, pio_.fis.transfer_count());
  Duration first = calendar().now(), last = first;
  if (pio && slot.packet) {
    slot.packet = false;
    limit = std::min<std::uint32_t>(limit, command_table::ACMD_bytes);
    std::memcpy(buffer_.data(), slot.ACMD.data(), limit);
    if (limit) transmit(number, limit, first, last);
    return;
  }
  const std::uint32_t bytes = gather(slot, limit, first, last);
  if (halted_) return;
  if (bytes == 0 || ((setup || pio) && bytes < limit)) raise(OFS);  // the PRDT is shorter than the transfer
  if (bytes == 0) return;
  if (!slot.queued) busy_until_ = kit::max(busy_until_, update_byte_count(slot, bytes, last));
  if (setup && (setup_left_ -= bytes) == 0) setup_slot_ = none;
  transmit(number, bytes, first, last);
}

/// One Data FIS out of the buffer.
void Port::transmit(unsigned number, std::uint32_t bytes, Duration first, Duration last) {
  const Pio pio = pio_;  // the device may answer within the call
  pio_.active = false;
  wire::Frame frame;
  wire::OneDwordFis header;
  header.fis_type = static_cast<std::uint8_t>(wire::FisType::data);
  frame.set(header);
  frame.payload = buffer_.data();
  frame.payload_bytes = bytes;
  frame.source_end_ps = last.ps();
  frame.slot = static_cast<std::uint8_t>(number);
  frame.tag = slots_[number].tag;
  shared_.statistics.fises_sent.add();
  shared_.statistics.data_out_bytes.add(bytes);
  show(State::data);
  sc_core::sc_time delay = calendar().annotate(first);
  ::tlm::tlm_phase phase = wire::SATA_FRAME;
  socket_->nb_transport_fw(frame, phase, delay);
  const Duration accepted = calendar().absolute(delay);
  busy_until_ = kit::max(busy_until_, accepted);
  if (!judge(frame.verdict, accepted, ERR_T)) return;
  if (pio.active) schedule(accepted, Effect::pio_done, reinterpret_cast<const std::uint8_t*>(&pio.fis));
}

}  // namespace ahcisim::ahci
