// SPDX-License-Identifier: MIT
// A scripted AHCI function behind the CPU socket: configuration space, registers and an instant disk, with an access log and
// misbehaviour on demand. Just enough of the specification for a driver; it is no model of an HBA.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/fis.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

struct FakeHba : sc_core::sc_module {
  using u32 = std::uint32_t;
  static constexpr std::uint64_t ecam = 0xe0000000;
  /// How the device misbehaves.
  enum class Fault { none, absent, all_ones, stuck_cr, stuck_hr, stuck_bsy, no_answer, identify_fails, storm, ncq_error, always_error };

  FakeHba(const sc_core::sc_module_name& name, kit::Context& c, Memory& m, wire::TagBoard* t = nullptr)
      : sc_module{name}, target{"target"}, host{"host"}, calendar{c.calendar}, memory{m}, tags{t} {
    target.register_nb_transport_fw(this, &FakeHba::nb_transport_fw);
    dma.bind(m.target);
    make_identify();
    put_config(0x00, 0x29228086, 4), put_config(0x08, 0x01060102, 4);
    put_config(0x06, 0x10, 2), put_config(0x34, 0x80, 1);
    put_config(0x80, 0xa805, 2), put_config(0x82, 0x0080, 2);  // MSI, 64 bit, then A8h
    put_config(0xa8, 0xb011, 2), put_config(0xaa, 0x0007, 2);  // MSI-X with 8 entries at BAR 5 + 1800h
    put_config(0xac, 0x1805, 4);
    put_config(0xb0, 0x0010, 2), put_config(0xb4, 0x1, 4);     // PCI Express, 256 bytes
  }

  tlm_utils::simple_target_socket<FakeHba> target;
  tlm_utils::simple_initiator_socket<FakeHba> dma{"dma"};  // memory wants to be bound; the fake reaches into it directly
  sc_core::sc_port<wire::CpuInterruptIf> host;
  kit::Calendar& calendar;
  Memory& memory;
  wire::TagBoard* tags;

  // What a test may change.
  Fault fault = Fault::none;
  kit::Duration read_time = kit::Duration::from_ps(600'000), flight = kit::Duration::from_ps(300'000);
  kit::Duration service = kit::Duration::from_us(50);
  bool use_intx = false, hold_completions = false, log_on = false, spurious_cr = false;
  unsigned error_at = 0;            // ncq_error, always_error: fails the n-th queued command from now (1 = next)
  std::uint8_t error_bits = wire::error::UNC;
  std::uint64_t bad_lba = 0;  // of the Register FIS that ends a failed command
  std::uint8_t bad_device = 0;
  unsigned lose_identify = 0, lose_log = 0;  // so many IDENTIFY DEVICE, READ LOG from now on end with an interface error
  std::array<std::uint8_t, 512> identify{}, error_log{};
  u32 cap = 0xc0241f05;             // 64 bit, NCQ, SSNTF off, ISS 2, 32 slots, 6 ports

  // What a test looks at.
  std::vector<std::string> log;
  std::vector<wire::RegisterH2D> commands;
  u32 ghc = 0x80000000, is = 0, tfd = 0x7f, sig = 0xffffffff, ssts = 0, sctl = 0, serr = 0, sact = 0, ci = 0, pxis = 0, pxie = 0,
      cmd = 0, fbu = 0, clb = 0, clbu = 0, fb = 0;
  std::array<std::uint8_t, 4096> config{};
  u32 highest_outstanding = 0;
  bool mixed = false;  // a queued and another command at the same time
  u32 pi = 1;

  /// Command header, command table and data base of the first PRD of a slot, as they lie in memory.
  static std::uint64_t load_address(const std::uint8_t* from) { return wire::load_le32(from) | std::uint64_t{wire::load_le32(from + 4)} << 32; }
  const std::uint8_t* header(unsigned slot) { return memory.at((std::uint64_t{clbu} << 32 | clb) + 32 * slot, 32); }
  const std::uint8_t* table(unsigned slot) { return memory.at(load_address(header(slot) + 8), 0x100); }
  std::uint8_t* first_buffer(unsigned slot) { return memory.at(load_address(table(slot) + 0x80), 512); }

