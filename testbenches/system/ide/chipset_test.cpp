// SPDX-License-Identifier: MIT
// The IDE function inside a chipset: CPU, root complex bound to the endpoint without a link, fixed I/O windows, string
// I/O, bus mastering into the host's memory, interrupts 14 and 15 past PCI.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/machine/isa_interrupts.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/root_complex.hpp>
#include <ahcisim/tlm/string_io.hpp>

namespace ahcisim {
namespace {

using kit::Duration;
using namespace kit::literals;

class FlatHost : public sc_core::sc_module, public wire::CpuInterruptIf {
 public:
  explicit FlatHost(const sc_core::sc_module_name& name) : sc_module{name} {
    memory.register_b_transport(this, &FlatHost::transport);
  }
  tlm_utils::simple_initiator_socket<FlatHost> cpu{"cpu"};
  tlm_utils::simple_target_socket<FlatHost> memory{"memory"};
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(1 << 20);
  bool line[16] = {};
  void message(std::uint64_t, std::uint32_t, const sc_core::sc_time&) override { ADD_FAILURE() << "a message"; }
  void intx(unsigned number, bool asserted, const sc_core::sc_time&) override { line[number] = asserted; }

 private:
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    const std::uint64_t at = payload.get_address(), length = payload.get_data_length();
    if (at + length > bytes.size()) return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    if (payload.is_read())
      std::memcpy(payload.get_data_ptr(), &bytes[at], length);
    else
      std::memcpy(&bytes[at], payload.get_data_ptr(), length);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

struct Chipset : ::testing::Test {
  kit::Context context;
  pcie::RootComplexParameters root_parameters;
  pcie::EndpointParameters endpoint_parameters;
  ide::IdeParameters ide_parameters;
  disk::AtaParameters ata_parameters;
  std::unique_ptr<disk::InstantMedium> medium;
  disk::SparseStore store{100'000};
  FlatHost host{"host"};
  pcie::RootComplex root{"root", context, root_parameters};
  pcie::Endpoint endpoint{"endpoint", context, endpoint_parameters, machine::ide_function()};
  machine::IsaInterrupts isa{"isa"};
  ide::Controller controller{"ide", context, ide_parameters};
  std::unique_ptr<disk::AtaDevice> device;
  Duration took;
  tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;

  Chipset() {
    context.calendar.set_kernel_steps(true);
    ata_parameters.set("interface", "pata");
    medium = std::make_unique<disk::InstantMedium>(disk::MediumFacts{100'000, 7200, true, 0, 2, 0});
    device = std::make_unique<disk::AtaDevice>("disk", context, ata_parameters, *medium, store);
    host.cpu.bind(root.cpu);
    root.memory.bind(host.memory);
    root.cpu_interrupts.bind(host);
    root.link.bind(endpoint.link);
    for (unsigned i = 0; i < 2; ++i) {
      endpoint.fixed[2 * i].bind(controller.command_block[i]);
      endpoint.fixed[2 * i + 1].bind(controller.control_block[i]);
    }
    endpoint.bar[4].bind(controller.bus_master);
    controller.dma.bind(endpoint.dma);
    controller.interrupt.bind(isa);
    isa.out.bind(host);
    controller.devices[0].bind(device->link);
    endpoint.on_function_reset([this] { controller.reset(); });
  }
  void run(Duration time) { sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(time.ps()))); }
  void access(bool read, std::uint64_t address, std::uint8_t* data, unsigned bytes, unsigned width,
              Duration spacing = {}) {
    tlm::tlm_generic_payload payload;
    wire::StringIo string;
    string.element_ps = spacing.ps();
    payload.set_extension(&string);
    payload.set_command(read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(data);
    payload.set_data_length(bytes);
    payload.set_streaming_width(width);
    const Duration begin = context.calendar.now();
    sc_core::sc_time delay = context.calendar.annotate(begin);
    host.cpu->b_transport(payload, delay);
    took = context.calendar.absolute(delay) - begin;
    response = payload.get_response_status();
    payload.clear_extension(&string);
    if (took != Duration{}) run(took);
  }
  std::uint32_t get(std::uint64_t address, unsigned bytes) {
    std::uint8_t raw[4] = {};
    access(true, address, raw, bytes, bytes);
    return wire::load_le32(raw);
  }
  void put(std::uint64_t address, std::uint32_t value, unsigned bytes) {
    std::uint8_t raw[4];
    wire::store_le32(raw, value);
    access(false, address, raw, bytes, bytes);
  }
  std::uint32_t in(unsigned port, unsigned bytes = 1) { return get(root.io_address(port), bytes); }
  void out(unsigned port, std::uint32_t value, unsigned bytes = 1) { put(root.io_address(port), value, bytes); }
  void issue(std::uint8_t command, std::uint32_t lba, unsigned count, unsigned features = 0, unsigned port = 0x1f0) {
    out(port + 6, 0xe0);
    run(400_ns);
    out(port + 1, features), out(port + 2, count), out(port + 3, lba & 0xff), out(port + 4, lba >> 8 & 0xff),
        out(port + 5, lba >> 16 & 0xff);
    out(port + 7, command);
  }
  void SetUp() override {
    run(12_ms);
    put(root.configuration_address(0x20), 0xc000, 4);
    put(root.configuration_address(0x04), 0x5, 2);  // I/O Space Enable, Bus Master Enable
  }
};

/// A disk on each channel.
struct TwoChannels : Chipset {
  static constexpr unsigned secondary = 0x170;
  disk::InstantMedium other_medium{disk::MediumFacts{100'000, 7200, true, 0, 2, 0}};
  disk::SparseStore other_store{100'000};
  disk::AtaDevice other{"other", context, ata_parameters, other_medium, other_store};

  TwoChannels() { controller.devices[2].bind(other.link); }
  std::vector<std::uint8_t> fill(disk::SparseStore& in, std::uint64_t lba, unsigned sectors, unsigned seed) {
    std::vector<std::uint8_t> data(sectors * 512);
    for (unsigned i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * seed >> 3);
    in.write(lba, sectors, data.data());
    return data;
  }
};

TEST_F(Chipset, IsAPiix3InCompatibilityMode) {
  EXPECT_EQ(get(root.configuration_address(0x00), 4), 0x70108086u);
  EXPECT_EQ(get(root.configuration_address(0x08), 4) >> 8, 0x010180u);
  EXPECT_EQ(get(root.configuration_address(0x06), 2) & 0x10, 0u) << "no capability list";
  put(root.configuration_address(0x20), 0xffffffff, 4);
  EXPECT_EQ(get(root.configuration_address(0x20), 4), 0xfffffff1u) << "16 bytes of I/O";
  EXPECT_EQ(get(root.configuration_address(0x10), 4), 0u) << "no BAR moves the command block";
}

TEST_F(Chipset, PortsDecodeWhileIoSpaceEnableIsSet) {
  EXPECT_EQ(in(0x1f7), 0x50u);
  EXPECT_EQ(in(0x3f6), 0x50u);
  EXPECT_EQ(in(0x177), 0x7fu);
  const Duration chipset = root_parameters.cpu_request() + endpoint_parameters.register_read() +
                           ide_parameters.register_access() + root_parameters.cpu_completion();
  EXPECT_EQ(took, chipset + 600_ns) << "and one cycle of PIO 0 on the cable; no link between";
  put(root.configuration_address(0x04), 0, 2);
  EXPECT_EQ(in(0x1f7), 0xffu);
  EXPECT_EQ(in(0x376), 0xffu);
}

TEST_F(Chipset, StringsAreOneAccessWithTheTimeOfAll) {
  std::vector<std::uint8_t> data(512);
  for (unsigned i = 0; i < 512; ++i) data[i] = static_cast<std::uint8_t>(7 * i + 1);
  issue(0x30, 10, 1);
  run(10_us);
  ASSERT_EQ(in(0x1f7), 0x58u);
  access(false, root.io_address(0x1f0), data.data(), 512, 2);
  const Duration one = root_parameters.cpu_request() + endpoint_parameters.register_read() +
                       ide_parameters.register_access() + root_parameters.cpu_completion();
  EXPECT_EQ(response, tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(took, one + 256 * 600_ns);
  run(10_us);
  EXPECT_TRUE(host.line[14]);
  EXPECT_EQ(in(0x1f7), 0x50u);
  EXPECT_FALSE(host.line[14]);
  issue(0x20, 10, 1);
  run(10_us);
  EXPECT_TRUE(host.line[14]);
  EXPECT_EQ(in(0x1f7), 0x58u);
  std::vector<std::uint8_t> got(512);
  access(true, root.io_address(0x1f0), got.data(), 512, 4, 2_us);
  EXPECT_EQ(took, one + 128 * 2_us) << "the requester's spacing is the longer one";
  EXPECT_EQ(got, data);
  access(true, root.io_address(0x1f0), got.data(), 510, 4);
  EXPECT_EQ(response, tlm::TLM_BURST_ERROR_RESPONSE);
  access(true, 0x1000, got.data(), 512, 2);
  EXPECT_EQ(response, tlm::TLM_BURST_ERROR_RESPONSE) << "strings are of I/O space";
}

TEST_F(Chipset, BusMasteringReachesMemoryWhereItMay) {
  std::vector<std::uint8_t> data(8 * 512);
  for (unsigned i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  store.write(50, 8, data.data());
  wire::store_le32(&host.bytes[0x1000], 0x8000);
  wire::store_le32(&host.bytes[0x1004], 0x80000000u | 4096);
  out(0xc004, 0x1000, 4);
  out(0xc000, 0x08);
  issue(0xc8, 50, 8);
  out(0xc000, 0x09);
  run(2_ms);
  EXPECT_TRUE(host.line[14]);
  EXPECT_EQ(in(0xc002) & 7, 4u);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), host.bytes.begin() + 0x8000));
  out(0xc000, 0x08);
  EXPECT_EQ(in(0x1f7), 0x50u);
  put(root.configuration_address(0x04), 0x1, 2);  // no Bus Master Enable
  out(0xc002, 0x06);
  issue(0xc8, 50, 8);
  out(0xc000, 0x09);
  run(2_ms);
  EXPECT_EQ(in(0xc002) & 7, 2u) << "error";
}

// PCI IDE Controller Specification 1.0: in compatibility mode the primary channel has interrupt 14 and the secondary one 15.
TEST_F(TwoChannels, TheSecondaryOneRaisesFifteenAndNotFourteen) {
  const auto first = fill(store, 10, 1, 31), second = fill(other_store, 10, 1, 37);
  issue(0x20, 10, 1, 0, secondary);
  run(10_us);
  EXPECT_TRUE(host.line[15]);
  EXPECT_FALSE(host.line[14]);
  EXPECT_EQ(in(0x1f7), 0x50u) << "the primary channel is idle";
  EXPECT_TRUE(host.line[15]) << "its Status acknowledges nothing of the other one";
  EXPECT_EQ(in(0x177), 0x58u);
  EXPECT_FALSE(host.line[15]);
  std::vector<std::uint8_t> got(512);
  access(true, root.io_address(secondary), got.data(), 512, 2);
  EXPECT_EQ(got, second);

  issue(0x20, 10, 1);
  run(10_us);
  EXPECT_TRUE(host.line[14]);
  EXPECT_FALSE(host.line[15]);
  EXPECT_EQ(in(0x1f7), 0x58u);
  access(true, root.io_address(0x1f0), got.data(), 512, 2);
  EXPECT_EQ(got, first);
  for (unsigned i = 0; i < 14; ++i) EXPECT_FALSE(host.line[i]) << i;
}

// Bus Master IDE 1.0: the secondary channel's registers lie 8 bytes behind the primary's, its interrupt bit is its own.
TEST_F(TwoChannels, BusMasteringOnTheSecondaryOne) {
  const auto data = fill(other_store, 50, 8, 31);
  wire::store_le32(&host.bytes[0x1000], 0x8000);
  wire::store_le32(&host.bytes[0x1004], 0x80000000u | 4096);
  out(0xc00c, 0x1000, 4);
  out(0xc008, 0x08);
  issue(0xc8, 50, 8, 0, secondary);
  out(0xc008, 0x09);
  run(2_ms);
  EXPECT_TRUE(host.line[15]);
  EXPECT_FALSE(host.line[14]);
  EXPECT_EQ(in(0xc00a) & 7, 4u);
  EXPECT_EQ(in(0xc002) & 7, 0u);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), host.bytes.begin() + 0x8000));
  EXPECT_EQ(in(0x177), 0x50u);
  EXPECT_FALSE(host.line[15]);
}

}  // namespace
}  // namespace ahcisim
