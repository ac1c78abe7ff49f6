// SPDX-License-Identifier: MIT
// CRC, scrambler and 8b/10b against the specification's examples.
#include <gtest/gtest.h>

#include <bitset>
#include <map>
#include <set>

#include <ahcisim/models/kit/random.hpp>
#include <ahcisim/models/sata/crc32.hpp>
#include <ahcisim/models/sata/scrambler.hpp>
#include <ahcisim/models/sata/wire_image.hpp>

namespace ahcisim::sata {
namespace {

// Serial ATA 3.x, the sample data of the CRC program in the informative appendix: a Register H2D FIS of a READ/WRITE SECTOR(S).
constexpr std::uint32_t sample[] = {0x00308027, 0xE1234567, 0x00000000, 0x00000002, 0x00000000};

TEST(SataCrc, GivesTheRunningValuesOfTheSpecification) {
  const std::uint32_t running[] = {0x11E353FD, 0x0F656DA7, 0x3D14369C, 0x92D0D681, 0x319FFF6F};
  Crc32 crc;
  EXPECT_EQ(crc.value(), 0x52325032u);
  for (unsigned i = 0; i < 5; ++i) {
    crc.add(sample[i]);
    EXPECT_EQ(crc.value(), running[i]) << "dword " << i;
  }
}

TEST(SataCrc, NoticesEverySingleWrongBit) {
  for (unsigned dword = 0; dword < 5; ++dword)
    for (unsigned bit = 0; bit < 32; ++bit) {
      Crc32 crc;
      for (unsigned i = 0; i < 5; ++i) crc.add(sample[i] ^ (i == dword ? 1u << bit : 0));
      EXPECT_NE(crc.value(), 0x319FFF6Fu);
    }
}

TEST(SataScrambler, GivesTheSequenceOfTheSpecification) {
  const std::uint32_t first[] = {0xC2D2768D, 0x1F26B368, 0xA508436C, 0x3452D354, 0x8A559502, 0xBB1ABE1B, 0xFA56B73D, 0x53F60B1B};
  Scrambler scrambler;
  for (const std::uint32_t dword : first) EXPECT_EQ(scrambler.next(), dword);
  scrambler.restart();
  EXPECT_EQ(scrambler.next(), first[0]);
}

TEST(SataScrambler, RepeatsAfterItsWholePeriodAndNotBefore) {
  Scrambler scrambler;
  std::set<std::uint32_t> seen;
  for (unsigned i = 0; i < 65535; ++i) EXPECT_TRUE(seen.insert(scrambler.next()).second) << "dword " << i;
  EXPECT_EQ(scrambler.next(), 0xC2D2768Du);
}

std::string text(std::uint16_t code) { return std::bitset<10>{code}.to_string(); }

TEST(SataEncoding, GivesTheKnownCodePoints) {
  struct Point {
    unsigned x, y;
    bool control;
    const char *minus, *plus;
  };
  // D10.2 and K28.5, K28.3 are those of ALIGN and the other primitives (Serial ATA 3.x, 9.4).
  const Point points[] = {
      {28, 5, true, "0011111010", "1100000101"}, {28, 3, true, "0011110011", "1100001100"},
      {10, 2, false, "0101010101", "0101010101"}, {0, 0, false, "1001110100", "0110001011"},
      {27, 3, false, "1101100011", "0010011100"}, {7, 0, false, "1110001011", "0001110100"},
      {21, 5, false, "1010101010", "1010101010"}, {31, 7, false, "1010110001", "0101001110"},
      {17, 7, false, "1000110111", "1000110001"}, {11, 7, false, "1101001110", "1101001000"},
      {3, 3, false, "1100011100", "1100010011"},  {28, 7, true, "0011111000", "1100000111"}};
  for (const Point& p : points) {
    const auto byte = static_cast<std::uint8_t>(p.y << 5 | p.x);
    Disparity minus = Disparity::minus, plus = Disparity::plus;
    EXPECT_EQ(text(encode(byte, p.control, minus)), p.minus) << p.x << '.' << p.y;
    EXPECT_EQ(text(encode(byte, p.control, plus)), p.plus) << p.x << '.' << p.y;
  }
}

TEST(SataEncoding, KeepsTheLineBalancedAndDecodesToWhatWasSent) {
  std::map<std::uint16_t, unsigned> meaning;
  for (const Disparity start : {Disparity::minus, Disparity::plus})
    for (unsigned value = 0; value < 512; ++value) {
      const bool control = value > 255;
      const auto byte = static_cast<std::uint8_t>(value);
      if (control && byte != 0xBC && byte != 0x7C) continue;  // K28.5 and K28.3
      Disparity sending = start, receiving = start;
      const std::uint16_t code = encode(byte, control, sending);
      const int balance = 2 * static_cast<int>(std::bitset<10>{code}.count()) - 10;
      EXPECT_TRUE(balance == 0 ? sending == start : balance == (start == Disparity::minus ? 2 : -2) && sending != start) << value;
      const auto known = meaning.emplace(code, value);
      EXPECT_EQ(known.first->second, value) << "one code for two characters";
      const Decoded decoded = decode(code, receiving);
      EXPECT_TRUE(decoded.valid && decoded.disparity_ok);
      EXPECT_EQ(decoded.byte, byte);
      EXPECT_EQ(decoded.control, control);
      EXPECT_EQ(receiving, sending);
    }
}

TEST(SataEncoding, NoRunOfEqualBitsIsLongerThanFive) {
  const std::uint64_t seed = 7;
  std::cout << "seed " << seed << '\n';
  kit::Random random{seed, "runs"};
  Disparity disparity = Disparity::minus;
  unsigned run = 0, last = 2;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t line = encode_dword(static_cast<std::uint32_t>(random.between(0, 0xffffffff)), false, disparity);
    for (int bit = 39; bit >= 0; --bit) {
      const unsigned value = line >> bit & 1;
      run = value == last ? run + 1 : 1;
      last = value;
      ASSERT_LE(run, 5u);
    }
  }
}

TEST(SataEncoding, TellsWrongCodesFromWrongDisparity) {
  Disparity disparity = Disparity::minus;
  EXPECT_FALSE(decode(0b1111111111, disparity).valid);
  disparity = Disparity::plus;
  const Decoded other = decode(0b1001110100, disparity);  // D0.0 of negative disparity
  EXPECT_TRUE(other.valid);
  EXPECT_FALSE(other.disparity_ok);
}

wire::Frame sample_frame() {
  wire::Frame frame;
  for (unsigned i = 0; i < 5; ++i) wire::store_le32(frame.fis + 4 * i, sample[i]);
  frame.fis_bytes = 20;
  return frame;
}

TEST(SataImage, IsTheExampleFrameOfTheSpecification) {
  const std::vector<LineDword> image = image_of(sample_frame());
  const std::uint32_t expected[] = {0x3737B57C, 0xC2E2F6AA, 0xFE05F60F, 0xA508436C, 0x3452D356, 0x8A559502, 0x8A854174, 0xD5D5B57C};
  ASSERT_EQ(image.size(), 8u);
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(image[i].dword, expected[i]) << "dword " << i;
    EXPECT_EQ(image[i].primitive, i == 0 || i == 7);
  }
}

