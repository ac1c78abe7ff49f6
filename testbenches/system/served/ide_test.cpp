// SPDX-License-Identifier: MIT
// The IDE function in native mode as a vfio-user client finds and drives it.
#include <cstring>

#include <gtest/gtest.h>
#include <poll.h>

#include <ahcisim/models/machine/served.hpp>
#include <ahcisim/models/vfio_user/server.hpp>
#include <support/vfio_user_bench.hpp>

namespace ahcisim::test {
namespace {

using namespace vfio_user;

constexpr std::uint32_t command_block = 0, control_block = 1, secondary = 2, bus_master = 4, configuration = region::configuration;
constexpr std::uint8_t READ_DMA = 0xc8, WRITE_DMA = 0xca, IDENTIFY_DEVICE = 0xec;
constexpr std::uint32_t prd = 0x1000, data = 0x4000, sectors = 64;

struct Rig : VfioUserBench {
  explicit Rig(const char* conductors = "80")
      : settings{std::vector<machine::Setting>{{"machine.drive", "instant", "test"},
                                               {"machine.instant_capacity", "64MiB", "test"},
                                               {"machine.interface", "ide", "test"},
                                               {"ide.cable", conductors, "test"}}} {}
  machine::Parameters settings;
  std::unique_ptr<machine::Served> machine = machine::make_served("machine", context, settings);
  Server server{loop, path(), machine->function()};
};

/// The least that a driver does (ATA/ATAPI-6, chapter 9; PCI IDE Controller Specification 1.0) with device 0 of the first channel.
struct Guest {
  explicit Guest(const std::string& path) : client{path} {
    client.version();
    client.map(0, memory.size(), memory.descriptor());
    client.write(configuration, 4, 0x0005, 2);  // I/O space, bus master
  }
  std::uint32_t read(std::uint32_t offset, std::uint32_t bytes = 1) { return client.read(command_block, offset, bytes); }
  void write(std::uint32_t offset, std::uint32_t value) { client.post(command_block, offset, value, 1); }
  /// Alternate Status does not take the interrupt back.
  bool until_not_busy() {
    for (unsigned tries = 0; tries < 5000; ++tries)
      if ((client.read(control_block, 2, 1) & 0x80) == 0) return true;
    return false;
  }
  void command(std::uint8_t code, std::uint32_t lba, std::uint8_t count) {
    write(6, 0xe0 | lba >> 24);
    write(2, count);
    write(3, lba & 0xff), write(4, lba >> 8 & 0xff), write(5, lba >> 16 & 0xff);
    write(7, code);
  }
  void transfer(bool to_device) {
    const std::uint32_t entry[2] = {data, 1u << 31 | sectors * 512};
    std::memcpy(memory.data() + prd, entry, sizeof entry);
    client.post(bus_master, 4, prd);
    client.post(bus_master, 2, 0x06, 1);
    client.post(bus_master, 0, to_device ? 0x00 : 0x08, 1);
    command(to_device ? WRITE_DMA : READ_DMA, 1000, sectors);
    client.post(bus_master, 0, to_device ? 0x01 : 0x09, 1);
  }
  void arm() {
    ASSERT_EQ(client.set_irqs(SetIrqs::DATA_EVENTFD | SetIrqs::TRIGGER, irq::intx, 0, 1, {event.descriptor()}).error(), 0u);
  }
  void unmask() { ASSERT_EQ(client.set_irqs(SetIrqs::DATA_NONE | SetIrqs::UNMASK, irq::intx, 0, 1).error(), 0u); }
  SharedMemory memory{1 << 20};
  Event event;  // INTx
  VfioUserClient client;
};

/// Calls body(guest) with a disk that is ready and an interrupt that is armed.
template <class Body> void with_guest(Body&& body) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_NO_FATAL_FAILURE(guest.arm());
    ASSERT_TRUE(guest.until_not_busy());
    body(guest);
  });
}

TEST(ServedIde, WhatFirmwareFinds) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    EXPECT_EQ(client.read(configuration, 0), 0x24db8086u);
    EXPECT_EQ(client.read(configuration, 8) >> 8, 0x010185u) << "both channels in native mode, bus master";
    EXPECT_EQ(client.read(configuration, 0x3d, 1), 1u);
    EXPECT_EQ(client.read(configuration, 6, 2) & 0x10, 0u) << "no capabilities";
    EXPECT_EQ(client.read(configuration, 0x40), 0x8000'8000u) << "both channels are decoded (IDETIM)";
    EXPECT_EQ(client.read(configuration, 0x54), 0xf0u) << "80 conductors (IDE_CONFIG)";
    const std::uint64_t sizes[6] = {8, 4, 8, 4, 16, 0};
    for (std::uint32_t index = 0; index < 6; ++index) {
      RegionInfo info{};
      const Answer answer = client.call(Command::DEVICE_GET_REGION_INFO, VfioUserClient::bytes_of(RegionInfo{32, 0, index, 0, 0, 0}));
      std::memcpy(&info, answer.payload.data(), sizeof info);
      EXPECT_EQ(info.size, sizes[index]) << index;
      if (index < 5) {
        EXPECT_EQ(client.read(configuration, 0x10 + 4 * index) & 1, 1u) << "an I/O range";
      }
    }
  });
}

