// SPDX-License-Identifier: MIT
// What the server answers: greetings, every command, nonsense, one client after the other.
#include <cerrno>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <ahcisim/models/kit/param.hpp>

#include "plain_device.hpp"

namespace ahcisim::test {
namespace {

TEST(Server, TheSocketIsItsOwnersOnlyAndGoesAway) {
  std::string path;
  {
    Rig rig;
    path = rig.path();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_THROW((Server{rig.loop, path, rig.device}), kit::ConfigError) << "in use";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Server, PathsThatCannotBe) {
  Rig rig;
  EXPECT_THROW((Server{rig.loop, rig.path("none/s"), rig.device}), kit::ConfigError);
  EXPECT_THROW((Server{rig.loop, "/tmp/" + std::string(120, 'x'), rig.device}), kit::ConfigError);
  EXPECT_THROW((Server{rig.loop, "", rig.device}), kit::ConfigError);
  std::ofstream{rig.path("file")} << "precious";
  EXPECT_THROW((Server{rig.loop, rig.path("file"), rig.device}), kit::ConfigError) << "no socket";
  EXPECT_EQ(std::filesystem::file_size(rig.path("file")), 8u);
  {
    boost::asio::local::stream_protocol::acceptor left{rig.loop.io(), boost::asio::local::stream_protocol::endpoint{rig.path("stale")}};
  }
  EXPECT_NO_THROW((Server{rig.loop, rig.path("stale"), rig.device})) << "a server of the past has left it";
}

TEST(Server, GreetingIsNoLongerThanTheRequest) {
  Rig rig;
  rig.serve([&] {
    const std::string offered = R"({"capabilities":{"pgsizes":4096,"max_msg_fds":16,"max_dma_maps":65535,"max_data_xfer_size":1048576}})";
    VfioUserClient client{rig.path()};
    const Answer answer = client.version(offered);
    EXPECT_EQ(answer.error(), 0u);
    EXPECT_LE(answer.payload.size(), 4 + offered.size() + 1);
    const auto told = nlohmann::json::parse(std::string{answer.payload.begin() + 4, answer.payload.end() - 1});
    EXPECT_EQ(told["capabilities"]["max_data_xfer_size"], 1048576);
    EXPECT_EQ(answer.payload.back(), 0);
    EXPECT_EQ(client.version().error(), unsigned{EINVAL}) << "once";
  });
  EXPECT_EQ(rig.server.clients(), 1u);
}

TEST(Server, AClientWithoutCapabilities) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    const Answer answer = client.call(Command::VERSION, Bytes(4));
    EXPECT_EQ(answer.error(), 0u);
    EXPECT_EQ(answer.payload.size(), 4u);
  });
}

TEST(Server, GreetingsThatCannotBeAreClosed) {
  Rig rig;
  rig.serve([&] {
    const auto greeted = [&](const Bytes& payload) {
      VfioUserClient client{rig.path()};
      EXPECT_EQ(client.call(Command::VERSION, payload).error(), unsigned{EINVAL});
      EXPECT_TRUE(client.closed());
    };
    greeted({1, 0, 0, 0});
    greeted({0, 0});
    greeted({0, 0, 0, 0, '{', 0});
    greeted({0, 0, 0, 0, '7', 0});
    VfioUserClient early{rig.path()};
    EXPECT_EQ(early.call(Command::DEVICE_GET_INFO, Bytes(16)).error(), unsigned{EINVAL}) << "before VERSION";
    EXPECT_TRUE(early.closed());
    VfioUserClient good{rig.path()};
    EXPECT_EQ(good.version(R"({"capabilities":{"max_data_xfer_size":"large","max_msg_fds":-1}})").error(), 0u) << "odd capabilities are none";
  });
  EXPECT_EQ(rig.server.clients(), 6u);
}

