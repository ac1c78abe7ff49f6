// SPDX-License-Identifier: MIT
// The cycle times of the modes, and which mode holds where drive, host and cable differ.
#include <gtest/gtest.h>

#include <ahcisim/models/ide/pata_timing.hpp>

namespace ahcisim::ide {
namespace {

using namespace kit::literals;

TransferModes selected(std::initializer_list<unsigned> counts) {
  TransferModes modes;
  for (const unsigned count : counts) modes.select(static_cast<std::uint8_t>(count));
  return modes;
}

TEST(PataTiming, RatesAreThoseTheModesAreKnownBy) {
  const IdeParameters parameters;
  const PataTiming timing{parameters};
  const double pio[] = {3.3, 5.2, 8.3, 11.1, 16.7}, multiword[] = {4.2, 13.3, 16.7},
               ultra[] = {16.7, 25.0, 33.3, 44.4, 66.7, 100.0, 133.3};
  const auto rate = [](kit::Duration word) { return 2e6 / static_cast<double>(word.ps()); };  // MB/s
  for (unsigned i = 0; i < 5; ++i) EXPECT_NEAR(rate(timing.pio_cycle(selected({8 + i}))), pio[i], 0.05) << "PIO " << i;
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(rate(timing.dma_pace(selected({32 + i})).word), multiword[i], 0.05) << "Multiword DMA " << i;
  for (unsigned i = 0; i < 7; ++i)
    EXPECT_NEAR(rate(timing.dma_pace(selected({64 + i})).word), ultra[i], 0.05) << "Ultra DMA " << i;
}

TEST(PataTiming, UltraBurstsOpenAndCloseMultiwordOnesDoNot) {
  const IdeParameters parameters;
  const PataTiming timing{parameters};
  const DmaPace fastest = timing.dma_pace(selected({70})), slowest = timing.dma_pace(selected({64}));
  EXPECT_EQ(fastest.opening, 120_ns) << "tACK 20, tENV 20, tFS 80";
  EXPECT_EQ(fastest.closing, 150_ns) << "tSS 50, tLI 60, tMLI 20, tACK 20";
  EXPECT_EQ(slowest.opening, 270_ns) << "tFS 230";
  EXPECT_EQ(slowest.closing, 240_ns) << "tLI 150";
  EXPECT_EQ((timing.dma_pace(selected({34})).opening + timing.dma_pace(selected({34})).closing).ps(), 0);
}

TEST(PataTiming, RegistersHaveCyclesOfTheirOwn) {
  const IdeParameters parameters;
  const PataTiming timing{parameters};
  const int cycles[] = {600, 383, 330, 180, 120};
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(timing.register_cycle(selected({8 + i})).ps(), cycles[i] * 1000);
  EXPECT_EQ(timing.register_cycle(TransferModes{}).ps(), 600'000) << "PIO 0 until SET FEATURES";
}

TEST(PataTiming, TheSlowerOfDriveHostAndCableHolds) {
  IdeParameters parameters;
  parameters.set("host_pio", "3");
  parameters.set("host_multiword", "1");
  parameters.set("cable", "40");
  const PataTiming timing{parameters};
  EXPECT_EQ(timing.pio_cycle(selected({0x0c})), 180_ns);
  EXPECT_EQ(timing.dma_pace(selected({0x22})).word, 150_ns);
  EXPECT_EQ(timing.dma_pace(selected({0x46})).word, 60_ns) << "40 conductors: no more than Ultra DMA 2";
  EXPECT_TRUE(timing.beyond(selected({0x0b, 0x46})));
  EXPECT_FALSE(timing.beyond(selected({0x0b, 0x42})));
  parameters.set("host_ultra", "-1");
  EXPECT_EQ(PataTiming{parameters}.dma_pace(selected({0x46})).word, 480_ns) << "a PIIX3 has no Ultra DMA";
}

TEST(PataTiming, SelectingOneDmaKindEndsTheOther) {
  TransferModes modes = selected({0x0c, 0x45, 0x21});
  EXPECT_EQ(modes.pio, 4);
  EXPECT_EQ(modes.ultra, -1);
  EXPECT_EQ(modes.multiword, 1);
  modes.select(0x47);  // no such mode
  modes.select(0x0d);
  EXPECT_EQ(modes.ultra, -1);
  EXPECT_EQ(modes.pio, 4);
  modes.select(0x00);
  EXPECT_EQ(modes.pio, 0);
}

TEST(PataTiming, StringsTakeTheSlowerOfCableAndRequester) {
  const IdeParameters parameters;
  const PataTiming timing{parameters};
  const TransferModes modes = selected({0x0c});
  EXPECT_EQ(timing.string_access(modes, 256, 1, {}), 256 * 120_ns);
  EXPECT_EQ(timing.string_access(modes, 128, 2, {}), 256 * 120_ns);
  EXPECT_EQ(timing.string_access(modes, 128, 2, 300_ns), 128 * 300_ns);
}

TEST(PataTiming, WithoutACableNothingTakesTime) {
  IdeParameters parameters;
  parameters.set("bus", "none");
  const PataTiming timing{parameters};
  const TransferModes modes;
  EXPECT_EQ(timing.register_cycle(modes).ps(), 0);
  EXPECT_EQ(timing.dma_pace(modes).word.ps(), 0);
  EXPECT_EQ(timing.string_access(modes, 256, 1, 10_ns), 256 * 10_ns);
  EXPECT_EQ(timing.settle.ps(), 0);
}

}  // namespace
}  // namespace ahcisim::ide
