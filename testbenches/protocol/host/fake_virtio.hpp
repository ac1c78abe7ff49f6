// SPDX-License-Identifier: MIT
// A scripted transitional virtio-blk function after VIRTIO 1.1, with an access log and misbehaviour on demand. Just
// enough for a driver; it is no model of a device.
#pragma once

#include <map>

#include <boost/endian/conversion.hpp>

#include <ahcisim/tlm/request_tag.hpp>

#include "fake_function.hpp"

namespace ahcisim::host {

struct FakeVirtio : FakeFunction {
  using u16 = std::uint16_t;
  using u64 = std::uint64_t;
  enum class Fault { none, no_answer, refuses_features, stuck_reset, garbage_head, wild_index, bad_status, io_error, unsupported };
  struct Seen {
    u32 type;
    u64 sector;
    std::vector<std::pair<u64, u32>> data;
    bool indirect;
    unsigned descriptors;
  };

  FakeVirtio(const sc_core::sc_module_name& name, kit::Context& c, Memory& m, wire::TagBoard* t) : FakeFunction{name, c, m}, tags{t} {
    put_config(0x00, 0x10011af4, 4), put_config(0x08, 0x01000000, 4), put_config(0x06, 0x10, 2), put_config(0x34, 0x40, 1);
    bar_size[0] = 128, bar_is_io[0] = true, bar_size[1] = 0x1000, bar_size[4] = 0x4000;
    put_config(0x40, 0x5011, 2), put_config(0x42, 0x0007, 2), put_config(0x44, 1, 4);  // MSI-X with 8 entries in BAR 1
    put_capability(0x50, 0x64, 1, 0x0000, 0x38), put_capability(0x64, 0x78, 3, 0x1000, 1);
    put_capability(0x78, 0x8c, 4, 0x2000, 0x40), put_capability(0x8c, 0, 2, 0x3000, 0x100), put_config(0x8c + 16, 4, 4);
    put_device(0, 0x100000, 8), put_device(12, 126, 4), put_device(20, 512, 4), put_device(32, 1, 1), put_device(34, 4, 2);
    put_device(36, 1000, 4);
  }

  wire::TagBoard* tags;
  Fault fault = Fault::none;
  u64 offered = 1ull << 2 | 1ull << 6 | 1ull << 9 | 1ull << 11 | 1ull << 12 | 1ull << 13 | 1ull << 28 | 1ull << 29 | 1ull << 32;
  unsigned queue_entries = 256;
  bool suppresses = false, hold = false;  // asks for no notifications; keeps what is done
  kit::Duration service = kit::Duration::from_us(50), seen_after = kit::Duration::from_us(1);

  std::vector<Seen> requests;
  std::vector<unsigned> vectors;  // of the messages sent
  unsigned notified = 0, resets = 0, most_outstanding = 0;
  u64 accepted = 0;
  std::array<u8, 64> device{};
  std::map<u64, std::array<u8, 512>> sectors;
  u8 status = 0;

  void put_device(unsigned offset, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) device[offset + i] = static_cast<u8>(value >> 8 * i);
  }
  void put_capability(unsigned at, unsigned next, unsigned type, u32 offset, u32 length) {
    put_config(at, 0x09 | next << 8 | 20u << 16 | type << 24, 4), put_config(at + 4, 4, 4);
    put_config(at + 8, offset, 4), put_config(at + 12, length, 4);
  }
  /// Looks into a queue that nobody notified it of.
  void look(unsigned q) { fetch(q); }
  void release() {
    hold = false;
    std::vector<u64> all;
    all.swap(held);
    for (const u64 what : all) complete(what);
  }

