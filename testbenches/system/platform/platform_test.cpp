// SPDX-License-Identifier: MIT
// The AHCI function behind plain TLM-2.0 sockets: debug transport, direct memory, and a temporally decoupled processor.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/tlm/lt_initiator.hpp>

namespace ahcisim::test {
namespace {

using sc_core::sc_time;

/// A platform's bus: memory up to 2 GiB, everything else is the root complex's.
struct Bus : sc_core::sc_module {
  explicit Bus(const sc_core::sc_module_name& name) : sc_module{name} {
    in.register_b_transport(this, &Bus::access);
    in.register_transport_dbg(this, &Bus::debug);
    in.register_get_direct_mem_ptr(this, &Bus::direct);
  }
  tlm_utils::multi_passthrough_target_socket<Bus> in{"in"};
  tlm_utils::multi_passthrough_initiator_socket<Bus> out{"out"};
  static int at(tlm::tlm_generic_payload& payload) { return payload.get_address() >> 31 != 0; }
  void access(int, tlm::tlm_generic_payload& payload, sc_time& delay) { out[at(payload)]->b_transport(payload, delay); }
  unsigned debug(int, tlm::tlm_generic_payload& payload) { return out[at(payload)]->transport_dbg(payload); }
  bool direct(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) { return out[at(payload)]->get_direct_mem_ptr(payload, dmi); }
};

/// When interrupts reach the processor.
struct Interrupts : sc_core::sc_module, wire::CpuInterruptIf {
  explicit Interrupts(const sc_core::sc_module_name& name) : sc_module{name} {}
  void intx(unsigned, bool asserted, const sc_time& delay) override {
    if (asserted) arrive(delay);
  }
  void message(std::uint64_t, std::uint32_t, const sc_time& delay) override { arrive(delay); }
  void arrive(const sc_time& delay) {
    times.push_back(sc_core::sc_time_stamp() + delay);
    arrived.notify(delay);
  }
  std::vector<sc_time> times;
  sc_core::sc_event arrived;
};

struct Platform {
  Platform(kit::Context& context, const std::string& name)
      : parameters{{{"machine.drive", "instant", "test"}, {"machine.instant_capacity", "64MiB", "test"}}}, medium{machine::make_medium(parameters)},
        store{machine::make_store(parameters.system, medium->facts().sectors)}, cpu{(name + "_cpu").c_str()}, bus{(name + "_bus").c_str()},
        memory{(name + "_memory").c_str(), context, parameters.memory}, root{(name + "_root").c_str(), context, parameters.root_complex},
        interrupts{(name + "_interrupts").c_str()}, link{(name + "_link").c_str(), context, parameters.pcie_link},
        endpoint{(name + "_endpoint").c_str(), context, parameters.endpoint, machine::ahci_function(parameters.hba)},
        hba{(name + "_ahci").c_str(), context, parameters.hba}, sata{(name + "_sata").c_str(), context, parameters.sata_link},
        disk{(name + "_disk").c_str(), context, parameters.ata, *medium, *store} {
    cpu.socket.bind(bus.in);
    root.memory.bind(bus.in);
    bus.out.bind(memory.target);
    bus.out.bind(root.cpu);
    root.link.bind(link.upstream);
    link.downstream.bind(endpoint.link);
    root.cpu_interrupts.bind(interrupts);
    machine::bind_ahci(endpoint, hba);
    hba.ports[0].bind(sata.host);
    sata.device.bind(disk.link);
  }
  std::uint8_t* ram() { return memory.at(0, 1 << 20); }

