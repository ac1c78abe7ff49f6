// SPDX-License-Identifier: MIT
// IDENTIFY DEVICE data as a driver reads it.
#include <array>

#include <gtest/gtest.h>

#include <ahcisim/models/host/ata_commands.hpp>
#include <ahcisim/models/host/identify.hpp>

namespace ahcisim::host {
namespace {

struct Data {
  void put(unsigned word, unsigned value) {
    bytes[2 * word] = static_cast<std::uint8_t>(value), bytes[2 * word + 1] = static_cast<std::uint8_t>(value >> 8);
  }
  std::array<std::uint8_t, 512> bytes{};
};

TEST(Identify, modern_disk) {
  Data data;
  data.put(27, 'A' << 8 | 'b'), data.put(28, 'c' << 8 | ' ');
  data.put(75, 30), data.put(76, 0x010e), data.put(78, 4), data.put(79, 0);
  data.put(82, 0x60), data.put(83, 0x6400), data.put(84, 0x4060), data.put(85, 0x60), data.put(87, 0x4060);
  data.put(100, 0x1234), data.put(102, 1), data.put(106, 0x5000), data.put(117, 2048), data.put(169, 1);
  const Identify id = Identify::parse(data.bytes.data());
  EXPECT_EQ(id.model.substr(0, 3), "Abc");
  EXPECT_EQ(id.logical_sectors, 0x100001234u);
  EXPECT_EQ(id.logical_sector_bytes, 4096u);
  EXPECT_EQ(id.queue_depth, 31u);
  EXPECT_TRUE(id.ncq && id.lba48 && id.fua && id.trim && id.log_ext && id.write_cache && id.auto_activate_offered);
  EXPECT_FALSE(id.auto_activate || id.log_dma_ext);
}

TEST(Identify, zeros_and_ones_promise_nothing) {
  Data data;
  Identify id = Identify::parse(data.bytes.data());
  EXPECT_FALSE(id.lba48 || id.ncq || id.fua || id.trim || id.log_ext || id.write_cache);
  EXPECT_EQ(id.model, "");
  data.bytes.fill(0xff);
  id = Identify::parse(data.bytes.data());
  EXPECT_FALSE(id.lba48 || id.ncq || id.fua || id.write_cache || id.log_ext || id.auto_activate_offered);
}

TEST(AtaCommands, short_form_reaches_28_bits) {
  wire::RegisterH2D fis;
  make_plain(fis, false, 0x0abcdef0, 256, true, false);
  EXPECT_EQ(fis.command, 0xc8);
  EXPECT_EQ(fis.device, 0x4a);
  EXPECT_EQ(fis.count_7_0, 0);
  EXPECT_EQ(fis.lba_31_24, 0);
  fis = {};
  make_plain(fis, true, (1u << 28) - 9, 8, true, false);
  EXPECT_EQ(fis.command, 0x35);
  EXPECT_EQ(fis.lba48(), (1u << 28) - 9u);
  fis = {};
  make_plain(fis, true, 0, 8, true, true);
  EXPECT_EQ(fis.command, 0x3d);
}

}  // namespace
}  // namespace ahcisim::host
