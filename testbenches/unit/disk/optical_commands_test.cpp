// SPDX-License-Identifier: MIT
// Command packets of the optical drive, one by one, against MMC-6 and SPC-4.
#include <algorithm>
#include <random>
#include <string>

#include "optical_bench.hpp"

namespace ahcisim::disk::optical {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint32_t be32(const Bytes& d, std::size_t at) {
  return static_cast<std::uint32_t>(d[at]) << 24 | static_cast<std::uint32_t>(d[at + 1] << 16 | d[at + 2] << 8 | d[at + 3]);
}

struct Ready : Drive {
  explicit Ready(std::uint64_t blocks = 100'000) : Drive{make_disc(blocks)} { make_ready(); }
};

TEST(PacketCommands, PowerOnIsToldOnceThenThatTheDiscBecomesReady) {
  Drive drive;
  EXPECT_EQ(drive.sense({0x00}), (Sense{6, 0x29, 0x00}));
  EXPECT_EQ(drive.requested(), (Sense{6, 0x29, 0x00})) << "kept until it is asked for";
  EXPECT_EQ(drive.sense({0x00}), (Sense{2, 0x04, 0x01}));
  EXPECT_EQ(drive.requested(), (Sense{2, 0x04, 0x01}));
  drive.settle();
  EXPECT_EQ(drive.sense({0x00}), (Sense{6, 0x28, 0x00}));
  EXPECT_TRUE(drive.sense({0x00}).good());
  EXPECT_TRUE(drive.requested().good());
}

TEST(PacketCommands, AttentionLeavesThoseAloneThatAreAlwaysExecuted) {
  Drive drive;
  EXPECT_TRUE(drive.sense({0x12, 0, 0, 0, 36}).good());
  EXPECT_TRUE(drive.sense({0x46, 0, 0, 0, 0, 0, 0, 0, 8}).good());
  EXPECT_TRUE(drive.sense({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}).good());
  EXPECT_EQ(drive.requested(), (Sense{6, 0x29, 0x00})) << "REQUEST SENSE tells of it itself";
  EXPECT_EQ(drive.sense({0x00}), (Sense{2, 0x04, 0x01})) << "and it is no longer pending";
}

TEST(PacketCommands, AnythingElseIsNoCommand) {
  const std::string known{"\x00\x03\x12\x1b\x1e\x25\x28\x2b\x43\x46\x4a\x51\x5a\xa8\xad\xbd", 16};
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    Ready drive;
    const bool is_known = known.find(static_cast<char>(opcode)) != std::string::npos;
    EXPECT_EQ(find_packet(static_cast<std::uint8_t>(opcode)) != nullptr, is_known) << opcode;
    if (is_known) continue;
    EXPECT_EQ(drive.sense({static_cast<std::uint8_t>(opcode)}), (Sense{5, 0x20, 0x00})) << opcode;
    EXPECT_EQ(drive.requested(), (Sense{5, 0x20, 0x00}));
  }
}

TEST(PacketCommands, SenseIsOfTheLastCommand) {
  Ready drive;
  drive.packet({0xff});
  drive.packet({0x00});
  EXPECT_TRUE(drive.requested().good());
}

TEST(PacketCommands, Inquiry) {
  Ready drive;
  const Bytes d = drive.reply({0x12, 0, 0, 0, 96});
  ASSERT_EQ(d.size(), 36u);
  EXPECT_EQ(d[0], 0x05);
  EXPECT_EQ(d[1], 0x80);
  EXPECT_EQ(d[3] & 0x0f, 2);
  EXPECT_EQ(d[4], 31);
  EXPECT_EQ(std::string(d.begin() + 8, d.end()), "AHCISIM DVD-ROM         1.0 ");
  EXPECT_EQ(drive.reply({0x12, 0, 0, 0, 5}).size(), 5u);
  EXPECT_EQ(drive.packet({0x12, 0, 0, 0, 0}).kind, Outcome::Kind::status) << "an allocation length of 0 is no error";
  EXPECT_TRUE(drive.last.sense.good());
  EXPECT_EQ(drive.sense({0x12, 1, 0, 0, 36}), (Sense{5, 0x24, 0x00}));
  EXPECT_EQ(drive.sense({0x12, 0, 0x80, 0, 36}), (Sense{5, 0x24, 0x00}));
}

TEST(PacketCommands, ReadCapacityAndReadsWithinIt) {
  Ready drive{1000};
  const Bytes d = drive.reply({0x25});
  ASSERT_EQ(d.size(), 8u);
  EXPECT_EQ(be32(d, 0), 999u);
  EXPECT_EQ(be32(d, 4), 2048u);
  drive.packet({0x28, 0, 0, 0, 3, 0xe7, 0, 0, 1});  // the last block
  EXPECT_EQ(drive.last.kind, Outcome::Kind::blocks);
  EXPECT_EQ(drive.last.block, 999u);
  EXPECT_EQ(drive.last.count, 1u);
  drive.packet({0xa8, 0, 0, 0, 0, 1, 0, 0, 3, 0xe7});
  EXPECT_EQ(drive.last.kind, Outcome::Kind::blocks);
  EXPECT_EQ(drive.last.count, 999u);
  for (const auto& beyond : {std::initializer_list<std::uint8_t>{0x28, 0, 0, 0, 3, 0xe8, 0, 0, 1}, {0x28, 0, 0, 0, 3, 0xe7, 0, 0, 2},
                             {0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff}, {0xa8, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff},
                             {0xa8, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0}, {0x2b, 0, 0, 0, 3, 0xe8}}) {
    EXPECT_EQ(drive.sense(beyond), (Sense{5, 0x21, 0x00}));
  }
  EXPECT_EQ(drive.packet({0x28, 0, 0, 0, 0, 5, 0, 0, 0}).kind, Outcome::Kind::status) << "no blocks, no error";
  EXPECT_TRUE(drive.last.sense.good());
  EXPECT_EQ(drive.sense({0x28, 1, 0, 0, 0, 5, 0, 0, 1}), (Sense{5, 0x24, 0x00})) << "RelAdr";
  EXPECT_TRUE(drive.sense({0x2b, 0, 0, 0, 3, 0xe7}).good());
}

TEST(PacketCommands, TableOfContents) {
  Ready drive{4'500};  // a minute less two seconds' lead and 150 frames
  const Bytes all = drive.reply({0x43, 0, 0, 0, 0, 0, 0, 0, 100});
  EXPECT_EQ(all, (Bytes{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0x11, 0x94}));
  EXPECT_EQ(drive.reply({0x43, 0, 0, 0, 0, 0, 0xaa, 0, 100}), (Bytes{0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 0, 0x11, 0x94}));
  const Bytes msf = drive.reply({0x43, 2, 0, 0, 0, 0, 0, 0, 100});
  EXPECT_EQ(Bytes(msf.begin() + 8, msf.begin() + 12), (Bytes{0, 0, 2, 0}));
  EXPECT_EQ(Bytes(msf.begin() + 16, msf.end()), (Bytes{0, 1, 2, 0}));
  const Bytes session{0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(drive.reply({0x43, 0, 1, 0, 0, 0, 0, 0, 12}), session);
  EXPECT_EQ(drive.reply({0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40}), session) << "the format where it once was";
  EXPECT_EQ(drive.reply({0x43, 0, 0, 0, 0, 0, 0, 0, 4}).size(), 4u);
  EXPECT_EQ(drive.sense({0x43, 0, 0, 0, 0, 0, 2, 0, 100}), (Sense{5, 0x24, 0x00}));
  EXPECT_EQ(drive.sense({0x43, 0, 5, 0, 0, 0, 0, 0, 100}), (Sense{5, 0x24, 0x00}));
}

TEST(PacketCommands, FeaturesAreCurrentWithADisc) {
  Ready drive;
  const Bytes all = drive.reply({0x46, 0, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(be32(all, 0), all.size() - 4);
  EXPECT_EQ(all[6] << 8 | all[7], 0x0010);
  std::vector<unsigned> found;
  for (std::size_t at = 8; at < all.size(); at += 4u + all[at + 3]) {
    found.push_back(static_cast<unsigned>(all[at] << 8 | all[at + 1]));
    EXPECT_EQ(all[at + 3] % 4, 0) << "MMC-6, 5.2.2: a multiple of 4";
    EXPECT_TRUE(all[at + 2] & 1) << "current";
  }
  EXPECT_EQ(found, (std::vector<unsigned>{0x0000, 0x0001, 0x0003, 0x0010, 0x001f, 0x0100, 0x0105, 0x0108}));
  const Bytes one = drive.reply({0x46, 2, 0, 0x10, 0, 0, 0, 1, 0});
  EXPECT_EQ(Bytes(one.begin() + 8, one.end()), (Bytes{0, 0x10, 0x01, 8, 0, 0, 8, 0, 0, 16, 1, 0}));
  EXPECT_EQ(drive.reply({0x46, 2, 0x12, 0x34, 0, 0, 0, 1, 0}).size(), 8u) << "a feature that is not there";
  EXPECT_EQ(drive.sense({0x46, 3, 0, 0, 0, 0, 0, 1, 0}), (Sense{5, 0x24, 0x00}));

  Drive empty{nullptr};
  const Bytes none = empty.reply({0x46, 1, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(none[6] << 8 | none[7], 0);
  for (std::size_t at = 8; at < none.size(); at += 4u + none[at + 3]) EXPECT_NE(none[at + 1], 0x1f);
}

TEST(PacketCommands, MediaEventsAreToldOnce) {
  Ready drive;
  const auto event = [&] { return drive.reply({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}); };
  EXPECT_EQ(event(), (Bytes{0, 6, 4, 0x10, 2, 2, 0, 0})) << "new media, present";
  EXPECT_EQ(event(), (Bytes{0, 6, 4, 0x10, 0, 2, 0, 0}));
  drive.commands.eject_requested();
  EXPECT_EQ(event()[4], 1);
  EXPECT_EQ(drive.reply({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 4}).size(), 4u);
  drive.packet({0x1b, 1, 0, 0, 2});
  EXPECT_EQ(drive.reply({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 4}).size(), 4u) << "the header alone tells of nothing";
  EXPECT_EQ(event(), (Bytes{0, 6, 4, 0x10, 3, 1, 0, 0})) << "removal, tray open";
  EXPECT_EQ(drive.reply({0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8}), (Bytes{0, 2, 0x80, 0x10})) << "no class that there is";
  EXPECT_EQ(drive.sense({0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8}), (Sense{5, 0x24, 0x00})) << "asynchronous";
}

TEST(PacketCommands, ModePages) {
  Ready drive;
  const Bytes page = drive.reply({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128});
  ASSERT_EQ(page.size(), 8u + 22u);
  EXPECT_EQ(page[0] << 8 | page[1], 28);
  EXPECT_EQ(page[8], 0x2a);
  EXPECT_EQ(page[9], 20);
  EXPECT_EQ(page[10], 0x08) << "reads DVD-ROM";
  EXPECT_EQ(page[11], 0x00) << "writes nothing";
  EXPECT_EQ(page[14], 0x29) << "tray, eject, lock";
  EXPECT_EQ(page[16] << 8 | page[17], 22160) << "kB/s";
  EXPECT_EQ(page[20] << 8 | page[21], 512) << "KiB of buffer";
  drive.packet({0x1e, 0, 0, 0, 1});
  EXPECT_EQ(drive.reply({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128})[14], 0x2b) << "locked";
  const Bytes changeable = drive.reply({0x5a, 0, 0x6a, 0, 0, 0, 0, 0, 128});
  EXPECT_EQ(std::count(changeable.begin() + 10, changeable.end(), 0), 20);
  const Bytes all = drive.reply({0x5a, 0, 0x3f, 0, 0, 0, 0, 0x01, 0});
  EXPECT_EQ(all.size(), 8u + 12 + 12 + 22);
  EXPECT_EQ(drive.sense({0x5a, 0, 0x05, 0, 0, 0, 0, 0, 128}), (Sense{5, 0x24, 0x00}));
  EXPECT_EQ(drive.sense({0x5a, 0, 0xea, 0, 0, 0, 0, 0, 128}), (Sense{5, 0x39, 0x00})) << "saved values";
}

TEST(PacketCommands, DiscInformationAndStructure) {
  Ready drive{1000};
  const Bytes info = drive.reply({0x51, 0, 0, 0, 0, 0, 0, 0, 34});
  ASSERT_EQ(info.size(), 34u);
  EXPECT_EQ(info[1], 32);
  EXPECT_EQ(info[2], 0x0e);
  const Bytes structure = drive.reply({0xad, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x04});
  ASSERT_EQ(structure.size(), 2052u);
  EXPECT_EQ(be32(structure, 8), 0x030000u);
  EXPECT_EQ(be32(structure, 12), 0x030000u + 999);
  EXPECT_EQ(drive.reply({0xad, 0, 0, 0, 0, 0, 0, 1, 0, 8}).size(), 8u);
  EXPECT_EQ(drive.sense({0xad, 0, 0, 0, 0, 0, 0, 4, 0, 8}), (Sense{5, 0x24, 0x00}));
  EXPECT_EQ(drive.reply({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8}), Bytes(8));
}

TEST(PacketCommands, TheTrayObeysAndTheLockHoldsIt) {
  Ready drive;
  EXPECT_TRUE(drive.sense({0x1e, 0, 0, 0, 1}).good());
  EXPECT_EQ(drive.sense({0x1b, 0, 0, 0, 2}), (Sense{5, 0x53, 0x02}));
  EXPECT_EQ(drive.mechanism.tray(), Tray::closed);
  EXPECT_EQ(drive.sense({0x1e, 0, 0, 0, 2}), (Sense{5, 0x24, 0x00})) << "persistent prevent";
  EXPECT_TRUE(drive.sense({0x1e, 0, 0, 0, 0}).good());
  EXPECT_EQ(drive.packet({0x1b, 0, 0, 0, 2}).kind, Outcome::Kind::movement);
  EXPECT_EQ(drive.sense({0x00}), (Sense{2, 0x3a, 0x02}));
  EXPECT_EQ(drive.sense({0x28, 0, 0, 0, 0, 0, 0, 0, 1}), (Sense{2, 0x3a, 0x02}));
  const Duration begin = drive.now;
  drive.settle();
  EXPECT_EQ(drive.now - begin, drive.parameters.tray_time());
  EXPECT_EQ(drive.mechanism.tray(), Tray::open);
  EXPECT_EQ(drive.reply({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8})[1], 0x10) << "door open";
  EXPECT_EQ(drive.packet({0x1b, 1, 0, 0, 3}).kind, Outcome::Kind::status) << "Immed";
  EXPECT_EQ(drive.sense({0x00}), (Sense{2, 0x04, 0x01}));
  drive.settle();
  EXPECT_EQ(drive.sense({0x25}), (Sense{6, 0x28, 0x00}));
  EXPECT_TRUE(drive.sense({0x25}).good());
  EXPECT_EQ(drive.packet({0x1b, 0, 0, 0, 3}).kind, Outcome::Kind::status) << "it is in already";
}

TEST(PacketCommands, ATrayThatIsGoingOutArrivesBeforeItGoesIn) {
  Ready drive;
  drive.packet({0x1b, 1, 0, 0, 2});
  EXPECT_EQ(drive.packet({0x1b, 0, 0, 0, 3}).kind, Outcome::Kind::movement);
  const Duration begin = drive.now;
  drive.now = drive.mechanism.next_change();
  drive.mechanism.advance(drive.now);
  EXPECT_EQ(drive.now - begin, drive.parameters.tray_time());
  EXPECT_EQ(drive.mechanism.tray(), Tray::closing);
  drive.settle();
  EXPECT_TRUE(drive.mechanism.ready());
}

TEST(PacketCommands, WithoutADisc) {
  Drive drive{nullptr};
  drive.packet({0x00});
  EXPECT_EQ(drive.sense({0x00}), (Sense{2, 0x3a, 0x01}));
  EXPECT_EQ(drive.sense({0x43, 0, 0, 0, 0, 0, 0, 0, 12}), (Sense{2, 0x3a, 0x01}));
  EXPECT_EQ(drive.sense({0x1b, 0, 0, 0, 1}), (Sense{2, 0x3a, 0x01}));
  EXPECT_TRUE(drive.sense({0x1e, 0, 0, 0, 1}).good());
  EXPECT_TRUE(drive.sense({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128}).good());
}

TEST(PacketCommands, ASpindleAtRestStartsWithTheNextRead) {
  Ready drive;
  EXPECT_TRUE(drive.sense({0x1b, 0, 0, 0, 0}).good());
  EXPECT_FALSE(drive.mechanism.spinning());
  EXPECT_TRUE(drive.sense({0x00}).good());
  drive.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1});
  EXPECT_GE(drive.mechanism.in_buffer(0) - drive.now, drive.parameters.spin_up());
  EXPECT_TRUE(drive.sense({0x1b, 0, 0, 0, 0}).good());
  EXPECT_EQ(drive.packet({0x1b, 0, 0, 0, 1}).at, drive.now + drive.parameters.spin_up());
  EXPECT_TRUE(drive.sense({0x1b, 0, 0, 0, 0x30}).good()) << "power condition standby";
  EXPECT_FALSE(drive.mechanism.spinning());
  EXPECT_EQ(drive.sense({0x1b, 0, 0, 0, 0x50}), (Sense{5, 0x24, 0x00}));
  EXPECT_EQ(drive.sense({0x1b, 0, 0, 0, 0x06}), (Sense{5, 0x24, 0x00})) << "FL";
}

TEST(PacketCommands, WhateverAPacketHoldsEnds) {
  constexpr unsigned seed = 41;
  std::mt19937 random{seed};
  std::printf("seed %u\n", seed);
  Ready drive{5000};
  for (unsigned i = 0; i < 200'000; ++i) {
    Packet packet;
    for (auto& byte : packet.bytes) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0);
    static constexpr std::uint8_t known[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xad, 0xbd};
    packet.bytes[0] = random() % 8 == 0 ? static_cast<std::uint8_t>(random()) : known[random() % std::size(known)];
    const Outcome outcome = drive.commands.execute(packet, drive.now);
    drive.now += Duration::from_us(random() % 100'000);
    if (drive.mechanism.next_change() <= drive.now) drive.mechanism.advance(drive.now);
    ASSERT_LE(outcome.bytes, 2052u);
    if (outcome.kind != Outcome::Kind::blocks) continue;
    ASSERT_LE(std::uint64_t{outcome.block} + outcome.count, 5000u);
    ASSERT_TRUE(outcome.sense.good());
  }
}

}  // namespace
}  // namespace ahcisim::disk::optical
