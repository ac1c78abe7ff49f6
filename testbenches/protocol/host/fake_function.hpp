// SPDX-License-Identifier: MIT
// A PCI function behind the CPU socket for drivers' tests: configuration space, BARs, I/O ports, and an answer at once
// or later.
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

#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/fis.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::host {

struct FakeFunction : sc_core::sc_module {
  using u8 = std::uint8_t;
  using u32 = std::uint32_t;
  static constexpr std::uint64_t ecam = 0xe0000000, io_base = 0xf0000000;
  /// How the bus answers: in a call of its own, or within the call in one of TLM's two ways.
  enum class Answers { later, completed, updated };

  FakeFunction(const sc_core::sc_module_name& name, kit::Context& c, Memory& m)
      : sc_module{name}, target{"target"}, host{"host"}, calendar{c.calendar}, memory{m} {
    target.register_nb_transport_fw(this, &FakeFunction::nb_transport_fw);
    dma.bind(m.target);
  }

  tlm_utils::simple_target_socket<FakeFunction> target;
  tlm_utils::simple_initiator_socket<FakeFunction> dma{"dma"};  // memory wants to be bound; fakes reach into it directly
  sc_core::sc_port<wire::CpuInterruptIf> host;
  kit::Calendar& calendar;
  Memory& memory;

  Answers answers = Answers::completed;
  kit::Duration access_time = kit::Duration::from_ps(300'000);
  bool absent = false, all_ones = false, log_on = false;
  std::vector<std::string> log;
  std::array<u8, 4096> config{};
  std::array<u32, 6> bar_size{};
  std::array<bool, 6> bar_is_io{};

  void put_config(unsigned offset, u32 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) config[offset + i] = static_cast<u8>(value >> 8 * i);
  }
  u32 bar(unsigned i) const { return wire::load_le32(&config[0x10 + 4 * i]) & ~15u; }

 protected:
  /// A register access; a string has bytes > width. When it happens is calendar.now(), or within `access_time` of it.
  virtual void io(unsigned port, bool write, u8* data, unsigned bytes, unsigned width) = 0;
  virtual void memory_bar(unsigned bar, unsigned offset, bool write, u8* data, unsigned bytes) = 0;
  void note(bool write, const std::string& name) {
    if (log_on) log.push_back((write ? "W " : "R ") + name);
  }

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    const kit::Duration at = calendar.absolute(delay) + access_time;
    const bool posted = payload.is_write() && payload.get_address() < ecam;
    if (answers == Answers::later && !posted) {
      waiting = &payload;
      calendar.at<&FakeFunction::answer>(at, this);
      return tlm::TLM_ACCEPTED;
    }
    access(payload);
    delay = calendar.annotate(at);
    if (answers != Answers::updated) return tlm::TLM_COMPLETED;
    phase = tlm::BEGIN_RESP;
    return tlm::TLM_UPDATED;
  }
  void answer(std::uint64_t) {
    tlm::tlm_generic_payload& payload = *waiting;
    waiting = nullptr;
    access(payload);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = calendar.annotate(calendar.now());
    target->nb_transport_bw(payload, phase, delay);
  }
  void access(tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    u8* const data = payload.get_data_ptr();
    const unsigned bytes = payload.get_data_length();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (payload.is_read()) std::memset(data, 0xff, bytes);
    if (address >= io_base) {
      if (all_ones && payload.is_read()) return note(false, "all ones");
      return io(static_cast<unsigned>(address - io_base), payload.is_write(), data, bytes, payload.get_streaming_width());
    }
    if (address >= ecam) return access_config(address - ecam, payload.is_write(), data, bytes);
    for (unsigned i = 0; i < 6; ++i)
      if (bar_size[i] && !bar_is_io[i] && address >= bar(i) && address < std::uint64_t{bar(i)} + bar_size[i])
        return all_ones && payload.is_read() ? void() : memory_bar(i, static_cast<unsigned>(address - bar(i)), payload.is_write(), data, bytes);
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  void access_config(std::uint64_t offset, bool write, u8* data, unsigned bytes) {
    if (offset >= 4096 || absent) return;
    if (!write) return void(std::memcpy(data, &config[offset], bytes));
    if (offset < 4) return;
    if (offset < 0x10 || offset >= 0x28) return void(std::memcpy(&config[offset], data, bytes));
    const auto i = static_cast<unsigned>(offset - 0x10) / 4;
    if (bar_size[i]) put_config(0x10 + 4 * i, (wire::load_le32(data) & ~(bar_size[i] - 1)) | bar_is_io[i], 4);
  }
  tlm::tlm_generic_payload* waiting = nullptr;
};

}  // namespace ahcisim::host