  machine::Parameters parameters;
  std::unique_ptr<disk::Medium> medium;
  std::unique_ptr<disk::Store> store;
  wire::LtInitiator cpu;
  Bus bus;
  host::Memory memory;
  pcie::RootComplex root;
  Interrupts interrupts;
  pcie::Link link;
  pcie::Endpoint endpoint;
  ahci::Hba hba;
  sata::Link sata;
  disk::AtaDevice disk;
};

constexpr std::uint64_t abar = 0xc0000000, list = 0x1000, fis_area = 0x2000, table = 0x3000, data = 0x8000;
constexpr std::uint64_t GHC = 0x04, IS = 0x08, PxCLB = 0x100, PxFB = 0x108, PxIS = 0x110, PxIE = 0x114, PxCMD = 0x118, PxTFD = 0x120, PxSERR = 0x130, PxCI = 0x138;

TEST(Platform, DebugTransportSeesWhatBlockingTransportSees) {
  kit::Context context;
  Platform platform{context, "platform"};
  bool ran = false;
  sc_core::sc_spawn([&] {
    wire::LtInitiator& cpu = platform.cpu;
    const auto config = [&](unsigned offset) { return platform.root.configuration_address(offset); };
    EXPECT_EQ(cpu.peek(config(0)), 0x29228086u);
    EXPECT_THROW(cpu.peek(abar), std::runtime_error) << "no BAR decodes yet";
    cpu.write(config(0x24), abar);
    cpu.write(config(0x04), 6, 2);
    EXPECT_EQ(cpu.peek(config(0x24)), abar);
    sc_core::wait(50, sc_core::SC_MS);
    const sc_time before = sc_core::sc_time_stamp();
    EXPECT_EQ(cpu.peek(abar + 0x10), 0x00010301u) << "VS";
    std::uint64_t peeked[64];
    for (unsigned i = 0; i < 64; ++i) peeked[i] = cpu.peek(abar + 0x100 + 4 * i % 0x80);
    cpu.peek(0x1234);
    EXPECT_EQ(sc_core::sc_time_stamp(), before) << "without time";
    for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(cpu.read(abar + 0x100 + 4 * i), peeked[i]) << "port 0, offset " << 4 * i << ": and without side effects";
    EXPECT_GT(sc_core::sc_time_stamp(), before);
    cpu.write(0x1234, 0xcafe);
    EXPECT_EQ(cpu.peek(0x1234), 0xcafeu) << "memory";
    ran = true;
    sc_core::sc_stop();
  });
  sc_core::sc_start();
  EXPECT_TRUE(ran);
}

TEST(Platform, MemoryIsDirectAndRegistersAreNot) {
  kit::Context context;
  Platform platform{context, "platform"};
  bool ran = false;
  sc_core::sc_spawn([&] {
    wire::LtInitiator& cpu = platform.cpu;
    cpu.write(platform.root.configuration_address(0x24), abar);
    cpu.write(platform.root.configuration_address(0x04), 6, 2);
    std::uint8_t* const bytes = cpu.direct(0x5000);
    ASSERT_NE(bytes, nullptr);
    bytes[0] = 0x5a;
    EXPECT_EQ(cpu.read(0x5000, 1), 0x5au);
    EXPECT_EQ(cpu.direct(abar), nullptr) << "a register has side effects";
    EXPECT_EQ(cpu.direct(platform.root.configuration_address(0)), nullptr);
    ran = true;
    sc_core::sc_stop();
  });
  sc_core::sc_start();
  EXPECT_TRUE(ran);
}

/// A keeper with a quantum of its own: the global one is the same for all platforms of a process.
struct Keeper : tlm_utils::tlm_quantumkeeper {
  explicit Keeper(const sc_time& quantum) : quantum{quantum} { reset(); }
  sc_time compute_local_quantum() override { return quantum; }
  const sc_time quantum;
};

/// A processor that runs ahead of the simulation by up to a quantum, with a driver that waits for interrupts.
class Decoupled {
 public:
  Decoupled(Platform& platform, const sc_time& quantum) : platform_{platform}, quantum_{quantum} {}

  void run() {
    Keeper keeper{quantum_};
    keeper_ = &keeper;
    bring_up();
    for (unsigned i = 0; i < 40; ++i) {
      const bool write = i % 2 == 0;
      const std::uint32_t bytes = 512u << (i / 2 % 6);
      std::memset(platform_.ram() + data, write ? static_cast<int>(i + 1) : 0, bytes);
      command(write ? 0x35 : 0x25, 100 * (i / 2), bytes, write);
      issue_and_wait();
      if (!write) read_back.insert(read_back.end(), platform_.ram() + data, platform_.ram() + data + bytes);
    }
    ahead = most_ahead_;
    done = true;
  }
  std::vector<std::uint8_t> read_back;
  sc_time ahead;
  bool done = false;

