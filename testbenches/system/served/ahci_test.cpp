// SPDX-License-Identifier: MIT
// The AHCI function as a vfio-user client finds, drives and loses it.
#include <cstring>
#include <optional>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/served.hpp>
#include <ahcisim/models/vfio_user/server.hpp>
#include <support/served_ahci_driver.hpp>
#include <support/vfio_user_bench.hpp>

namespace ahcisim::test {
namespace {

using namespace vfio_user;
using Bytes = VfioUserClient::Bytes;
using Driver = ServedAhciDriver;
using Guest = ServedAhciGuest;

constexpr std::uint32_t abar = Driver::abar, configuration = region::configuration;
using Settings = std::vector<machine::Setting>;
Settings instant() { return {{"machine.drive", "instant", "test"}, {"machine.instant_capacity", "64MiB", "test"}}; }

struct Rig : VfioUserBench {
  explicit Rig(Kernel::Time time = Kernel::Time::free, const Settings& of = instant()) : VfioUserBench{time}, settings{of} {}
  machine::Parameters settings;
  machine::ServedAhci machine{"machine", context, settings};
  Server server{loop, path(), machine.function()};
};

constexpr std::uint32_t arm = SetIrqs::DATA_EVENTFD | SetIrqs::TRIGGER, unmask = SetIrqs::DATA_NONE | SetIrqs::UNMASK;
constexpr std::uint32_t D2H = 1;  // PxIE.DHRE

TEST(ServedAhci, WhatFirmwareFinds) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    EXPECT_EQ(client.read(configuration, 0), 0x29228086u);
    EXPECT_EQ(client.read(configuration, 8) >> 8, 0x010601u);
    EXPECT_EQ(client.read(configuration, 0x3d, 1), 1u);
    const auto size = [&](std::uint32_t index) {
      RegionInfo info{};
      const Answer answer = client.call(Command::DEVICE_GET_REGION_INFO, VfioUserClient::bytes_of(RegionInfo{32, 0, index, 0, 0, 0}));
      load(info, answer.payload.data(), answer.payload.size());
      return info.size;
    };
    EXPECT_EQ(size(4), 32u);
    EXPECT_EQ(size(abar), 8192u);
    EXPECT_EQ(size(0), 0u);
    EXPECT_EQ(size(configuration), 4096u);
    client.write(configuration, 0x24, ~0u);
    EXPECT_EQ(client.read(configuration, 0x24), 0xffffe000u) << "sizing";
    client.write(configuration, 0x24, 0xfebfe123);
    EXPECT_EQ(client.read(configuration, 0x24), 0xfebfe000u);
    client.write(configuration, 0x20, ~0u);
    EXPECT_EQ(client.read(configuration, 0x20), 0xffffffe1u);
    EXPECT_EQ(client.read(configuration, 0x10), 0u);
    EXPECT_EQ(client.read(abar, 0x10), 0xffffffffu) << "memory space is not enabled";
    client.write(configuration, 4, 7, 2);
    EXPECT_EQ(client.read(abar, 0x10), 0x00010301u) << "VS, wherever the guest has put the BAR";
    EXPECT_EQ(client.read(4, 0x14), client.read(abar, 0)) << "index/data pair: CAP";
    const Answer whole = client.call(Command::REGION_READ, VfioUserClient::bytes_of(RegionAccess{0, configuration, 256}));
    ASSERT_EQ(whole.payload.size(), 16u + 256);
    EXPECT_EQ(whole.payload[16], 0x86);
    EXPECT_EQ(whole.payload[16 + 0x25], 0xe0) << "the BAR as it was written";
    EXPECT_EQ(whole.payload[16 + 0x27], 0xfe);
  });
}

TEST(ServedAhci, CommandsOnSharedMemory) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_TRUE(guest.driver.bring_up());
    ASSERT_TRUE(guest.driver.round_trip(3));
    guest.driver.issue(Driver::IDENTIFY_DEVICE, 0, 0, false, 512);
    ASSERT_TRUE(guest.driver.done());
    EXPECT_EQ(guest.memory.data()[Driver::data + 2 * 83 + 1] & 4, 4) << "48-bit addresses";
    EXPECT_EQ(guest.client.dma_messages, 0u);
    std::uint8_t stored[512];
    rig.machine.content().read(1000, 1, stored);
    EXPECT_EQ(stored[1], 10);
  });
}