TEST(ServedIde, WhatADriverWritesOfTimesIsKept) {
  Rig rig{"40"};
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    EXPECT_EQ(client.read(configuration, 0x54), 0u) << "40 conductors";
    client.write(configuration, 0x40, 0xe377, 2);  // IDETIM
    client.write(configuration, 0x44, 0x5b, 1);    // SIDETIM
    client.write(configuration, 0x48, 0xff, 1);    // UDMACTL: a bit for each drive
    client.write(configuration, 0x4a, 0x0012, 2);  // UDMATIM
    EXPECT_EQ(client.read(configuration, 0x40), 0x8000'e377u);
    EXPECT_EQ(client.read(configuration, 0x44, 1), 0x5bu);
    EXPECT_EQ(client.read(configuration, 0x48), 0x0012'000fu);
    ASSERT_EQ(client.call(Command::DEVICE_RESET, {}).error(), 0u);
    EXPECT_EQ(client.read(configuration, 0x40), 0x8000'8000u) << "as firmware leaves it";
  });
}

TEST(ServedIde, IdentifyByRegistersAndItsInterrupt) {
  with_guest([](Guest& guest) {
    guest.command(IDENTIFY_DEVICE, 0, 0);
    EXPECT_EQ(guest.event.wait(), 1u);
    EXPECT_EQ(guest.read(7), 0x58u) << "DRDY, DSC, DRQ";
    std::uint16_t words[256];
    for (std::uint16_t& word : words) word = static_cast<std::uint16_t>(guest.read(0, 2));
    EXPECT_EQ(words[60] | std::uint32_t{words[61]} << 16, 131072u);
    EXPECT_EQ(guest.read(7), 0x50u);
    ASSERT_NO_FATAL_FAILURE(guest.unmask());
    EXPECT_EQ(guest.event.wait(20), 0u) << "reading Status took the level back";
    EXPECT_EQ(guest.client.read(secondary, 7, 1), 0x7fu) << "nothing is at the secondary channel";
  });
}

TEST(ServedIde, DataByTheBusMaster) {
  with_guest([](Guest& guest) {
    std::vector<std::uint8_t> written(sectors * 512);
    for (std::size_t i = 0; i < written.size(); ++i) written[i] = static_cast<std::uint8_t>(i * 7 + i / 512);
    for (const bool to_device : {true, false}) {
      if (to_device) std::memcpy(guest.memory.data() + data, written.data(), written.size());
      else std::memset(guest.memory.data() + data, 0, written.size());
      guest.transfer(to_device);
      EXPECT_EQ(guest.event.wait(), 1u);
      EXPECT_EQ(guest.client.read(bus_master, 2, 1) & 0x07, 0x04u) << "not active, no error, interrupt";
      EXPECT_EQ(guest.read(7), 0x50u);
      guest.client.post(bus_master, 0, 0, 1);
      ASSERT_NO_FATAL_FAILURE(guest.unmask());
    }
    EXPECT_EQ(std::memcmp(guest.memory.data() + data, written.data(), written.size()), 0);
  });
}

/// Whether the client's eventfd is written, which is left as it is.
bool is_signalled(const Event& event) {
  pollfd poll{event.descriptor(), POLLIN, 0};
  return ::poll(&poll, 1, 5000) == 1;
}

// A client that has read the eventfd raises its guest's line, lowers it at the guest's next access and unmasks. A driver's first
// access tells it what has happened; only a later one takes the interrupt back.
TEST(ServedIde, NoInterruptIsLeftBehindByADriverThatServesIt) {
  with_guest([](Guest& guest) {
    for (unsigned round = 0; round < 3; ++round) {
      guest.transfer(false);
      EXPECT_EQ(guest.event.wait(), 1u) << round;
      EXPECT_EQ(guest.client.read(bus_master, 2, 1) & 0x04, 0x04u);
      ASSERT_NO_FATAL_FAILURE(guest.unmask());
      ASSERT_TRUE(is_signalled(guest.event)) << "the level is still high";
      guest.client.post(bus_master, 0, 0, 1);
      EXPECT_EQ(guest.read(7), 0x50u);
      EXPECT_EQ(guest.client.read(bus_master, 2, 1) & 0x04, 0x04u);
      guest.client.post(bus_master, 2, 0x04, 1);
      EXPECT_EQ(guest.client.read(bus_master, 2, 1) & 0x04, 0u);
      EXPECT_EQ(guest.event.wait(0), 0u) << "the driver has nothing more to do, and would make no access";
    }
  });
}

TEST(ServedIde, AResetLeavesNoInterruptBehindAndNoneIsLostAfterIt) {
  with_guest([](Guest& guest) {
    guest.transfer(false);
    ASSERT_TRUE(is_signalled(guest.event));
    ASSERT_EQ(guest.client.call(Command::DEVICE_RESET, {}).error(), 0u);
    EXPECT_EQ(guest.event.wait(0), 0u);
    guest.client.write(configuration, 4, 0x0005, 2);
    ASSERT_TRUE(guest.until_not_busy());
    guest.transfer(false);
    EXPECT_EQ(guest.event.wait(), 1u);
  });
}

}  // namespace
}  // namespace ahcisim::test
