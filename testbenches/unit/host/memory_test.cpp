// SPDX-License-Identifier: MIT
// The host's memory: transport, byte enables, streaming, DMI, bounds, allocation.
#include <cstring>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/host/memory.hpp>

namespace ahcisim::host {
namespace {

struct Initiator : sc_core::sc_module {
  explicit Initiator(const sc_core::sc_module_name& name) : sc_module{name} {}
  tlm_utils::simple_initiator_socket<Initiator> socket{"socket"};
};

struct Bench {
  explicit Bench(std::int64_t size = std::int64_t{3} << 30) {
    parameters.size.set(kit::Bytes{size});
    memory.emplace("memory", context, parameters);
    socket.bind(memory->target);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  tlm::tlm_response_status access(tlm::tlm_command command, std::uint64_t address, void* data, unsigned length,
                                  unsigned width = 0, std::uint8_t* enables = nullptr, unsigned enable_length = 0) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(length);
    payload.set_streaming_width(width ? width : length);
    payload.set_byte_enable_ptr(enables);
    payload.set_byte_enable_length(enable_length);
    delay = sc_core::SC_ZERO_TIME;
    socket->b_transport(payload, delay);
    dmi_allowed = payload.is_dmi_allowed();
    return payload.get_response_status();
  }
  kit::Context context;
  MemoryParameters parameters;
  std::optional<Memory> memory;
  Initiator initiator{"initiator"};
  tlm_utils::simple_initiator_socket<Initiator>& socket = initiator.socket;
  sc_core::sc_time delay;
  bool dmi_allowed = false;
};

TEST(Memory, keeps_what_is_written_and_takes_its_time) {
  Bench bench;
  std::uint32_t out = 0x12345678, in = 0;
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0xbffffffc, &out, 4), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(bench.delay, sc_core::sc_time(20, sc_core::SC_NS));
  EXPECT_EQ(bench.access(tlm::TLM_READ_COMMAND, 0xbffffffc, &in, 4), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(bench.delay, sc_core::sc_time(80, sc_core::SC_NS));
  EXPECT_EQ(in, out);
  EXPECT_TRUE(bench.dmi_allowed);
}

TEST(Memory, refuses_what_lies_outside) {
  Bench bench;
  std::uint64_t word = 0;
  EXPECT_EQ(bench.access(tlm::TLM_READ_COMMAND, 0xbffffffc, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0xc0000000, &word, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_READ_COMMAND, ~std::uint64_t{0}, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.memory->at(0xbfffffff, 2), nullptr);
}

TEST(Memory, lies_around_the_hole_below_four_gibibytes) {
  Bench bench{std::int64_t{8} << 30};
  std::uint64_t word = 0;
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0xbffffff8, &word, 8), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0xbffffffc, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0xfffffff8, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x100000000, &word, 8), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x23ffffff8, &word, 8), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x240000000, &word, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(bench.memory->allocate(4096), 0x100000000u) << "drivers get the upper region";
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  payload.set_address(0x100001000);
  ASSERT_TRUE(bench.socket->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0x100000000u);
  EXPECT_EQ(dmi.get_end_address(), 0x23fffffffu);
  EXPECT_EQ(dmi.get_dmi_ptr() + 0x1000, bench.memory->at(0x100001000, 1));
  payload.set_address(0xd0000000);
  EXPECT_FALSE(bench.socket->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0xc0000000u);
  EXPECT_EQ(dmi.get_end_address(), 0xffffffffu);
}

TEST(Memory, obeys_byte_enables_and_streaming_width) {
  Bench bench;
  std::uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, enables[2] = {TLM_BYTE_ENABLED, TLM_BYTE_DISABLED};
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x1000, data, 8, 8, enables, 2), tlm::TLM_OK_RESPONSE);
  const std::uint8_t expected[8] = {1, 0, 3, 0, 5, 0, 7, 0};
  EXPECT_EQ(std::memcmp(bench.memory->at(0x1000, 8), expected, 8), 0);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x2000, data, 8, 4), tlm::TLM_OK_RESPONSE);
  const std::uint8_t streamed[8] = {5, 6, 7, 8, 0, 0, 0, 0};  // the second beat overwrites the first
  EXPECT_EQ(std::memcmp(bench.memory->at(0x2000, 8), streamed, 8), 0);
  EXPECT_EQ(bench.access(tlm::TLM_WRITE_COMMAND, 0x1000, data, 8, 8, enables, 0), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
}

TEST(Memory, grants_dmi_with_its_latencies) {
  Bench bench;
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  payload.set_address(0x1234);
  ASSERT_TRUE(bench.socket->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0u);
  EXPECT_EQ(dmi.get_end_address(), 0xbfffffffu);
  EXPECT_EQ(dmi.get_read_latency(), sc_core::sc_time(80, sc_core::SC_NS));
  EXPECT_TRUE(dmi.is_read_write_allowed());
  EXPECT_EQ(dmi.get_dmi_ptr() + 0x1234, bench.memory->at(0x1234, 1));
  payload.set_address(0xc0000000);
  EXPECT_FALSE(bench.socket->get_direct_mem_ptr(payload, dmi));
}

TEST(Memory, debug_access_is_cut_at_the_end) {
  Bench bench;
  std::uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  tlm::tlm_generic_payload payload;
  payload.set_write();
  payload.set_address(0xbffffffe);
  payload.set_data_ptr(data);
  payload.set_data_length(8);
  EXPECT_EQ(bench.socket->transport_dbg(payload), 2u);
  EXPECT_EQ(*bench.memory->at(0xbfffffff, 1), 2);
}

TEST(Memory, allocates_aligned_pieces_until_it_is_full) {
  Bench bench{2 << 20};
  const std::uint64_t a = bench.memory->allocate(100, 1024), b = bench.memory->allocate(100, 4096);
  EXPECT_EQ(a % 1024, 0u);
  EXPECT_EQ(b % 4096, 0u);
  EXPECT_GE(b, a + 100);
  try {
    bench.memory->allocate(1 << 20);
    FAIL() << "more than there is";
  } catch (const kit::ConfigError& error) {
    EXPECT_NE(std::string{error.what()}.find("choose a larger size"), std::string::npos);
  }
}

}  // namespace
}  // namespace ahcisim::host
