// SPDX-License-Identifier: MIT
// A host without an HBA: sends FISes to an ATA device over a half-duplex wire, answers its requests for data, keeps
// everything it sees.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <systemc>

#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::disk {

using kit::Duration;
using wire::FisType;

/// A frame from the device.
struct Seen {
  Duration at;  ///< arrival
  wire::Frame frame;
  std::vector<std::uint8_t> payload;
  Duration handed_over;  ///< when the call was made, which may be ahead of what it says
  FisType type() const { return frame.type(); }
  template <class T> const T& as() const { return frame.as<T>(); }
};

class FakeHost final : public sc_core::sc_module {
 public:
  static constexpr unsigned single = 32;
  FakeHost(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name}, link{"link"}, calendar_{context.calendar} {
    link.on_nb_transport_bw<&FakeHost::nb_transport_bw>(this);
  }
  wire::FrameInitiatorSocket link;

  std::vector<Seen> seen;
  std::array<std::vector<std::uint8_t>, 33> buffer;  ///< by tag, the last for the command that is not queued
  std::uint32_t done = 0;                            ///< tags reported by Set Device Bits
  unsigned registers = 0;                            ///< Register D2H with I, and PIO-in that ended, since the last clear
  std::uint8_t status = 0x80, error = 0;             ///< the shadow registers
  // Faults, each used up by the next frame it fits.
  wire::Verdict next_data_in = wire::Verdict::r_ok;  ///< the answer to the device's next Data FIS
  bool damage_next_data_out = false;
  bool withhold_data = false;                        ///< requests for data are not answered
  bool contended = false;                            ///< others want what takes the device's data in
  std::uint32_t data_out_bytes = 0;                  ///< force a length on Data FISes to the device
  bool record = true;
  wire::RequestTag* tag = nullptr;                   ///< goes with the next command

  void phy_ready(std::uint8_t speed = 3) {
    wire::Frame frame;
    frame.speed = speed;
    call(frame, wire::SATA_PHYRDY, calendar_.now());
    status = 0x80;
    requests_ = 0;
    current_ = single;
  }
  void phy_lost() {
    wire::Frame frame;
    call(frame, wire::SATA_PHYLOST, calendar_.now());
  }
  void command(const wire::RegisterH2D& fis) {
    if (fis.flags & wire::RegisterH2D::C) status |= 0x80;
    wire::Frame frame;
    frame.set(fis);
    frame.tag = tag;
    transmit(frame, 20);
  }
  /// Writes the Device Control register; SRST is bit 2.
  void control(std::uint8_t value) {
    wire::RegisterH2D fis;
    fis.control = value;
    command(fis);
  }
  /// Sends anything; returns the verdict.
  wire::Verdict raw(wire::Frame& frame) { return transmit(frame, frame.fis_bytes + frame.payload_bytes); }
  void clear() {
    seen.clear();
    registers = 0;
    done = 0;
    current_ = single;
    position_ = 0;
    last_block_ = false;
  }
  std::vector<FisType> types() const {
    std::vector<FisType> list;
    for (const Seen& s : seen) list.push_back(s.type());
    return list;
  }
  const Seen* last(FisType type) const {
    for (auto s = seen.rbegin(); s != seen.rend(); ++s)
      if (s->type() == type) return &*s;
    return nullptr;
  }

 private:
  static Duration wire_time(std::uint64_t bytes) { return Duration::from_ps(static_cast<std::int64_t>(bytes + 12) * 1667); }
  static constexpr std::int64_t handshake_ps = 200'000;

