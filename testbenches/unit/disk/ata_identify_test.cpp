// SPDX-License-Identifier: MIT
// IDENTIFY DEVICE: the table is well formed, and the page says what ACS-3 has a disk like this say.
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/ata/identify.hpp>

namespace ahcisim::disk {
namespace {

struct Page {
  AtaParameters parameters;
  MediumFacts facts{976'773'168, 7200, true, 3, 2, 32768, true, true};
  Settings settings;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(512);
  void write(std::uint8_t speed = 3) { write_identify({parameters, facts, settings, speed}, bytes.data()); }
  unsigned word(unsigned index) const { return bytes[2 * index] | bytes[2 * index + 1] << 8; }
  std::string text(unsigned first, unsigned words) const {
    std::string result;
    for (unsigned i = 0; i < words; ++i) {
      result += static_cast<char>(word(first + i) >> 8);
      result += static_cast<char>(word(first + i) & 0xff);
    }
    return result;
  }
};

TEST(IdentifyTable, NoTwoRowsClaimTheSameBit) {
  std::size_t count = 0;
  const IdentifyRow* rows = identify_rows(count);
  std::set<unsigned> claimed;
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_LE(rows[i].low, rows[i].high);
    ASSERT_LT(rows[i].word * 16u + rows[i].high, 255u * 16);
    for (unsigned bit = rows[i].low; bit <= rows[i].high; ++bit)
      EXPECT_TRUE(claimed.insert(rows[i].word * 16u + bit).second) << "word " << rows[i].word << " bit " << bit;
    if (i > 0) {
      EXPECT_LE(rows[i - 1].word, rows[i].word) << "out of order at word " << rows[i].word;
    }
    const unsigned bit = rows[i].word * 16u + rows[i].low;
    EXPECT_FALSE((bit >= 160 && bit < 320) || (bit >= 368 && bit < 752)) << "a string's word " << rows[i].word;
  }
}

TEST(Identify, WordsOfAModernDisk) {
  Page page;
  page.write();
  struct Expected {
    unsigned word, value;
  };
  const Expected expected[] = {
      {0, 0x0040},   {2, 0xc837},   {47, 0x8010},  {48, 0x4000},  {49, 0x2f00},  {50, 0x4000},  {53, 0x0007},  {59, 0x0110},
      {1, 16383},    {3, 16},       {6, 63},       {54, 16383},   {55, 16},      {56, 63},      {57, 16'514'064 & 0xffff},
      {58, 16'514'064 >> 16},
      {60, 0xffff},  {61, 0x0fff},  {63, 0x0007},  {64, 0x0003},  {65, 120},     {68, 120},     {69, 0x4020},  {75, 31},
      {76, 0x910e},  {77, 0x0046},  {78, 0x0044},  {79, 0x0040},  {80, 0x07f0},  {81, 0x006d},  {82, 0x4069},  {83, 0x7400},
      {84, 0x4163},  {85, 0x4069},  {86, 0xb400},  {87, 0x4163},  {88, 0x407f},  {93, 0},       {100, 976'773'168 & 0xffff},
      {101, 976'773'168 >> 16},     {102, 0},      {103, 0},      {105, 8},      {106, 0x6003}, {119, 0x4008}, {120, 0x4008},
      {128, 0},      {168, 2},      {169, 1},      {206, 0x39},      {209, 0x4000}, {217, 7200},   {222, 0x10fe},
  };
  for (const Expected& e : expected) EXPECT_EQ(page.word(e.word), e.value) << "word " << e.word;
  EXPECT_EQ(page.word(108) >> 12, 5u);  // NAA of the World Wide Name
  EXPECT_EQ(page.bytes[510], 0xa5);
  EXPECT_EQ(std::accumulate(page.bytes.begin(), page.bytes.end(), 0u) & 0xff, 0u);
}

TEST(Identify, StringsAreSwappedAndPadded) {
  Page page;
  page.parameters.model.set("Abc");
  page.parameters.serial.set("12345678901234567890");
  page.write();
  EXPECT_EQ(page.text(27, 20), "Abc" + std::string(37, ' '));
  EXPECT_EQ(page.text(10, 10), "12345678901234567890");
  EXPECT_EQ(page.text(23, 4), "1.0     ");
  EXPECT_NO_THROW(check_names(page.parameters));
  page.parameters.firmware.set("123456789");
  EXPECT_THROW(check_names(page.parameters), kit::ConfigError);
}

TEST(Identify, PriorityOnlyWhereTheMediumOrdersByIt) {
  Page page;
  page.facts.priority = false;
  page.write();
  EXPECT_EQ(page.word(76), 0x810eu);
}

TEST(Identify, WithoutQueueAndTrim) {
  Page page;
  page.parameters.queue_depth.set(0);
  page.parameters.auto_activate.set(false);
  page.facts = {1000, 1, false, 0, 3, 0};
  page.write(0);
  EXPECT_EQ(page.word(76), 0x800eu);
  EXPECT_EQ(page.word(75), 0u);
  EXPECT_EQ(page.word(77), 0u);
  EXPECT_EQ(page.word(78), 0x40u);
  EXPECT_EQ(page.word(69), 0u);
  EXPECT_EQ(page.word(169), 0u);
  EXPECT_EQ(page.word(105), 0u);
  EXPECT_EQ(page.word(106), 0x4000u);
  EXPECT_EQ(page.word(60), 1000u);
  EXPECT_EQ(page.word(217), 1u);
}

}  // namespace
}  // namespace ahcisim::disk
