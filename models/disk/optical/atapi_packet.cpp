// SPDX-License-Identifier: MIT
// PACKET: the packet is asked for, executed, and its data sent (ACS-3, PACKET; Serial ATA 3.x, chapter 11, PACKET protocols).
#include <ahcisim/models/disk/optical/atapi_device.hpp>

#include <algorithm>

#include <ahcisim/models/disk/optical/disc.hpp>

namespace ahcisim::disk::optical {

using kit::Duration;
using wire::Verdict;
namespace status = wire::status;

namespace {
constexpr std::uint8_t feature_dma = 0x01, feature_overlap = 0x02, feature_dmadir = 0x04;
constexpr std::uint8_t reason_packet = 0x01, reason_data_in = 0x02;  // interrupt reason: C/D is bit 0, I/O bit 1
}  // namespace

void AtapiDevice::do_packet() {
  if (command_.fis.features_7_0 & feature_overlap) return abort();
  dma_ = command_.fis.features_7_0 & feature_dma;
  phase_ = Phase::requesting;
  later(calendar_.now() + parameters_.packet_request());
}

void AtapiDevice::request_packet() {
  wire::PioSetup setup;
  setup.status = status::DRDY | status::DSC | status::DRQ;
  setup.e_status = status::BSY | status::DRDY | status::DSC;
  setup.device = result_.device;
  setup.count_7_0 = reason_packet;
  setup.lba_15_8 = result_.lba_15_8, setup.lba_23_16 = result_.lba_23_16;
  setup.transfer_count_7_0 = packet_bytes;
  wire::Frame frame;
  frame.set(setup);
  frame.tag = command_.tag;
  phase_ = Phase::awaiting_packet;
  port_.send(frame, calendar_.now());
}

/// A Data FIS; it may come from within the call that asked for it.
void AtapiDevice::data_arrives(wire::Frame& frame, Duration arrival) {
  if (phase_ != Phase::awaiting_packet) {
    port_.diagnose("Data FIS that was not asked for (Serial ATA 3.x, chapter 11)");
    frame.verdict = Verdict::r_err;
    return;
  }
  phase_ = Phase::executing;
  packet_good_ = !frame.crc_error && frame.payload != nullptr && frame.payload_bytes >= packet_bytes;
  if (packet_good_) std::copy_n(frame.payload, packet_bytes, packet_.bytes.begin());
  else if (!frame.crc_error) port_.diagnose("command packet of less than 12 bytes (ACS-3, PACKET)");
  calendar_.at<&AtapiDevice::packet_taken>(arrival, this, serial_);
}

void AtapiDevice::packet_taken(std::uint64_t serial) {
  if (serial != serial_) return;
  if (!packet_good_) return end_with(sense::link_crc_error, calendar_.now());
  later(calendar_.now() + parameters_.command());
}

void AtapiDevice::execute() {
  statistics_.packets.add();
  if (const PacketRow* row = find_packet(packet_[0])) what_ = row->name;
  outcome_ = commands_.execute(packet_, calendar_.now());
  carry_out();
  watch_mechanism();
}

void AtapiDevice::carry_out() {
  switch (outcome_.kind) {
    case Outcome::Kind::status:
      if (!outcome_.sense.good()) return end_with(outcome_.sense, calendar_.now());
      phase_ = Phase::ending;
      return outcome_.at > calendar_.now() ? later(outcome_.at) : end_well();
    case Outcome::Kind::movement: phase_ = Phase::moving; return;
    default: break;
  }
  if (!begin_data()) return end_with({0xb, 0x00, 0x00}, calendar_.now());
  phase_ = Phase::sending;
  send_data();
}

/// How the data goes; false where the command does not let it: DMADIR against its direction where it matters (ACS-3, PACKET,
/// DMADIR), or by PIO with a byte count limit of 0, or one that is odd and too small (ACS-3, PACKET, Byte Count Limit).
bool AtapiDevice::begin_data() {
  const bool blocks = outcome_.kind == Outcome::Kind::blocks;
  moved_ = 0;
  bytes_ = blocks ? std::uint64_t{outcome_.count} * block_bytes : outcome_.bytes;
  if (dma_) {
    bytes_ = (bytes_ + 3) / 4 * 4;  // the link carries whole dwords
    piece_ = wire::max_data_fis_bytes;
    return !parameters_.dmadir() || (command_.fis.features_7_0 & feature_dmadir);
  }
  constexpr std::uint32_t largest = 0xfffe;
  const std::uint32_t limit = std::min<std::uint32_t>(command_.fis.lba_15_8 | command_.fis.lba_23_16 << 8, largest);
  if (limit == 0 || (bytes_ > limit && limit < 2)) return false;
  bytes_ = (bytes_ + 1) / 2 * 2;
  piece_ = std::min(std::max(limit / 2 * 2, 2u), wire::max_data_fis_bytes);
  return true;
}

/// How much of the data can be sent at a time: what is in the buffer.
std::uint64_t AtapiDevice::available(Duration now) const {
  if (outcome_.kind == Outcome::Kind::reply) return bytes_;
  const std::uint64_t end = std::uint64_t{outcome_.block} + outcome_.count;
  std::uint64_t block = outcome_.block + moved_ / block_bytes;
  while (block < end && mechanism_.in_buffer(static_cast<std::uint32_t>(block)) <= now) block = (block / ecc_blocks + 1) * ecc_blocks;
  return std::max((std::min(block, end) - outcome_.block) * block_bytes, moved_);
}

void AtapiDevice::send_data() {
  const std::uint64_t serial = serial_;
  Duration when = kit::max(calendar_.now(), outcome_.at);
  bool contended = false;
  for (unsigned frames = 0; moved_ < bytes_; ++frames) {
    if (contended || frames == chain_frames || when < outcome_.at) return later(when);
    const std::uint64_t ready = available(when);
    if (ready == moved_) {
      const auto next = static_cast<std::uint32_t>(outcome_.block + moved_ / block_bytes);
      return later(mechanism_.in_buffer(next));
    }
    const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(ready - moved_, piece_));
    if (!send_piece(bytes, when, contended) || serial != serial_) return;
    moved_ += bytes;
  }
  statistics_.read_bytes.add(bytes_);
  if (command_.tag && command_.tag->when(wire::Stage::transferred) < command_.arrival.ps())  // the host knows it more exactly
    command_.tag->stamp(wire::Stage::transferred, when.ps());
  end(status::DRDY | status::DSC, 0, when);
}