  wire::Verdict transmit(wire::Frame& frame, std::uint64_t bytes) {
    const Duration begin = kit::max(calendar_.now(), free_), arrival = begin + wire_time(bytes);
    free_ = arrival + Duration::from_ps(handshake_ps);
    frame.first_ps = begin.ps();
    call(frame, wire::SATA_FRAME, arrival);
    return frame.verdict;
  }
  void call(wire::Frame& frame, const tlm::tlm_phase& what, Duration when) {
    tlm::tlm_phase phase = what;
    sc_core::sc_time delay = calendar_.annotate(when);
    link->nb_transport_fw(frame, phase, delay);
  }
  tlm::tlm_sync_enum nb_transport_bw(wire::Frame& frame, tlm::tlm_phase&, sc_core::sc_time& delay) {
    const Duration begin = kit::max(calendar_.absolute(delay), free_);
    const Duration arrival = begin + wire_time(frame.fis_bytes + frame.payload_bytes);
    free_ = arrival + Duration::from_ps(handshake_ps);
    delay = calendar_.annotate(free_);
    if (frame.type() == FisType::data && next_data_in != wire::Verdict::r_ok) {
      frame.verdict = next_data_in;
      next_data_in = wire::Verdict::r_ok;
      return tlm::TLM_COMPLETED;
    }
    if (record) {
      seen.push_back({arrival, frame, {}, calendar_.now()});
      if (frame.payload_bytes) seen.back().payload.assign(frame.payload, frame.payload + frame.payload_bytes);
    }
    take(frame, arrival);
    if (frame.type() == FisType::data) frame.contended = contended;
    return tlm::TLM_COMPLETED;
  }
  void take(const wire::Frame& frame, Duration arrival) {
    switch (frame.type()) {
      case FisType::register_d2h:
        status = frame.as<wire::RegisterD2H>().status, error = frame.as<wire::RegisterD2H>().error;
        if (frame.as<wire::RegisterD2H>().flags & wire::RegisterD2H::I) ++registers, current_ = single, position_ = 0;
        break;
      case FisType::set_device_bits:
        done |= wire::load_le32(frame.as<wire::SetDeviceBits>().s_active);
        status = static_cast<std::uint8_t>((status & 0x88) | frame.as<wire::SetDeviceBits>().status);
        error = frame.as<wire::SetDeviceBits>().error;
        break;
      case FisType::dma_setup: {
        const auto& fis = frame.as<wire::DmaSetup>();
        current_ = fis.buffer_identifier_low[0] & 31u;
        position_ = wire::load_le32(fis.buffer_offset);
        end_ = position_ + wire::load_le32(fis.transfer_count);
        if (fis.flags & wire::DmaSetup::A) ask(arrival, 8192);
        break;
      }
      case FisType::dma_activate: ask(arrival, 8192); break;
      case FisType::pio_setup: {
        const auto& fis = frame.as<wire::PioSetup>();
        status = fis.e_status, error = fis.error;
        last_block_ = (fis.e_status & 0x80) == 0;
        if ((fis.flags & wire::PioSetup::D) == 0) ask(arrival, fis.transfer_count());
        break;
      }
      case FisType::data: {
        auto& to = buffer[current_];
        if (to.size() < position_ + frame.payload_bytes) to.resize(position_ + frame.payload_bytes);
        std::copy(frame.payload, frame.payload + frame.payload_bytes, to.begin() + static_cast<std::ptrdiff_t>(position_));
        position_ += frame.payload_bytes;
        if (current_ == single && last_block_) ++registers, position_ = 0, last_block_ = false;
        break;
      }
      default: ADD_FAILURE() << "FIS a device never sends: " << unsigned{frame.fis[0]};
    }
  }
  void ask(Duration arrival, std::uint32_t most) {
    if (withhold_data) return;
    calendar_.at<&FakeHost::answer>(arrival + Duration::from_us(0.5), this, most);
  }
  void answer(std::uint64_t most) {
    auto& from = buffer[current_];
    const std::size_t limit = current_ == single ? from.size() : std::min<std::size_t>(from.size(), end_);
    std::uint32_t bytes = static_cast<std::uint32_t>(std::min<std::size_t>(most, limit - std::min<std::size_t>(limit, position_)));
    if (data_out_bytes) bytes = std::min(bytes, data_out_bytes);
    wire::Frame frame;
    frame.fis[0] = static_cast<std::uint8_t>(FisType::data);
    frame.fis_bytes = 4;
    frame.payload = from.data() + std::min(position_, from.size());
    frame.payload_bytes = bytes;
    frame.crc_error = damage_next_data_out;
    damage_next_data_out = false;
    position_ += bytes;
    transmit(frame, 4 + bytes);
  }

  kit::Calendar& calendar_;
  Duration free_;
  unsigned current_ = single, requests_ = 0;
  std::size_t position_ = 0, end_ = 0;
  bool last_block_ = false;
};

/// A device over an instant medium, unless a test brings another, with a host.
struct Bench {
  static constexpr std::uint64_t sectors = 1'000'000;
  explicit Bench(Medium* other = nullptr) : device{"disk", context, parameters, other ? *other : instant, store} {
    host.link.bind(device.link);
  }
  kit::Context context;
  AtaParameters parameters;
  InstantMedium instant{{sectors, 7200, true, 3, 2, 0}};
  SparseStore store{sectors};
  AtaDevice device;
  FakeHost host{"host", context};

  void run(Duration time = Duration::from_ms(1)) { sc_core::sc_start(kit::Calendar::time(time)); }
  /// Communication, signature.
  void start() {
    run(Duration::from_ps(0));
    host.phy_ready();
    run(Duration::from_ms(20));
  }
  static wire::RegisterH2D fis(std::uint8_t opcode, std::uint64_t lba = 0, std::uint32_t count = 0, std::uint16_t features = 0) {
    wire::RegisterH2D fis;
    fis.flags = wire::RegisterH2D::C;
    fis.command = opcode;
    fis.set_lba48(lba);
    fis.device = 0x40;
    fis.count_7_0 = static_cast<std::uint8_t>(count), fis.count_15_8 = static_cast<std::uint8_t>(count >> 8);
    fis.features_7_0 = static_cast<std::uint8_t>(features), fis.features_15_8 = static_cast<std::uint8_t>(features >> 8);
    return fis;
  }
  /// A 28-bit form: LBA 27:24 in Device.
  static wire::RegisterH2D fis28(std::uint8_t opcode, std::uint32_t lba, std::uint32_t count) {
    wire::RegisterH2D f = fis(opcode, lba & 0xffffff, count & 0xff);
    f.device = static_cast<std::uint8_t>(0x40 | lba >> 24);
    return f;
  }
  static wire::RegisterH2D queued(bool write, unsigned tag, std::uint64_t lba, std::uint32_t count, bool fua = false) {
    wire::RegisterH2D f = fis(write ? 0x61 : 0x60, lba, tag << 3, static_cast<std::uint16_t>(count));
    if (fua) f.device |= 0x80;
    return f;
  }
  /// Issues a command that is not queued, and runs until the device is quiet.
  void execute(const wire::RegisterH2D& fis, std::vector<std::uint8_t> data = {}, Duration time = Duration::from_ms(1)) {
    host.clear();
    host.buffer[FakeHost::single] = std::move(data);
    host.command(fis);
    run(time);
  }
  std::vector<std::uint8_t>& data() { return host.buffer[FakeHost::single]; }
};

inline std::vector<std::uint8_t> random_bytes(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace ahcisim::disk
