// SPDX-License-Identifier: MIT
// A scripted IDE controller with one disk, after ATA/ATAPI-6 and Bus Master IDE 1.0, with an access log and
// misbehaviour on demand. Just enough for a driver; it is no model of a controller.
#pragma once

#include <map>

#include <ahcisim/tlm/request_tag.hpp>

#include "fake_function.hpp"

namespace ahcisim::host {

struct FakeIde : FakeFunction {
  enum class Fault { none, no_device, stuck_bsy, no_answer, identify_fails, no_drq, device_error, bus_master_error };
  struct Sent {
    u8 command, device;
    std::array<u8, 6> now, before;  // features … LBA high, at 1 … 5
    bool interrupts;
    std::uint64_t lba() const {
      const std::uint64_t low = now[3] | std::uint64_t{now[4]} << 8 | std::uint64_t{now[5]} << 16;
      if (!extended()) return low | std::uint64_t{device & 15u} << 24;
      return low | std::uint64_t{before[3]} << 24 | std::uint64_t{before[4]} << 32 | std::uint64_t{before[5]} << 40;
    }
    unsigned count() const {
      if (!extended()) return now[2] ? now[2] : 256;
      const unsigned all = now[2] | before[2] << 8;
      return all ? all : 65536;
    }
    bool extended() const {
      for (const u8 code : {0x24, 0x25, 0x29, 0x34, 0x35, 0x39, 0xea})
        if (command == code) return true;
      return false;
    }
  };
  using Sector = std::array<u8, 512>;

  FakeIde(const sc_core::sc_module_name& name, kit::Context& c, Memory& m, wire::TagBoard* t) : FakeFunction{name, c, m}, tags{t} {
    put_config(0x00, 0x70108086, 4), put_config(0x08, 0x01018000, 4);
    bar_size[4] = 16, bar_is_io[4] = true;
    make_identify();
  }

  // What a test may change.
  wire::TagBoard* tags;
  Fault fault = Fault::none;
  unsigned channel = 0, device = 0;  // where the disk is
  kit::Duration service = kit::Duration::from_us(50), seen = kit::Duration::from_us(1);
  u8 error_bits = wire::error::UNC;
  std::uint64_t bad_lba = 0x77;
  unsigned faults_left = ~0u;  // commands that meet the fault
  unsigned lose_identify = 0;
  std::array<u8, 512> identify{};
  std::map<std::uint64_t, Sector> sectors;

  // What a test looks at.
  std::vector<Sent> commands;
  std::vector<std::pair<u32, u32>> prds;  // of the last bus master transfer
  unsigned resets = 0, string_width = 0, multiple = 1;

  void put_word(unsigned word, unsigned value) {
    identify[2 * word] = static_cast<u8>(value), identify[2 * word + 1] = static_cast<u8>(value >> 8);
  }
  void make_identify() {
    put_word(47, 0x8010), put_word(49, 0x0300), put_word(53, 0x0006), put_word(60, 0xffff), put_word(61, 0x0fff);
    put_word(63, 0x0007), put_word(64, 0x0003), put_word(80, 0x00f0), put_word(82, 0x0060), put_word(83, 0x7400);
    put_word(84, 0x4000), put_word(85, 0x0060), put_word(86, 0x3400), put_word(87, 0x4000), put_word(88, 0x003f);
    put_word(100, 0x8000), put_word(101, 0x2000);
  }

 protected:
  void memory_bar(unsigned, unsigned, bool, u8*, unsigned) override {}
  void io(unsigned port, bool write, u8* data, unsigned bytes, unsigned width) override {
    static constexpr unsigned blocks[2] = {0x1f0, 0x170};
    const unsigned bus_master = bar(4);
    if (port >= bus_master && port < bus_master + 16) return bm(port - bus_master, write, data, bytes);
    for (unsigned c = 0; c < 2; ++c) {
      if (port >= blocks[c] && port < blocks[c] + 8) return command_block(c, port - blocks[c], write, data, bytes, width);
      if (port == blocks[c] + 0x206) return device_control(c, write, data);
    }
  }