/// The next bytes of the data: in place where they lie in one piece.
void AtapiDevice::locate(wire::Frame& frame, std::uint32_t bytes) {
  frame.payload_bytes = bytes;
  if (outcome_.kind == Outcome::Kind::reply) {
    frame.payload = const_cast<std::uint8_t*>(commands_.reply()) + moved_;  // the receiver of a Data FIS reads only
    return;
  }
  const std::uint64_t at = std::uint64_t{outcome_.block} * block_bytes + moved_, first = at / sector_bytes;
  const auto sectors = static_cast<std::uint32_t>((at + bytes + sector_bytes - 1) / sector_bytes - first);
  Store& disc = mechanism_.disc();
  if (const std::uint8_t* in_place = disc.peek(first, sectors)) {
    frame.payload = const_cast<std::uint8_t*>(in_place) + at % sector_bytes;
    return;
  }
  for (std::uint32_t done = 0; done < bytes;) {  // a piece may begin and end within a sector
    const std::uint64_t sector = (at + done) / sector_bytes;
    const auto within = static_cast<std::uint32_t>((at + done) % sector_bytes);
    const std::uint32_t run = std::min(bytes - done, static_cast<std::uint32_t>(sector_bytes) - within);
    std::array<std::uint8_t, sector_bytes> content;
    disc.read(sector, 1, content.data());
    std::copy_n(content.begin() + within, run, bounce_.begin() + done);
    done += run;
  }
  frame.payload = bounce_.data();
}

/// One Data FIS, by PIO with its Setup before it; false where the link did not take it, and the command has ended.
bool AtapiDevice::send_piece(std::uint32_t bytes, Duration& when, bool& contended) {
  const std::uint64_t serial = serial_;
  if (!dma_) {
    wire::PioSetup setup;
    setup.flags = wire::PioSetup::D | wire::PioSetup::I;
    setup.status = status::DRDY | status::DSC | status::DRQ;
    setup.e_status = status::BSY | status::DRDY | status::DSC;
    setup.device = result_.device;
    setup.count_7_0 = reason_data_in;
    setup.lba_15_8 = result_.lba_15_8 = static_cast<std::uint8_t>(bytes);
    setup.lba_23_16 = result_.lba_23_16 = static_cast<std::uint8_t>(bytes >> 8);
    setup.transfer_count_7_0 = setup.lba_15_8, setup.transfer_count_15_8 = setup.lba_23_16;
    wire::Frame frame;
    frame.set(setup);
    frame.tag = command_.tag;
    when = port_.send(frame, when);
    if (serial != serial_) return false;
  }
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  frame.fis_bytes = sizeof(wire::OneDwordFis);
  frame.tag = command_.tag;
  locate(frame, bytes);
  when = port_.send(frame, when);
  contended = frame.contended;
  if (serial != serial_) return false;
  if (frame.verdict == Verdict::r_ok) return true;
  link_refused(frame.verdict, when);
  return false;
}

/// The link or the host gave up on a Data FIS.
void AtapiDevice::link_refused(Verdict verdict, Duration when) {
  if (verdict == Verdict::no_link) return;  // SATA_PHYLOST ends the rest
  end_with(sense::link_crc_error, when);
}

/// CHECK CONDITION: ERR is set, the sense key in Error's upper half (ACS-3, PACKET, error outputs).
void AtapiDevice::end_with(const Sense& sense, Duration when) {
  commands_.failed(sense);
  if (sense.key == 0x6) statistics_.attentions.add();
  const bool not_executed = sense.key == 0x2 || sense.key == 0x5 || sense.key == 0x6 || sense.key == 0xb;
  end(status::DRDY | status::DSC | status::ERR, static_cast<std::uint8_t>(sense.key << 4 | (not_executed ? wire::error::ABRT : 0)), when);
}

}  // namespace ahcisim::disk::optical