 protected:
  void io(unsigned port, bool write, u8* data, unsigned bytes, unsigned) override {
    const unsigned offset = port - bar(0);
    if (offset >= 128) return;
    const unsigned header = config[0x43] & 0x80 ? 0x18 : 0x14;
    if (offset >= header) return configuration(offset - header, write, data, bytes);
    static const std::map<unsigned, const char*> names = {
        {0x00, "features"}, {0x04, "driver_features"}, {0x08, "queue_address"}, {0x0c, "queue_size"}, {0x0e, "queue_select"}, {0x10, "notify"},
        {0x12, "status"}, {0x13, "isr"}, {0x14, "config_vector"}, {0x16, "queue_vector"}};
    note(write, names.at(offset));
    u64 value = 0;
    if (write) std::memcpy(&value, data, bytes);
    switch (offset) {
      case 0x00: value = offered & 0xffffffff; break;
      case 0x04: accepted = value; break;
      case 0x08:
        if (write) set_page(static_cast<u32>(value));
        break;
      case 0x0c: value = selected < 4 ? queue_entries : 0; break;
      case 0x0e: selected = static_cast<unsigned>(value); break;
      case 0x10: notify(static_cast<unsigned>(value)); break;
      case 0x12: write ? set_status(static_cast<u8>(value)) : void(value = status); break;
      case 0x13: value = take_isr(); break;
      case 0x14: write ? config_vector = static_cast<u16>(value) : value = config_vector; break;
      case 0x16: write ? queues[selected].vector = static_cast<u16>(value) : value = queues[selected].vector; break;
      default: break;
    }
    if (!write) std::memcpy(data, &value, bytes);
  }
  void memory_bar(unsigned bar, unsigned offset, bool write, u8* data, unsigned bytes) override {
    if (bar == 1) return;
    if (offset >= 0x3000) {
      note(write, "notify");
      u16 value = 0;
      std::memcpy(&value, data, 2);
      EXPECT_EQ(bytes, 2u);
      EXPECT_EQ(offset - 0x3000, 4u * value);
      return notify(value);
    }
    if (offset >= 0x2000) return configuration(offset - 0x2000, write, data, bytes);
    if (offset == 0x1000) {
      note(write, "isr");
      return void(*data = take_isr());
    }
    common(offset, write, data, bytes);
  }