TEST(ServedAhci, CommandsWithMemoryByMessage) {
  Rig rig;
  rig.serve([&] {
    ServedAhciMessenger messenger{rig.path()};
    VfioUserClient& client = messenger.client;
    Driver& driver = messenger.driver;
    ASSERT_TRUE(driver.bring_up());
    ASSERT_TRUE(driver.round_trip(5)) << "registers are read while data moves";
    EXPECT_GT(client.dma_messages, 8u);
  });
}

// A driver must not take a command that it has just issued for one that is done: posted writes may be overtaken by no read.
TEST(ServedAhci, ACommandIssuedWhileDataMovesIsOutstanding) {
  Rig rig;
  rig.serve([&] {
    ServedAhciMessenger messenger{rig.path()};
    VfioUserClient& client = messenger.client;
    Driver& driver = messenger.driver;
    ASSERT_TRUE(driver.bring_up());
    const auto serve = client.on_dma;
    bool issued = false;
    client.on_dma = [&](const Answer& request) {
      DmaAccess access;
      load(access, request.payload.data(), request.payload.size());
      if (!issued && access.address >= Driver::data) {  // slot 0's data moves
        issued = true;
        std::memcpy(client.memory.data() + Driver::list + 32, client.memory.data() + Driver::list, 32);
        driver.write(Driver::PxCI, 2);
        EXPECT_EQ(driver.read(Driver::PxCI), 3u);
        EXPECT_EQ(client.read(abar, Driver::PxCI, 1), 3u);
      }
      serve(request);
    };
    driver.issue(Driver::READ_DMA_EXT, 1000, 8, false, 4096);
    while (!issued) client.on_dma(client.receive());
    EXPECT_TRUE(driver.until(Driver::PxCI, 3, 0));
  });
}

TEST(ServedAhci, HalfSharedHalfByMessage) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    constexpr std::uint64_t cut = Driver::data + 8192 + 100;
    ASSERT_EQ(guest.client.unmap(0, Guest::memory_bytes).error(), 0u);
    ASSERT_EQ(guest.client.map(0, cut, guest.memory.descriptor()).error(), 0u);
    ASSERT_EQ(guest.client.map(cut, Guest::memory_bytes - cut, -1).error(), 0u);
    guest.client.on_dma = [&](const Answer& request) {
      DmaAccess access;
      load(access, request.payload.data(), request.payload.size());
      EXPECT_GE(access.address, cut);
      if (request.header.command == Command::DMA_WRITE) {
        std::memcpy(guest.memory.data() + access.address, request.payload.data() + sizeof access, access.count);
        return guest.client.reply(request.header, {});
      }
      Bytes payload(sizeof access + access.count);
      std::memcpy(payload.data(), &access, sizeof access);
      std::memcpy(payload.data() + sizeof access, guest.memory.data() + access.address, access.count);
      guest.client.reply(request.header, payload);
    };
    ASSERT_TRUE(guest.driver.bring_up());
    EXPECT_TRUE(guest.driver.round_trip(9));
  });
}

TEST(ServedAhci, IntxIsALevel) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    Event event;
    Driver& driver = guest.driver;
    ASSERT_TRUE(driver.bring_up());
    ASSERT_EQ(guest.client.set_irqs(arm, irq::intx, 0, 1, {event.descriptor()}).error(), 0u);
    driver.write(Driver::PxIE, D2H);
    driver.write(Driver::GHC, 0x80000002);
    driver.issue(Driver::IDENTIFY_DEVICE, 0, 0, false, 512);  // ends with PIO Setup: no D2H
    ASSERT_TRUE(driver.done());
    driver.issue(Driver::READ_DMA_EXT, 0, 1, false, 512);

    EXPECT_EQ(event.wait(), 1u);
    EXPECT_EQ(event.wait(20), 0u) << "once";
    ASSERT_EQ(guest.client.set_irqs(unmask, irq::intx, 0, 1).error(), 0u);
    EXPECT_EQ(event.wait(), 1u) << "still high";
    driver.write(Driver::PxIS, ~0u);
    driver.write(Driver::IS, ~0u);
    EXPECT_EQ(driver.read(Driver::IS), 0u);
    ASSERT_EQ(guest.client.set_irqs(unmask, irq::intx, 0, 1).error(), 0u);
    EXPECT_EQ(event.wait(20), 0u) << "low";
    driver.issue(Driver::READ_DMA_EXT, 0, 1, false, 512);
    EXPECT_EQ(event.wait(), 1u);
  });
}