  void put_config(unsigned offset, u32 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) config[offset + i] = static_cast<std::uint8_t>(value >> 8 * i);
  }
  void put_word(unsigned word, unsigned value) {
    identify[2 * word] = static_cast<std::uint8_t>(value), identify[2 * word + 1] = static_cast<std::uint8_t>(value >> 8);
  }
  void make_identify() {
    put_word(49, 0x0300), put_word(53, 0x0006), put_word(60, 0xffff), put_word(61, 0x0fff), put_word(75, 31);
    put_word(76, 0x010e), put_word(78, 0x0004), put_word(80, 0x01f0), put_word(82, 0x0060), put_word(83, 0x7400);
    put_word(84, 0x4060), put_word(85, 0x0060), put_word(86, 0x3400), put_word(87, 0x4060), put_word(88, 0x007f);
    put_word(100, 0x8000), put_word(101, 0x2000), put_word(169, 1);
  }

  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase&, sc_core::sc_time& delay) {
    const kit::Duration at = calendar.absolute(delay);
    const bool is_config = payload.get_address() >= ecam;
    if (payload.is_write() && !is_config) {
      write(payload.get_address() - bar(), wire::load_le32(payload.get_data_ptr()), at);
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
      delay = calendar.annotate(at + kit::Duration::from_ps(50'000));
      return tlm::TLM_COMPLETED;
    }
    waiting = &payload;
    calendar.at<&FakeHba::answer>(at + read_time, this);
    return tlm::TLM_ACCEPTED;
  }

  std::uint64_t bar() const { return wire::load_le32(&config[0x24]) & ~15u; }
  void note(const char* what, unsigned offset) {
    if (!log_on) return;
    static const std::vector<std::pair<unsigned, const char*>> names = {
        {0x00, "CAP"}, {0x04, "GHC"}, {0x08, "IS"}, {0x0c, "PI"}, {0x110, "PxIS"}, {0x114, "PxIE"}, {0x118, "PxCMD"},
        {0x120, "PxTFD"}, {0x130, "PxSERR"}, {0x134, "PxSACT"}, {0x138, "PxCI"}, {0x13c, "PxSNTF"}};
    for (const auto& [at, name] : names)
      if (at == offset) return log.push_back(std::string{what} + " " + name);
    log.push_back(std::string{what} + " " + std::to_string(offset));
  }
  void answer(std::uint64_t) {
    tlm::tlm_generic_payload& payload = *waiting;
    waiting = nullptr;
    const std::uint64_t address = payload.get_address();
    std::uint8_t* data = payload.get_data_ptr();
    const unsigned bytes = payload.get_data_length();
    if (address >= ecam) {
      const bool here = address - ecam < 4096 && fault != Fault::absent;
      const auto offset = static_cast<unsigned>(address & 0xfff);
      if (payload.is_read())
        here ? std::memcpy(data, &config[offset], bytes) : std::memset(data, 0xff, bytes);
      else if (here)
        write_config(offset, data, bytes);
    } else {
      wire::store_le32(data, read(static_cast<unsigned>(address - bar())));
    }
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = calendar.annotate(calendar.now());
    target->nb_transport_bw(payload, phase, delay);
  }
  void write_config(unsigned offset, const std::uint8_t* data, unsigned bytes) {
    if (offset == 0x24) {
      wire::store_le32(&config[0x24], wire::load_le32(data) & ~0x1fffu);
    } else if ((offset >= 0x10 && offset < 0x28) || offset == 0x80 || offset < 4) {
      return;
    } else {
      std::memcpy(&config[offset], data, bytes);
    }
  }
  u32 read(unsigned offset) {
    note("R", offset);
    if (fault == Fault::all_ones) return ~0u;
    switch (offset) {
      case 0x00: return cap;
      case 0x04: return ghc;
      case 0x08: return is;
      case 0x0c: return pi;
      case 0x10: return 0x10301;
      case 0x110: return pxis;
      case 0x114: return pxie;
      case 0x118: return cmd;
      case 0x120: return tfd;
      case 0x124: return sig;
      case 0x128: return ssts;
      case 0x12c: return sctl;
      case 0x130: return serr;
      case 0x134: return sact;
      case 0x138: return ci;
      default: return 0;
    }
  }
  void write(std::uint64_t offset, u32 value, kit::Duration at) {
    note("W", static_cast<unsigned>(offset));
    if (offset < 0x100 || offset == 0x138 || offset == 0x134 || offset == 0x110 || offset >= 0x1800)
      queue(offset, value, at + flight);
    else
      queue(offset, value, at);
  }
  void queue(std::uint64_t offset, u32 value, kit::Duration at) {
    calendar.at<&FakeHba::apply>(at, this, offset << 32 | value);
  }
  void apply(std::uint64_t what) {
    const auto offset = static_cast<unsigned>(what >> 32);
    const auto value = static_cast<u32>(what);
    switch (offset) {
      case 0x04:
        ghc = value | 0x80000000;
        if ((value & 1) && fault != Fault::stuck_hr) ghc = 0x80000000, is = pxis = pxie = cmd = sact = ci = 0, tfd = 0x7f;
        break;
      case 0x08: is &= ~value, raise(); break;
      case 0x100: clb = value; break;
      case 0x104: clbu = value; break;
      case 0x108: fb = value; break;
      case 0x10c: fbu = value; break;
      case 0x110: pxis &= ~value; if (fault == Fault::storm && !ci && armed) pxis |= 1; raise(); break;
      case 0x114: pxie = value; raise(); break;
      case 0x118: write_cmd(value); break;
      case 0x12c: write_sctl(value); break;
      case 0x130: serr &= ~value; break;
      case 0x134: sact |= value; break;
      case 0x138: issue(value); break;
      default: break;
    }
  }
  void write_cmd(u32 value) {
    const bool was = cmd & 1;
    cmd = (value & ~0xc008u) | (value & 1 ? 0x8000 : 0) | (value & 0x10 ? 0x4000 : 0);
    if (fault == Fault::stuck_cr && was && armed) cmd |= 0x8000;
    if (was && !(value & 1)) ci = sact = 0, broken = false, tfd &= ~0x89u;
    if (value & 8) tfd &= ~0x88u;
  }
  void write_sctl(u32 value) {
    const bool release = (sctl & 15) == 1 && (value & 15) == 0;
    sctl = value;
    if ((value & 15) == 1) ssts = 0, tfd = 0x80;
    if (!release) return;
    ssts = 0x133, sig = 0x101, serr |= 1 << 26;
    tfd = fault == Fault::stuck_bsy ? 0x80 : 0x50;
    armed = true;
  }
  void issue(u32 value) {
    if (!(cmd & 1)) return;
    ci |= value;
    highest_outstanding = std::max<u32>(highest_outstanding, static_cast<u32>(__builtin_popcount(ci | sact)));
    for (u32 left = value; left; left &= left - 1) {
      const auto slot = static_cast<unsigned>(__builtin_ctz(left));
      wire::RegisterH2D fis;
      std::memcpy(&fis, table(slot), sizeof fis);
      if (log_on) commands.push_back(fis);
      const auto now = calendar.now().ps();
      if (tags)
        if (wire::RequestTag* tag = tags->at(0, slot))
          tag->stamp(wire::Stage::fetched, now), tag->stamp(wire::Stage::status, now + service.ps());
      const bool queued = (fis.command & 0xfe) == 0x60;
      mixed |= queued ? (ci & ~(1u << slot) & ~sact) != 0 : ((sact | ci) & ~(1u << slot)) != 0;
      if (queued) ci &= ~(1u << slot);
      if (fault == Fault::no_answer && fis.command != 0xec && fis.command != 0xef && fis.command != 0x2f && fis.command != 0x47) continue;
      calendar.at<&FakeHba::done>(calendar.now() + service, this, slot | std::uint64_t{fis.command} << 8 | std::uint64_t{fis.lba_7_0} << 16);
    }
  }
  /// Completes a command; tests call it themselves while completions are held.
  void done(std::uint64_t what) {
    const auto slot = static_cast<unsigned>(what & 31);
    const auto command = static_cast<std::uint8_t>(what >> 8);
    if (broken || !(cmd & 1)) return;
    if (hold_completions) return held.push_back(what);
    const bool queued = (command & 0xfe) == 0x60;
    const bool data = command == 0xec || command == 0x2f || command == 0x47;
    if (queued && error_at && --error_at == 0) {
      if (fault == Fault::always_error) error_at = 1;
      return fail(slot);
    }
    if (!queued && (fault == Fault::always_error || fault == Fault::identify_fails) && (command == 0xc8 || command == 0xca || command == 0x25 || command == 0xec))
      return fail_plain();
    unsigned& lose = command == 0xec ? lose_identify : lose_log;
    if (data && lose) {
      --lose;
      return lose_data();
    }
    if (data) {
      std::uint8_t* to = first_buffer(slot);
      if (command == 0xec) std::memcpy(to, identify.data(), 512);
      else if (what >> 16 == 0x10) std::memcpy(to, error_log.data(), 512);
      else std::memset(to, 0, 512);
    }
    sact &= ~(queued ? 1u << slot : 0);
    if (!queued) ci &= ~(1u << slot);
    pxis |= queued ? 8 : data ? 2 : 1;
    raise();
  }
  void fail(unsigned slot) {
    broken = true;
    error_log.fill(0);
    error_log[0] = static_cast<std::uint8_t>(slot), error_log[2] = 0x41, error_log[3] = error_bits, error_log[4] = 0x77;
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : error_log) sum = static_cast<std::uint8_t>(sum + byte);
    error_log[511] = static_cast<std::uint8_t>(-sum);
    tfd = 0x41u | u32{error_bits} << 8;
    pxis |= 1u << 30 | 8;
    raise();
  }
  void fail_plain() {
    broken = true;
    wire::RegisterD2H fis;
    fis.status = 0x41, fis.error = error_bits;
    fis.set_lba48(bad_lba);
    fis.device = bad_device;
    std::memcpy(memory.at((std::uint64_t{fbu} << 32 | fb) + 0x40, sizeof fis), &fis, sizeof fis);
    tfd = 0x41u | u32{error_bits} << 8;
    pxis |= 1u << 30 | 1;
    raise();
  }
  /// A Data FIS with a wrong CRC: the transfer ends with PxIS.IFS.
  void lose_data() {
    broken = true;
    tfd = 0x41u | u32{wire::error::ICRC | wire::error::ABRT} << 8;
    pxis |= 1u << 27 | 1u << 30;
    raise();
  }
  /// PxIS into IS, and IS to the processor (AHCI 1.3.1, 10.7.2).
  void raise() {
    if (pxis & pxie) is |= 1;
    const bool level = is && (ghc & 2);
    if (use_intx) {
      if (level != last_level) host->intx(0, level, calendar.annotate(calendar.now() + flight));
    } else if (level && !last_level) {
      host->message(0xfee00000, 0x40, calendar.annotate(calendar.now() + flight));
    } else if (level && (pxis & pxie & ~last_pxis)) {
      host->message(0xfee00000, 0x40, calendar.annotate(calendar.now() + flight));
    }
    last_level = level;
    last_pxis = pxis;
  }
  void release_held() {
    hold_completions = false;
    std::vector<std::uint64_t> all;
    all.swap(held);
    for (const std::uint64_t what : all) done(what);
  }

  tlm::tlm_generic_payload* waiting = nullptr;
  bool broken = false, armed = false, last_level = false;
  u32 last_pxis = 0;
  std::vector<std::uint64_t> held;
};

}  // namespace ahcisim::host