TEST(SataImage, FillsTheLastDwordOfAnOddPayload) {
  std::uint8_t bytes[5] = {1, 2, 3, 4, 5};
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  frame.fis_bytes = 4;
  frame.payload = bytes;
  frame.payload_bytes = 5;
  const std::vector<LineDword> image = image_of(frame);
  ASSERT_EQ(image.size(), 6u);
  EXPECT_EQ(image[2].dword, 0x04030201u ^ 0x1F26B368u);
  EXPECT_EQ(image[3].dword, 0x00000005u ^ 0xA508436Cu);
}

TEST(SataImage, EveryPrimitiveBeginsWithAControlCharacterAndHasAName) {
  const Primitive all[] = {Primitive::align,   Primitive::cont,    Primitive::dmat,  Primitive::eof,  Primitive::hold, Primitive::holda,
                           Primitive::pmack,   Primitive::pmnak,   Primitive::pmreq_p, Primitive::pmreq_s, Primitive::r_err,
                           Primitive::r_ip,    Primitive::r_ok,    Primitive::r_rdy, Primitive::sof,  Primitive::sync, Primitive::wtrm,
                           Primitive::x_rdy};
  std::set<std::string> names;
  for (const Primitive primitive : all) {
    const auto first = static_cast<std::uint8_t>(primitive);
    EXPECT_EQ(first, primitive == Primitive::align ? 0xBC : 0x7C);
    EXPECT_TRUE(names.insert(name_of(primitive)).second);
  }
  EXPECT_EQ(name_of(static_cast<Primitive>(0)), nullptr);
}

TEST(SataImage, EverySingleWrongBitIsNoticed) {
  const wire::Frame frame = sample_frame();
  EXPECT_EQ(receive_damaged(frame, {}), Noticed::nothing);
  unsigned by_code = 0, by_crc = 0;
  for (std::int64_t bit = 0; bit < 8 * 40; ++bit) switch (receive_damaged(frame, {bit})) {
      case Noticed::nothing: ADD_FAILURE() << "bit " << bit; break;
      case Noticed::code: ++by_code; break;
      case Noticed::crc: ++by_crc; break;
    }
  EXPECT_EQ(by_code + by_crc, 320u);
  EXPECT_GT(by_code, 0u);
}

TEST(SataImage, PairsOfWrongBitsInOneCharacterAreNoticedToo) {
  const wire::Frame frame = sample_frame();
  unsigned by_crc = 0;
  for (std::int64_t character = 4; character < 24; ++character)
    for (std::int64_t a = 0; a < 10; ++a)
      for (std::int64_t b = a + 1; b < 10; ++b) {
        const Noticed noticed = receive_damaged(frame, {10 * character + a, 10 * character + b});
        EXPECT_NE(noticed, Noticed::nothing) << character << ": " << a << ", " << b;
        by_crc += noticed == Noticed::crc;
      }
  EXPECT_GT(by_crc, 0u);  // some turn one valid code into another: only the CRC sees that
}

}  // namespace
}  // namespace ahcisim::sata