TEST(ServedAhci, MsiGoesToItsVector) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    Event events[8];
    std::vector<int> descriptors;
    for (const Event& each : events) descriptors.push_back(each.descriptor());
    ASSERT_TRUE(guest.driver.bring_up());
    guest.client.write(configuration, 0x54, 0xfee00000);
    guest.client.write(configuration, 0x58, 0);
    guest.client.write(configuration, 0x5c, 0x4020, 2);
    guest.client.write(configuration, 0x52, 1 | 3 << 4, 2);  // eight granted
    ASSERT_EQ(guest.client.set_irqs(arm, irq::msi, 0, 8, descriptors).error(), 0u);
    guest.driver.write(Driver::PxIE, D2H);
    guest.driver.write(Driver::GHC, 0x80000002);
    guest.driver.issue(Driver::READ_DMA_EXT, 0, 1, false, 512);
    EXPECT_EQ(events[0].wait(), 1u);
    for (unsigned i = 1; i < 8; ++i) EXPECT_EQ(events[i].wait(0), 0u);
  });
}

TEST(ServedAhci, MsixGoesToItsVectorWhateverTheTable) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    Event event;
    ASSERT_TRUE(guest.driver.bring_up());
    guest.client.write(abar, 0x1800, 0x12340000);  // a guest's table is its client's
    guest.client.write(configuration, 0xb2, 0x8000, 2);
    ASSERT_EQ(guest.client.set_irqs(arm, irq::msix, 0, 1, {event.descriptor()}).error(), 0u);
    guest.driver.write(Driver::PxIE, D2H);
    guest.driver.write(Driver::GHC, 0x80000002);
    guest.driver.issue(Driver::READ_DMA_EXT, 0, 1, false, 512);
    EXPECT_EQ(event.wait(), 1u);
  });
}

TEST(ServedAhci, UnmappedMemoryIsAHostBusError) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_TRUE(guest.driver.bring_up());
    ASSERT_TRUE(guest.driver.round_trip(1));
    ASSERT_EQ(guest.client.unmap(0, Guest::memory_bytes).error(), 0u);
    guest.driver.issue(Driver::READ_DMA_EXT, 0, 1, false, 512);
    EXPECT_TRUE(guest.driver.until(Driver::PxIS, 1u << 29, 1u << 29)) << "HBFS";
    ASSERT_EQ(guest.client.map(0, Guest::memory_bytes, guest.memory.descriptor()).error(), 0u);
    ASSERT_EQ(guest.client.call(Command::DEVICE_RESET, {}).error(), 0u);
    EXPECT_EQ(guest.client.read(configuration, 4, 2), 0u);
    ASSERT_TRUE(guest.driver.bring_up());
    EXPECT_TRUE(guest.driver.round_trip(2)) << "after the reset, on memory that was mapped again";
  });
}

TEST(ServedAhci, MemoryMappedElsewhereIsWhereDataGoes) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_TRUE(guest.driver.bring_up());
    ASSERT_TRUE(guest.driver.round_trip(1));
    SharedMemory other{Guest::memory_bytes};
    Driver driver{guest.client, other.data()};
    ASSERT_EQ(guest.client.unmap(0, Guest::memory_bytes).error(), 0u);
    ASSERT_EQ(guest.client.map(0, Guest::memory_bytes, other.descriptor()).error(), 0u);
    EXPECT_TRUE(driver.round_trip(2)) << "commands and data are those of the new file";
    EXPECT_TRUE(guest.driver.holds(1, 32768)) << "and the old one is left alone";
  });
}

TEST(ServedAhci, MemoryUnmappedUnderACommandEndsItAndNothingElse) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    for (unsigned round = 0; round < 30; ++round) {
      ASSERT_TRUE(guest.driver.bring_up());
      ASSERT_TRUE(guest.driver.round_trip(static_cast<std::uint8_t>(round))) << round;
      guest.driver.issue(Driver::READ_DMA_EXT, 0, 128, false, 65536);
      ASSERT_EQ(guest.client.unmap(0, Guest::memory_bytes).error(), 0u);
      bool ended = false;
      for (unsigned tries = 0; tries < 5000 && !ended; ++tries)
        ended = (guest.driver.read(Driver::PxIS) & 1u << 29) != 0 || guest.driver.read(Driver::PxCI) == 0;
      EXPECT_TRUE(ended) << "by HBFS, or it was done before";
      ASSERT_EQ(guest.client.map(0, Guest::memory_bytes, guest.memory.descriptor()).error(), 0u);
      ASSERT_EQ(guest.client.call(Command::DEVICE_RESET, {}).error(), 0u);
    }
  });
}