 private:
  struct Queue {
    u64 desc = 0, driver = 0, used = 0;
    unsigned size = 0, vector = 0xffff, outstanding = 0;
    u16 next = 0, used_index = 0;
    bool enabled = false;
  };
  void configuration(unsigned offset, bool write, u8* data, unsigned bytes) {
    note(write, "config " + std::to_string(offset));
    if (offset + bytes > device.size()) return;
    write ? std::memcpy(&device[offset], data, bytes) : std::memcpy(data, &device[offset], bytes);
  }
  void common(unsigned offset, bool write, u8* data, unsigned bytes) {
    static const std::map<unsigned, const char*> names = {
        {0x00, "feature_select"}, {0x04, "feature"}, {0x08, "driver_feature_select"}, {0x0c, "driver_feature"}, {0x10, "config_vector"}, {0x14, "status"},
        {0x16, "queue_select"}, {0x18, "queue_size"}, {0x1a, "queue_vector"}, {0x1c, "queue_enable"}, {0x1e, "notify_off"}, {0x20, "desc"},
        {0x24, "desc"}, {0x28, "driver"}, {0x2c, "driver"}, {0x30, "device"}, {0x34, "device"}};
    note(write, names.at(offset));
    u64 value = 0;
    if (write) std::memcpy(&value, data, bytes);
    Queue& q = queues[selected % 4];
    switch (offset) {
      case 0x00: feature_half = static_cast<unsigned>(value); break;
      case 0x04: value = static_cast<u32>(offered >> 32 * feature_half); break;
      case 0x08: driver_half = static_cast<unsigned>(value); break;
      case 0x0c: accepted |= value << 32 * driver_half; break;
      case 0x10: write ? config_vector = static_cast<u16>(value) : value = config_vector; break;
      case 0x14: write ? set_status(static_cast<u8>(value)) : void(value = status); break;
      case 0x16: selected = static_cast<unsigned>(value); break;
      case 0x18: write ? q.size = static_cast<unsigned>(value) : value = selected < 4 ? queue_entries : 0; break;
      case 0x1a: write ? q.vector = static_cast<unsigned>(value) : value = q.vector; break;
      case 0x1c: q.enabled = value; break;
      case 0x1e: value = selected; break;
      default: {
        u64& address = offset < 0x28 ? q.desc : offset < 0x30 ? q.driver : q.used;
        if (write) address = offset & 4 ? (address & 0xffffffff) | value << 32 : (address & ~0xffffffffull) | value;
      }
    }
    if (!write) std::memcpy(data, &value, bytes);
  }
  void set_page(u32 page) {
    Queue& q = queues[selected % 4];
    q.size = queue_entries, q.enabled = true;
    q.desc = u64{page} << 12, q.driver = q.desc + 16 * q.size, q.used = (q.driver + 6 + 2 * q.size + 4095) & ~4095ull;
  }
  void set_status(u8 value) {
    if (value == 0) {
      ++resets;
      for (Queue& q : queues) q = {};
      accepted = 0, isr = 0;
      if (fault == Fault::stuck_reset) return;
    }
    if (fault == Fault::refuses_features) value &= ~8;
    status = value;
  }
  u8 take_isr() {
    const u8 value = isr;
    isr = 0;
    if (value && !msix()) host->intx(0, false, calendar.annotate(calendar.now()));
    return value;
  }
  bool msix() const { return config[0x43] & 0x80; }
  bool event_index() const { return accepted & 1ull << 29; }
  u16 load16(u64 address) const { return boost::endian::load_little_u16(memory.at(address, 2)); }
  void store16(u64 address, u16 value) { boost::endian::store_little_u16(memory.at(address, 2), value); }
  void notify(unsigned q) {
    ++notified;
    calendar.at<&FakeVirtio::fetch>(calendar.now() + seen_after, this, q);
  }
  void fetch(u64 number) {
    Queue& q = queues[number % 4];
    if (!(status & 4) || !q.enabled) return;
    while (q.next != load16(q.driver + 2)) {
      const unsigned head = load16(q.driver + 4 + 2 * (q.next++ % q.size));
      take(static_cast<unsigned>(number), head);
      most_outstanding = std::max(most_outstanding, ++q.outstanding);
      if (tags)
        if (wire::RequestTag* tag = tags->at(static_cast<unsigned>(number), head)) tag->stamp(wire::Stage::fetched, calendar.now().ps());
      if (fault != Fault::no_answer) calendar.at<&FakeVirtio::complete>(calendar.now() + service, this, number << 32 | head);
    }
    if (event_index())
      store16(q.used + 4 + 8 * q.size, static_cast<u16>(suppresses ? q.next - 1 - 0x4000 : q.next));
    else
      store16(q.used, suppresses);
  }
  struct Chain {
    Seen seen;
    u64 status_address = 0;
  };
  Chain walk(unsigned number, unsigned head) {
    Queue& q = queues[number];
    Chain chain;
    u64 table = q.desc;
    unsigned i = head;
    const u8* d = memory.at(table + 16 * i, 16);
    chain.seen.indirect = boost::endian::load_little_u16(d + 12) & 4;
    if (chain.seen.indirect) table = boost::endian::load_little_u64(d), i = 0;
    chain.seen.descriptors = 0;
    for (bool first = true;; first = false) {
      d = memory.at(table + 16 * i, 16);
      ++chain.seen.descriptors;
      const u64 address = boost::endian::load_little_u64(d);
      const u16 flags = boost::endian::load_little_u16(d + 12);
      if (first) {
        const u8* header = memory.at(address, 16);
        chain.seen.type = wire::load_le32(header), chain.seen.sector = boost::endian::load_little_u64(header + 8);
      } else if (flags & 1) {
        chain.seen.data.push_back({address, wire::load_le32(d + 8)});
      } else {
        chain.status_address = address;
        return chain;
      }
      i = boost::endian::load_little_u16(d + 14);
    }
  }
  void take(unsigned number, unsigned head) { requests.push_back(walk(number, head).seen); }
  void complete(u64 what) {
    if (hold) return held.push_back(what);
    const auto number = static_cast<unsigned>(what >> 32);
    const auto head = static_cast<u32>(what);
    Queue& q = queues[number];
    if (!q.enabled) return;
    const Chain chain = walk(number, head);
    u64 position = chain.seen.sector * 512;
    if (chain.seen.type < 2)
      for (const auto& [address, bytes] : chain.seen.data)
        for (u32 i = 0; i < bytes; ++i, ++position) {
          u8& there = sectors[position / 512][position % 512];
          u8& here = *memory.at(address + i, 1);
          chain.seen.type ? there = here : here = there;
        }
    *memory.at(chain.status_address, 1) = fault == Fault::bad_status ? 0x55 : fault == Fault::io_error ? 1 : fault == Fault::unsupported ? 2 : 0;
    --q.outstanding;
    u8* const entry = memory.at(q.used + 4 + 8 * (q.used_index % q.size), 8);
    wire::store_le32(entry, fault == Fault::garbage_head ? 0xdeadbeef : head);
    const u16 old = q.used_index;
    q.used_index = static_cast<u16>(q.used_index + (fault == Fault::wild_index ? 77 : 1));
    store16(q.used + 2, q.used_index);
    if (tags)
      if (wire::RequestTag* tag = tags->at(number, head)) tag->stamp(wire::Stage::status, calendar.now().ps());
    const u16 event = load16(q.driver + 4 + 2 * q.size);
    const bool wanted = event_index() ? static_cast<u16>(q.used_index - event - 1) < static_cast<u16>(q.used_index - old) : !(load16(q.driver) & 1);
    if (wanted) interrupt(q);
  }
  void interrupt(const Queue& q) {
    if (msix()) {
      vectors.push_back(q.vector);
      if (q.vector != 0xffff) host->message(0xfee00000, 0x40 + q.vector, calendar.annotate(calendar.now()));
      return;
    }
    if (!isr) host->intx(0, true, calendar.annotate(calendar.now()));
    isr = 1;
  }

  std::array<Queue, 4> queues{};
  unsigned selected = 0, feature_half = 0, driver_half = 0;
  u16 config_vector = 0xffff;
  u8 isr = 0;
  std::vector<u64> held;
};

}  // namespace ahcisim::host