TEST(Server, Inventory) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    DeviceInfo info;
    const Answer device = client.call(Command::DEVICE_GET_INFO, Bytes(sizeof info));
    ASSERT_TRUE(load(info, device.payload.data(), device.payload.size()));
    EXPECT_EQ(info.flags, 3u);
    EXPECT_EQ(info.num_regions, 9u);
    EXPECT_EQ(info.num_irqs, 5u);
    for (std::uint32_t index = 0; index < 11; ++index) {
      const Answer answer = client.call(Command::DEVICE_GET_REGION_INFO, VfioUserClient::bytes_of(RegionInfo{32, 0, index, 0, 0, 0}));
      EXPECT_EQ(answer.error(), index < 9 ? 0u : unsigned{EINVAL});
      RegionInfo region;
      if (!load(region, answer.payload.data(), answer.payload.size())) continue;
      EXPECT_EQ(region.size, index == 0 ? 256u : index == 7 ? 4096u : 0u);
      EXPECT_EQ(region.flags, region.size ? 3u : 0u) << "read and write, never mapped";
    }
    const std::uint32_t counts[] = {1, 4, 8, 0, 0};
    for (std::uint32_t index = 0; index < 6; ++index) {
      const Answer answer = client.call(Command::DEVICE_GET_IRQ_INFO, VfioUserClient::bytes_of(IrqInfo{16, 0, index, 0}));
      EXPECT_EQ(answer.error(), index < 5 ? 0u : unsigned{EINVAL});
      IrqInfo irqs;
      if (!load(irqs, answer.payload.data(), answer.payload.size())) continue;
      EXPECT_EQ(irqs.count, counts[index]);
    }
  });
}

TEST(Server, Regions) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    client.write(0, 16, 0xcafef00d);
    client.post(0, 20, 0x12345678);
    EXPECT_EQ(client.read(0, 16), 0xcafef00du);
    EXPECT_EQ(client.read(0, 21, 2), 0x3456u);
    const Answer whole = client.call(Command::REGION_READ, VfioUserClient::bytes_of(RegionAccess{0, 7, 4096}));
    EXPECT_EQ(whole.payload.size(), 16u + 4096);
    const auto refused = [&](const RegionAccess& access) {
      return client.call(Command::REGION_READ, VfioUserClient::bytes_of(access)).error();
    };
    EXPECT_EQ(refused({253, 0, 4}), unsigned{EINVAL});
    EXPECT_EQ(refused({~std::uint64_t{0}, 0, 4}), unsigned{EINVAL});
    EXPECT_EQ(refused({0, 0, 0}), unsigned{EINVAL});
    EXPECT_EQ(refused({0, 0, ~0u}), unsigned{EINVAL});
    EXPECT_EQ(refused({0, 7, 4097}), unsigned{EINVAL});
    EXPECT_EQ(refused({0, 1, 4}), unsigned{EINVAL}) << "no such BAR";
    EXPECT_EQ(refused({0, 9, 4}), unsigned{EINVAL});
    EXPECT_EQ(client.call(Command::REGION_WRITE, VfioUserClient::bytes_of(RegionAccess{0, 0, 8})).error(), unsigned{EINVAL}) << "no data";
  });
}

TEST(Server, NonsenseIsAnsweredWithAnError) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient client{rig.path()};
    client.version();
    EXPECT_EQ(client.call(Command{999}, Bytes(100)).error(), unsigned{ENOTSUP});
    EXPECT_EQ(client.call(Command::DEVICE_GET_REGION_IO_FDS, Bytes(16)).error(), unsigned{ENOTSUP});
    EXPECT_EQ(client.call(Command::DMA_READ, Bytes(16)).error(), unsigned{ENOTSUP}) << "the server's command";
    for (const Command command : {Command::DMA_MAP, Command::DMA_UNMAP, Command::DEVICE_GET_INFO, Command::DEVICE_GET_REGION_INFO,
                                  Command::DEVICE_GET_IRQ_INFO, Command::DEVICE_SET_IRQS, Command::REGION_READ, Command::REGION_WRITE})
      EXPECT_EQ(client.call(command, Bytes(3)).error(), unsigned{EINVAL}) << "too short: " << static_cast<unsigned>(command);
    client.command(Command{999}, {}, {}, Header::No_reply);
    EXPECT_EQ(client.map(0, 4096, -1).error(), 0u);
    EXPECT_EQ(client.map(0, 4096, -1).error(), unsigned{EEXIST});
    EXPECT_EQ(client.unmap(0, 4096).payload.size(), sizeof(DmaUnmapRequest)) << "repeats the request";
    EXPECT_EQ(client.unmap(0, 4096).error(), unsigned{ENOENT});
    EXPECT_EQ(client.call(Command::DEVICE_RESET, {}).error(), 0u);
    EXPECT_EQ(rig.device.resets, 1u);
  });
}