TEST(ServedAhci, AFunctionLevelResetLeavesTheClientsViewInOrder) {
  Rig rig;
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_TRUE(guest.driver.bring_up());
    guest.client.write(configuration, 0x24, 0xfebfe000);
    guest.client.write(configuration, 0x78, guest.client.read(configuration, 0x78, 2) | 0x8000, 2);  // Device Control: Initiate FLR
    EXPECT_EQ(guest.client.read(configuration, 4, 2), 0u);
    EXPECT_EQ(guest.client.read(configuration, 0x24), 0u);
    ASSERT_TRUE(guest.driver.bring_up());
    EXPECT_TRUE(guest.driver.round_trip(4));
  });
}

TEST(ServedAhci, TheNextGuestFindsAFunctionAfterReset) {
  Rig rig;
  rig.serve([&] {
    {
      Guest guest{rig.path()};
      ASSERT_TRUE(guest.driver.bring_up());
      guest.driver.fill(6, 512);
      guest.driver.issue(Driver::WRITE_DMA_EXT, 7, 1, true, 512);
      ASSERT_TRUE(guest.driver.done());
      guest.driver.issue(Driver::READ_DMA_EXT, 0, 64, false, 32768);
    }  // in the middle of a command
    Guest guest{rig.path()};
    EXPECT_EQ(guest.client.read(configuration, 4, 2), 0u);
    ASSERT_TRUE(guest.driver.bring_up());
    EXPECT_EQ(guest.driver.read(Driver::PxCI), 0u);
    guest.driver.issue(Driver::READ_DMA_EXT, 7, 1, false, 512);
    ASSERT_TRUE(guest.driver.done());
    EXPECT_TRUE(guest.driver.holds(6, 512)) << "the disk keeps its bytes";
  });
  EXPECT_EQ(rig.server.clients(), 2u);
}

TEST(ServedAhci, TwoDevicesInOneProcess) {
  Rig rig;
  machine::Parameters settings{instant()};
  machine::ServedAhci other{"other", rig.context, settings};
  Server server{rig.loop, rig.path("other"), other.function()};
  rig.serve([&] {
    Guest one{rig.path()}, two{rig.path("other")};
    ASSERT_TRUE(one.driver.bring_up());
    ASSERT_TRUE(two.driver.bring_up());
    one.driver.fill(1, 512);
    two.driver.fill(2, 512);
    one.driver.issue(Driver::WRITE_DMA_EXT, 5, 1, true, 512);
    two.driver.issue(Driver::WRITE_DMA_EXT, 5, 1, true, 512);
    EXPECT_TRUE(one.driver.done());
    EXPECT_TRUE(two.driver.done());
    std::uint8_t first[512], second[512];
    rig.machine.content().read(5, 1, first);
    other.content().read(5, 1, second);
    EXPECT_EQ(first[0], 1);
    EXPECT_EQ(second[0], 2);
  });
}

TEST(ServedAhci, PacedTimePassesWithTheWall) {
  Rig rig{Kernel::Time::paced};
  rig.serve([&] {
    Guest guest{rig.path()};
    const auto begin = std::chrono::steady_clock::now();
    const kit::Duration before = rig.context.calendar.now();
    ASSERT_TRUE(guest.driver.bring_up());
    ASSERT_TRUE(guest.driver.round_trip(8));
    const double wall = std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
    const double simulated = static_cast<double>((rig.context.calendar.now() - before).ps()) * 1e-12;
    EXPECT_LE(simulated, wall + 0.005) << "never ahead";
    EXPECT_GE(simulated, wall - 0.5) << "behind by what a busy machine takes away";
    // The drive sends its signature 10 ms after power-on, and communication takes time before that.
    EXPECT_GT(rig.context.calendar.now(), kit::Duration::from_ms(10));
  });
}

// The Deskstar 7K500 seeks 8.5 ms on average and turns in 8.3 (specification, 4.4): six long seeks take no less than 40 ms.
TEST(ServedAhci, PacedTimeLetsTheClientFeelADisksMechanics) {
  Rig rig{Kernel::Time::paced, {{"machine.drive", "deskstar-7k500", "test"}}};
  rig.serve([&] {
    Guest guest{rig.path()};
    ASSERT_TRUE(guest.driver.bring_up());
    const auto begin = std::chrono::steady_clock::now();
    for (const std::uint64_t lba : {900'000'000u, 1000u, 700'000'000u, 200'000'000u, 976'000'000u, 100'000'000u}) {
      guest.driver.issue(Driver::READ_DMA_EXT, lba, 1, false, 512);
      ASSERT_TRUE(guest.driver.done());
    }
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
    EXPECT_GT(wall.count(), 40);
  });
}

}  // namespace
}  // namespace ahcisim::test
