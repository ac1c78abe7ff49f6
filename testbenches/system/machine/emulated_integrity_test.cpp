// SPDX-License-Identifier: MIT
// Random requests of every size through every interface of an emulated machine, and through bare-metal IDE: every byte compared.
#include <gtest/gtest.h>

#include <support/expect_right.hpp>

namespace ahcisim::measure {
namespace {

IntegrityOptions seeded(std::uint64_t seed, std::uint64_t count) {
  IntegrityOptions options;
  options.seed = seed;
  options.requests = count;
  options.span = 16 << 20;
  return options;
}

/// DATA SET MANAGEMENT moves its ranges by DMA; a hard disk has none.
IntegrityOptions without_trims(IntegrityOptions options) {
  options.trims = false;
  return options;
}

Settings emulated(const Settings& more) {
  // Small page caches, so that pages are replaced and written back.
  Settings all{{"machine.deployment", "emulated"}, {"machine.drive", "samsung-850-pro"}, {"guest.page_cache.size", "4MiB"},
               {"host.page_cache.size", "4MiB"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

using Case = std::tuple<const char*, const char*, const char*, const char*>;
class Emulated : public testing::TestWithParam<Case> {};
std::string name_of(const testing::TestParamInfo<Case>& info) {
  const auto& [interface, backing, cache, io] = info.param;
  return std::string{interface} + "_" + backing + "_" + cache + "_" + io;
}

/// Host page caches are in the way of images on a drive only.
INSTANTIATE_TEST_SUITE_P(OnADrive, Emulated,
                         testing::Combine(testing::Values("ahci", "ide", "virtio_blk"), testing::Values("drive"),
                                          testing::Values("writeback", "none", "writethrough", "directsync", "unsafe"),
                                          testing::Values("direct", "buffered")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(InMemory, Emulated,
                         testing::Combine(testing::Values("ahci", "ide", "virtio_blk"), testing::Values("tmpfs", "instant"),
                                          testing::Values("writeback", "directsync"), testing::Values("direct", "buffered")),
                         name_of);

TEST_P(Emulated, EveryByteIsRight) {
  const auto& [interface, backing, cache, io] = GetParam();
  IntegrityOptions options = seeded(31, 3'000);
  options.scattered = std::string{io} == "direct";
  expect_right(emulated({{"machine.interface", interface}, {"image.backing", backing}, {"image.cache", cache}, {"guest.io", io}}), options);
}

class EmulatedSparse : public testing::TestWithParam<std::tuple<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(All, EmulatedSparse, testing::Combine(testing::Values("ahci", "ide", "virtio_blk"), testing::Values("writeback", "none")),
                         [](const auto& info) { return std::string{std::get<0>(info.param)} + "_" + std::get<1>(info.param); });

// Blocks are allocated, filled up with zeros, punched and found again.
TEST_P(EmulatedSparse, EveryByteIsRight) {
  expect_right(emulated({{"machine.interface", std::get<0>(GetParam())}, {"image.cache", std::get<1>(GetParam())}, {"image.file.layout", "sparse"}}),
               seeded(32, 5'000));
}

struct Variant {
  const char* name;
  Settings settings;
  bool trims = true;
};
class EmulatedVariant : public testing::TestWithParam<Variant> {};
const Variant variants[] = {
    {"AhciUnqueued", {{"guest.driver.ncq", "false"}}},
    {"AhciBehindABridge", {{"guest.ata.bridge_quirk", "true"}}},
    {"AhciOnAHardDisk", {{"image.backing", "drive"}, {"machine.drive", "ultrastar-dc-hc310"}}},
    {"IdePio", {{"machine.interface", "ide"}, {"guest.driver.mode", "pio"}}, false},
    {"IdePioMultiple", {{"machine.interface", "ide"}, {"guest.driver.mode", "pio"}, {"guest.driver.multiple", "16"}}, false},
    {"VirtioBlkLegacyWithALine", {{"machine.interface", "virtio_blk"}, {"guest.driver.transport", "legacy"}, {"guest.driver.interrupts", "intx"}}},
    {"VirtioBlkQueues", {{"machine.interface", "virtio_blk"}, {"guest.controller.queues", "4"}, {"guest.driver.queues", "4"},
                         {"guest.driver.indirect", "false"}}},
};
INSTANTIATE_TEST_SUITE_P(All, EmulatedVariant, testing::ValuesIn(variants), [](const auto& info) { return std::string{info.param.name}; });

TEST_P(EmulatedVariant, EveryByteIsRight) {
  Settings all = emulated({{"image.backing", "tmpfs"}});
  all.insert(all.end(), GetParam().settings.begin(), GetParam().settings.end());
  const IntegrityOptions options = seeded(33, 5'000);
  expect_right(all, GetParam().trims ? options : without_trims(options));
}

class BareMetalIde : public testing::TestWithParam<Variant> {};
const Variant bare_metal[] = {
    {"Dma", {{"machine.drive", "samsung-850-pro"}}},
    {"DmaOnAHardDisk", {{"machine.drive", "ultrastar-dc-hc310"}}, false},
    {"MultiwordDma", {{"machine.drive", "instant"}, {"host.driver.fastest_mode", "mwdma2"}}},
    {"Pio", {{"machine.drive", "instant"}, {"host.driver.mode", "pio"}, {"host.driver.fastest_mode", "pio4"}}, false},
    {"PioMultipleInWords", {{"machine.drive", "instant"}, {"host.driver.mode", "pio"}, {"host.driver.multiple", "16"},
                            {"host.driver.string_width", "word"}}, false},
};
INSTANTIATE_TEST_SUITE_P(All, BareMetalIde, testing::ValuesIn(bare_metal), [](const auto& info) { return std::string{info.param.name}; });

TEST_P(BareMetalIde, EveryByteIsRight) {
  Settings all{{"machine.interface", "ide"}};
  all.insert(all.end(), GetParam().settings.begin(), GetParam().settings.end());
  const IntegrityOptions options = seeded(34, 4'000);
  expect_right(all, GetParam().trims ? options : without_trims(options));
}

}  // namespace
}  // namespace ahcisim::measure