 private:
  void access(tlm::tlm_command kind, std::uint64_t address, std::uint32_t& value, unsigned bytes) {
    tlm::tlm_generic_payload payload;
    payload.set_command(kind);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(bytes);
    payload.set_streaming_width(bytes);
    sc_time delay = keeper_->get_local_time();
    platform_.cpu.socket->b_transport(payload, delay);
    EXPECT_TRUE(payload.is_response_ok());
    keeper_->set(delay);
    keeper_->inc(sc_time{70, sc_core::SC_NS});  // the program's own instructions
    most_ahead_ = std::max(most_ahead_, keeper_->get_local_time());
    if (keeper_->need_sync()) keeper_->sync();
  }
  void write(std::uint64_t address, std::uint32_t value, unsigned bytes = 4) { access(tlm::TLM_WRITE_COMMAND, address, value, bytes); }
  std::uint32_t read(std::uint64_t address) {
    std::uint32_t value = 0;
    access(tlm::TLM_READ_COMMAND, address, value, 4);
    return value;
  }
  void bring_up() {
    write(platform_.root.configuration_address(0x24), abar);
    write(platform_.root.configuration_address(0x04), 6, 2);
    keeper_->sync();
    sc_core::wait(sc_time{50, sc_core::SC_MS} - sc_core::sc_time_stamp());  // the link is up, the signature has come
    keeper_->reset();
    const std::pair<std::uint64_t, std::uint64_t> registers[] = {{GHC, 0x80000002}, {PxCLB, list}, {PxFB, fis_area}, {PxSERR, ~0u}, {PxCMD, 0x10},
                                                                 {PxCMD, 0x11}, {PxIS, ~0u}, {IS, ~0u}, {PxIE, 1}};
    for (const auto& [offset, value] : registers) write(abar + offset, static_cast<std::uint32_t>(value));
    EXPECT_EQ(read(abar + PxTFD) & 0x88, 0u);
  }
  void command(std::uint8_t code, std::uint64_t lba, std::uint32_t bytes, bool to_device) {
    const std::uint32_t header[] = {5u | (to_device ? 1u << 6 : 0u) | 1u << 16, 0, table, 0};
    std::memcpy(platform_.ram() + list, header, sizeof header);
    const std::uint8_t fis[] = {0x27, 0x80, code, 0, static_cast<std::uint8_t>(lba), static_cast<std::uint8_t>(lba >> 8), 0, 0x40, 0, 0, 0, 0,
                                static_cast<std::uint8_t>(bytes / 512), 0, 0, 0, 0, 0, 0, 0};
    std::memcpy(platform_.ram() + table, fis, sizeof fis);
    const std::uint32_t prd[] = {data, 0, 0, bytes - 1};
    std::memcpy(platform_.ram() + table + 0x80, prd, sizeof prd);
  }
  void issue_and_wait() {
    Interrupts& interrupts = platform_.interrupts;
    const std::size_t seen = interrupts.times.size();
    write(abar + PxCI, 1);
    keeper_->sync();  // an interrupt is waited for in simulated time
    while (interrupts.times.size() == seen) sc_core::wait(interrupts.arrived);
    if (interrupts.times.back() > sc_core::sc_time_stamp()) sc_core::wait(interrupts.times.back() - sc_core::sc_time_stamp());
    keeper_->reset();
    const std::uint32_t status = read(abar + PxIS);
    EXPECT_EQ(status, 1u) << "DHRS";
    write(abar + PxIS, status);
    write(abar + IS, 1);
    EXPECT_EQ(read(abar + PxCI), 0u);
  }
  Platform& platform_;
  const sc_time quantum_;
  Keeper* keeper_ = nullptr;
  sc_time most_ahead_;
};

/// Accesses honour the delay that they come with: all that follows from them happens at the same picosecond.
TEST(Platform, AQuantumChangesNothing) {
  const sc_time quanta[] = {sc_time{}, sc_time{1, sc_core::SC_US}, sc_time{10, sc_core::SC_US}, sc_time{1, sc_core::SC_MS}};
  kit::Context context;
  std::vector<std::unique_ptr<Platform>> platforms;
  std::vector<std::unique_ptr<Decoupled>> programs;
  for (unsigned i = 0; i < std::size(quanta); ++i) {
    platforms.push_back(std::make_unique<Platform>(context, "platform" + std::to_string(i)));
    programs.push_back(std::make_unique<Decoupled>(*platforms[i], quanta[i]));
    sc_core::sc_spawn([&programs, i] { programs[i]->run(); });
  }
  sc_core::sc_start(100, sc_core::SC_MS);
  ASSERT_TRUE(programs[0]->done);
  ASSERT_EQ(platforms[0]->interrupts.times.size(), 40u);
  std::size_t at = 0;
  for (unsigned i = 0; i < 20; ++i)
    for (unsigned byte = 0; byte < 512u << i % 6; ++byte) ASSERT_EQ(programs[0]->read_back[at++], 2 * i + 1) << "what was written there";
  for (unsigned i = 1; i < std::size(quanta); ++i) {
    ASSERT_TRUE(programs[i]->done) << quanta[i];
    EXPECT_GT(programs[i]->ahead, programs[0]->ahead) << "it did run ahead";
    EXPECT_EQ(platforms[i]->interrupts.times, platforms[0]->interrupts.times) << quanta[i];
    EXPECT_EQ(programs[i]->read_back, programs[0]->read_back) << quanta[i];
  }
  EXPECT_TRUE(context.diagnostics.findings().empty());
}

}  // namespace
}  // namespace ahcisim::test