 private:
  bool here(unsigned c) const { return c == channel && fault != Fault::no_device; }
  bool selected() const { return (device_register >> 4 & 1) == device; }
  void command_block(unsigned c, unsigned offset, bool write, u8* data, unsigned bytes, unsigned width) {
    static const char* const names[2][8] = {
        {"Data", "Error", "Count", "LBAL", "LBAM", "LBAH", "Device", "Status"},
        {"Data", "Features", "Count", "LBAL", "LBAM", "LBAH", "Device", "Command"}};
    note(write, names[write][offset]);
    if (!here(c)) return;
    if (offset == 0) return string(write, data, bytes, width);
    if (!write) {
      if (offset == 7) {
        *data = selected() ? status : 0;
        interrupt(false);
      } else if (offset == 6) {
        *data = device_register;
      } else {
        *data = offset == 1 ? error : control & 0x80 ? before[offset] : now[offset];
      }
      return;
    }
    if (offset < 7) control &= 0x7f;
    if (offset == 6) device_register = *data;
    if (offset && offset < 6) before[offset] = now[offset], now[offset] = *data;
    if (offset == 7 && selected()) start(*data);
  }
  void device_control(unsigned c, bool write, u8* data) {
    note(write, write ? "Control" : "AltStatus");
    if (!here(c)) return;
    if (!write) return void(*data = selected() ? status : 0);
    if ((control & 4) && !(*data & 4)) {
      ++resets, ++generation;
      status = fault == Fault::stuck_bsy ? 0x80 : 0x50, error = 1;
      now = {0, 0, 1, 1, 0, 0}, device_register = 0xa0;
      busy = false;
      interrupt(false);
    }
    control = *data;
  }
  void bm(unsigned offset, bool write, u8* data, unsigned bytes) {
    static const std::map<unsigned, const char*> names = {{0, "BMCommand"}, {2, "BMStatus"}, {4, "PRDTable"}};
    note(write, names.at(offset % 8));
    if (offset / 8 != channel) return void(write ? 0 : *data = 0);
    u8* const reg = &bm_registers[offset % 8];
    if (!write) return void(std::memcpy(data, reg, bytes));
    if (offset % 8 == 2) return void(*reg = static_cast<u8>((*reg & ~(*data & 6)) | (*data & 0x60)));
    const bool was = bm_registers[0] & 1;
    std::memcpy(reg, data, bytes);
    if (offset % 8 == 0 && !was && (*data & 1) && busy) later(&FakeIde::finish_dma);
  }
  void later(void (FakeIde::*what)()) {
    step = what;
    calendar.at<&FakeIde::run_step>(calendar.now() + service, this, generation);
  }
  void run_step(std::uint64_t when) {
    if (when == generation) (this->*step)();
  }
  bool faulty() {
    if (fault == Fault::none || faults_left == 0) return false;
    --faults_left;
    return true;
  }
  void start(u8 command) {
    const Sent sent{command, device_register, now, before, !(control & 2)};
    if (log_on) commands.push_back(sent);
    current = sent;
    status = 0xd0, error = 0, busy = true;
    if (tags)
      if (wire::RequestTag* tag = tags->at(channel, device)) tag->stamp(wire::Stage::fetched, (calendar.now() + seen).ps());
    const bool io = command != 0xec && command != 0xef && command != 0xc6;
    if (io && fault == Fault::no_answer && faulty()) return void(busy = false);
    moved = 0, ending = 0x50;
    switch (command) {
      case 0xec:
        if (fault == Fault::identify_fails || lose_identify) {
          if (lose_identify) --lose_identify;
          return later(&FakeIde::abort);
        }
        total = 512, block = 512;
        std::memcpy(buffer_for(512), identify.data(), 512);
        return later(&FakeIde::offer);
      case 0xef: case 0xe7: case 0xea: return later(&FakeIde::finish);
      case 0xc6: multiple = now[2]; return later(&FakeIde::finish);
      case 0xc8: case 0xca: case 0x25: case 0x35: return;  // waits for the bus master
      case 0x06: return;
      default: break;
    }
    if (fault == Fault::device_error && faulty()) return later(&FakeIde::fail);
    block = 512 * (command == 0xc4 || command == 0xc5 || command == 0x29 || command == 0x39 ? multiple : 1);
    total = 512 * sent.count();
    buffer_for(total);
    if (is_write()) {
      status = 0x58;  // the first block is asked for without an interrupt
      if (fault == Fault::no_drq && faulty()) status = 0x50;
      return;
    }
    for (unsigned i = 0; i < sent.count(); ++i) std::memcpy(&buffer[512 * i], sectors[sent.lba() + i].data(), 512);
    later(&FakeIde::offer);
  }
  bool is_write() const {
    for (const u8 code : {0x30, 0x34, 0xc5, 0x39, 0xca, 0x35, 0x06})
      if (current.command == code) return true;
    return false;
  }
  u8* buffer_for(unsigned bytes) {
    buffer.assign(bytes, 0);
    return buffer.data();
  }
  void offer() {
    status = 0x58;
    if (current.command != 0xec && fault == Fault::no_drq && faulty()) status = 0x50;
    interrupt(true);
  }
  void string(bool write, u8* data, unsigned bytes, unsigned width) {
    string_width = width;
    if (!(status & 8) || moved + bytes > total) return;
    write ? std::memcpy(&buffer[moved], data, bytes) : std::memcpy(data, &buffer[moved], bytes);
    moved += bytes;
    if (moved % block && moved != total) return;
    status = moved == total && !write ? 0x50 : 0xd0;
    if (moved == total && !write) return stamp(wire::Stage::status);
    later(moved == total ? &FakeIde::finish : &FakeIde::offer);
  }
  void finish() {
    if (is_write())
      for (unsigned i = 0; i < total / 512; ++i) std::memcpy(sectors[current.lba() + i].data(), &buffer[512 * i], 512);
    status = ending, busy = false;
    stamp(wire::Stage::status);
    interrupt(true);
  }
  void finish_dma() {
    if (fault == Fault::device_error && faulty()) return fail();
    if (fault == Fault::bus_master_error && faulty()) {
      bm_registers[2] |= 2;
      status = 0x50, busy = false;
      return interrupt(true);
    }
    prds.clear();
    const u32 table = wire::load_le32(&bm_registers[4]);
    buffer_for(0);
    total = 0;
    for (unsigned i = 0; i < 8192; ++i) {
      const u8* entry = memory.at(table + 8 * i, 8);
      const u32 address = wire::load_le32(entry), bytes = wire::load_le32(entry + 4);
      prds.push_back({address, bytes & 0xffff ? bytes & 0xffff : 65536});
      u8* const data = memory.at(address, prds.back().second);
      for (u32 done = 0; done < prds.back().second; ++done, ++total) {
        u8& byte = sectors[current.lba() + total / 512][total % 512];
        is_write() ? void(byte = data[done]) : void(data[done] = byte);
      }
      if (bytes >> 31) break;
    }
    total = 0;
    finish();
  }
  void abort() { end_with_error(wire::error::ABRT); }
  void fail() { end_with_error(error_bits); }
  void end_with_error(u8 bits) {
    status = 0x51, error = bits, busy = false;
    now = {0, 0, 1, static_cast<u8>(bad_lba), static_cast<u8>(bad_lba >> 8), static_cast<u8>(bad_lba >> 16)};
    before = {0, 0, 0, static_cast<u8>(bad_lba >> 24), static_cast<u8>(bad_lba >> 32), static_cast<u8>(bad_lba >> 40)};
    device_register = static_cast<u8>((device_register & 0xf0) | (bad_lba >> 24 & 15));
    interrupt(true);
  }
  void stamp(wire::Stage stage) {
    if (!tags) return;
    if (wire::RequestTag* tag = tags->at(channel, device)) tag->stamp(stage, calendar.now().ps());
  }
  void interrupt(bool wanted) {
    const bool level = wanted && !(control & 2);
    if (level) bm_registers[2] |= 4;
    if (level == intrq) return;
    intrq = level;
    host->intx(14 + channel, level, calendar.annotate(calendar.now()));
  }

  u8 status = 0x50, error = 1, control = 0, device_register = 0xa0, ending = 0x50;
  std::array<u8, 6> now{}, before{};
  std::array<u8, 8> bm_registers{};
  Sent current{};
  std::vector<u8> buffer;
  unsigned moved = 0, total = 0, block = 512;
  void (FakeIde::*step)() = nullptr;
  std::uint64_t generation = 0;
  bool busy = false, intrq = false;
};

}  // namespace ahcisim::host
