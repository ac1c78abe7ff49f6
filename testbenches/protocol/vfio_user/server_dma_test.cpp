// SPDX-License-Identifier: MIT
// The device's accesses to the client's memory: by message with accesses in between, refused, unanswered, taken away.
#include <unistd.h>

#include "plain_device.hpp"

namespace ahcisim::test {
namespace {

/// A client whose memory is reached by messages.
struct Messenger : VfioUserClient {
  explicit Messenger(const std::string& path) : VfioUserClient{path} {
    version();
    memory.resize(4096, 0xab);
    map(0, 4096, -1);
  }
};

TEST(ServerDma, DmaByMessageAnswersReadsMeanwhile) {
  Rig rig;
  rig.serve([&] {
    Messenger client{rig.path()};
    client.write(0, 100, 0x11111111);
    client.on_dma = [&](const Answer& request) {
      client.on_dma = {};
      const std::uint16_t read = client.command(Command::REGION_READ, VfioUserClient::bytes_of(RegionAccess{100, 0, 4}));
      client.post(0, 100, 0x22222222);
      Answer answer = client.receive();
      EXPECT_EQ(answer.header.id, read) << "answered before the DMA is";
      EXPECT_EQ(answer.payload[16], 0x11);
      client.read(0, 100);
      EXPECT_EQ(client.call(Command::DEVICE_RESET, {}).error(), 0u) << "acknowledged; done when the DMA has ended";
      Bytes payload = request.payload;
      payload.resize(16 + 64, 0x5a);
      client.on_dma = [&](const Answer& write) {
        EXPECT_EQ(write.header.command, Command::DMA_WRITE);
        EXPECT_EQ(write.payload.size(), 16u + 64);
        EXPECT_EQ(write.payload[16], 0x5a);
        client.reply(write.header, {});
      };
      client.reply(request.header, payload);
    };
    client.write(0, PlainDevice::dma_register, 512);
    EXPECT_EQ(client.read(0, 0), 0x5a5a5a5au);
    EXPECT_EQ(client.read(0, 100), 0x22222222u) << "the write took effect afterwards";
    EXPECT_EQ(rig.device.resets, 1u);
  });
  EXPECT_TRUE(rig.device.copied);
  EXPECT_EQ(rig.device.peeks, 2u);
  EXPECT_EQ(rig.device.writes_seen_waiting, 1u) << "the second read came after a write";
}

// The write puts the device into its DMA; the read came in the same packet, and the client answers no DMA before it.
TEST(ServerDma, WhatArrivedWithTheWriteThatBeganItIsAnsweredMeanwhile) {
  Rig rig;
  rig.serve([&] {
    Messenger client{rig.path()};
    constexpr std::uint16_t read = 501;
    Bytes write_512 = VfioUserClient::bytes_of(RegionAccess{PlainDevice::dma_register, 0, 4});
    write_512.resize(sizeof(RegionAccess) + 4);
    write_512[sizeof(RegionAccess) + 1] = 2;
    Bytes both = VfioUserClient::message(Command::REGION_WRITE, 500, write_512, Header::No_reply);
    const Bytes second = VfioUserClient::message(Command::REGION_READ, read, VfioUserClient::bytes_of(RegionAccess{100, 0, 4}));
    both.insert(both.end(), second.begin(), second.end());
    client.send(both.data(), both.size());
    const Answer request = client.receive();
    EXPECT_EQ(request.header.command, Command::DMA_READ);
    EXPECT_EQ(client.receive().header.id, read);
    Bytes payload = request.payload;
    payload.resize(16 + 64, 0x5a);
    client.reply(request.header, payload);
    const Answer write = client.receive();
    EXPECT_EQ(write.header.command, Command::DMA_WRITE);
    client.reply(write.header, {});
    EXPECT_EQ(client.read(0, 0), 0x5a5a5a5au);
  });
  EXPECT_TRUE(rig.device.copied);
}

TEST(ServerDma, DmaThatTheClientRefusesOrLeavesUnanswered) {
  Rig rig;
  rig.serve([&] {
    {
      VfioUserClient client{rig.path()};
      client.version();
      client.write(0, PlainDevice::dma_register, 0);
      EXPECT_FALSE(rig.device.copied) << "nothing is mapped";
      client.map(0, 4096, -1);
      client.write(0, PlainDevice::dma_register, 0);
      EXPECT_EQ(client.dma_messages, 1u) << "refused: there is no memory";
      EXPECT_FALSE(rig.device.copied);
      client.on_dma = [&](const Answer& request) { client.reply(request.header, Bytes(20)); };
      client.write(0, PlainDevice::dma_register, 0);
      EXPECT_FALSE(rig.device.copied) << "less data than was asked for";
      client.on_dma = [&](const Answer& request) {
        Header other = request.header;
        other.id = static_cast<std::uint16_t>(other.id + 1);
        client.reply(other, Bytes(80));
      };
      client.write(0, PlainDevice::dma_register, 0);
      EXPECT_TRUE(client.closed()) << "an answer to something else";
    }
    {
      VfioUserClient client{rig.path()};
      client.version();
      client.map(0, 4096, -1);
      client.on_dma = [](const Answer&) { throw Closed{}; };
      EXPECT_THROW(client.write(0, PlainDevice::dma_register, 0), Closed);
    }  // and goes in the middle of it
    VfioUserClient next{rig.path()};
    EXPECT_EQ(next.version().error(), 0u);
  });
}

TEST(ServerDma, MemoryThatTheClientHasTruncated) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    const SharedMemory memory{4 * 4096};
    client.map(0, memory.size(), memory.descriptor());
    client.write(0, PlainDevice::dma_register, 3 * 4096);
    EXPECT_TRUE(rig.device.copied);
    ASSERT_EQ(::ftruncate(memory.descriptor(), 4096), 0);
    for (unsigned i = 0; i < 2; ++i) {
      client.write(0, PlainDevice::dma_register, 3 * 4096);
      EXPECT_FALSE(rig.device.copied) << "the pages are gone, the server is not";
    }
    client.write(0, PlainDevice::dma_register, 0);
    EXPECT_TRUE(rig.device.copied);
  });
}

}  // namespace
}  // namespace ahcisim::test