TEST(Server, AClosedStreamIsFollowedByTheNextClient) {
  Rig rig;
  rig.serve([&] {
    const auto spoils = [&](const Header& header) {
      VfioUserClient client{rig.path()};
      client.version();
      client.send(&header, sizeof header);
      EXPECT_TRUE(client.closed());
    };
    Header header;
    header.command = Command::REGION_READ;
    header.size = 3;
    spoils(header);
    header.size = ~0u;
    spoils(header);
    header.size = sizeof header;
    header.flags = 7;
    spoils(header);
    header.flags = Header::is_reply;
    spoils(header);  // an answer to nothing
    {
      VfioUserClient gone{rig.path()};
      gone.version();
      gone.send(&header, 5);  // and leaves in the middle of a header
    }
    VfioUserClient next{rig.path()};
    EXPECT_EQ(next.version().error(), 0u);
    EXPECT_EQ(next.map(0, 4096, -1).error(), 0u) << "nothing of those before is mapped";
    EXPECT_EQ(rig.device.resets, 5u);
  });
}

TEST(Server, TheSecondClientWaitsForTheFirst) {
  Rig rig;
  rig.serve([&] {
    auto first = std::make_unique<VfioUserClient>(rig.path());
    first->version();
    EXPECT_EQ(first->map(0, 4096, -1).error(), 0u);
    VfioUserClient second{rig.path()};
    const std::uint16_t id = second.command(Command::VERSION, Bytes(4));
    EXPECT_EQ(first->read(7, 0), 0u) << "is served on";
    first.reset();
    EXPECT_EQ(second.answer(id).error(), 0u);
    EXPECT_EQ(second.map(0, 4096, -1).error(), 0u);
  });
}

TEST(Server, AnswersThatTheClientDoesNotTakeWait) {
  Rig rig;
  rig.serve([&] {
    VfioUserClient deaf{rig.path()};
    deaf.version();
    const Bytes access = VfioUserClient::bytes_of(RegionAccess{0, 7, 4096});
    // More than the socket holds.
    constexpr unsigned sent = 300;
    for (unsigned i = 0; i < sent; ++i) deaf.command(Command::REGION_READ, access);
    for (unsigned i = 0; i < sent; ++i) ASSERT_EQ(deaf.receive().payload.size(), 16u + 4096) << "none is lost";
  });
}

TEST(Server, RandomMessages) {
  const char* given = std::getenv("AHCISIM_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  SCOPED_TRACE("AHCISIM_SEED=" + std::to_string(seed));
  std::mt19937 random{seed};
  Rig rig;
  rig.serve([&] {
    const SharedMemory memory{1 << 16};
    const Event event;
    for (unsigned round = 0; round < 40; ++round) {
      VfioUserClient client{rig.path()};
      try {
        if (random() % 8) client.version();
        client.memory.resize(1 << 16);
        for (unsigned i = 0; i < 60; ++i) {
          Bytes payload(random() % 64);
          for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(random() % 4 ? random() % 8 : random());
          std::vector<int> descriptors;
          for (unsigned n = random() % 12; n > 8; --n) descriptors.push_back(random() % 2 ? memory.descriptor() : event.descriptor());
          const auto command = static_cast<Command>(random() % 16);
          if (random() % 100 == 0) {
            payload.resize(1 + random() % 15);
            client.send(payload.data(), payload.size());  // the beginning of something, and away
            break;
          }
          client.call(command, payload, descriptors);
        }
      } catch (const Closed&) {
      }
    }
    VfioUserClient good{rig.path()};
    EXPECT_EQ(good.version().error(), 0u);
    EXPECT_EQ(good.read(7, 0), 0u | rig.device.content[7][0] | rig.device.content[7][1] << 8 | rig.device.content[7][2] << 16 |
                                   static_cast<std::uint32_t>(rig.device.content[7][3]) << 24);
  });
}

}  // namespace
}  // namespace ahcisim::test
