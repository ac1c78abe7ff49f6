// SPDX-License-Identifier: MIT
// The registers of both interfaces: tables, negotiation, status, queue windows
// (VIRTIO 1.1, 2.1, 2.2, 3.1, 4.1.4, 5.2.4).
#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

constexpr unsigned ACK = status::ACKNOWLEDGE, DRIVER = status::DRIVER, FEATURES_OK = status::FEATURES_OK,
                   DRIVER_OK = status::DRIVER_OK;

/// A store that must not be written.
class ReadOnly final : public disk::Store {
 public:
  std::uint64_t sectors() const override { return Bench::default_sectors; }
  bool read_only() const override { return true; }
  void read(std::uint64_t, std::uint32_t sectors, std::uint8_t* to) override {
    std::fill_n(to, sectors * 512u, std::uint8_t{0});
  }
  void write(std::uint64_t, std::uint32_t, const std::uint8_t*) override { throw std::logic_error{"write"}; }
  void trim(std::uint64_t, std::uint64_t) override { throw std::logic_error{"trim"}; }
  const std::uint8_t* peek(std::uint64_t, std::uint32_t) override { return nullptr; }
  std::uint8_t* poke(std::uint64_t, std::uint32_t) override { return nullptr; }
  void flush() override {}
};

class Registers : public ::testing::Test {
 protected:
  BlkParameters parameters;
  std::unique_ptr<Bench> b;
  void build(std::unique_ptr<disk::Store> store = nullptr) {
    b = std::make_unique<Bench>(parameters, nullptr, std::move(store));
  }
};

TEST_F(Registers, OffsetsAreThoseOfTheSpecification) {
  build();
  const auto offset = [](const kit::RegisterBank& bank, const char* name) -> int {
    for (const kit::Register* r : bank.registers())
      if (std::string{r->name()} == name) return static_cast<int>(r->offset());
    return -1;
  };
  const kit::RegisterBank& common = b->function.transport().common_bank();  // 4.1.4.3
  const std::pair<const char*, int> expected[] = {{"device_feature_select", 0x00}, {"device_feature", 0x04},
                                                  {"driver_feature_select", 0x08}, {"driver_feature", 0x0c},
                                                  {"msix_config", 0x10},           {"num_queues", 0x12},
                                                  {"device_status", 0x14},         {"config_generation", 0x15},
                                                  {"queue_select", 0x16},          {"queue_size", 0x18},
                                                  {"queue_msix_vector", 0x1a},     {"queue_enable", 0x1c},
                                                  {"queue_notify_off", 0x1e},      {"queue_desc", 0x20},
                                                  {"queue_driver", 0x28},          {"queue_device", 0x30}};
  for (const auto& [name, at] : expected) EXPECT_EQ(offset(common, name), at) << name;
  const kit::RegisterBank& header = b->function.transport().legacy_bank();  // 4.1.4.8
  const std::pair<const char*, int> legacy[] = {
      {"Device Features", 0},     {"Driver Features", 4},   {"Queue Address", 8},  {"queue_size", 12},
      {"queue_select", 14},       {"Queue Notify", 16},     {"device_status", 18}, {"ISR_status", 19},
      {"config_msix_vector", 20}, {"queue_msix_vector", 22}};
  for (const auto& [name, at] : legacy) EXPECT_EQ(offset(header, name), at) << name;
  const std::pair<const char*, int> block[] = {// 5.2.4
                                               {"capacity", 0},
                                               {"size_max", 8},
                                               {"seg_max", 12},
                                               {"geometry.cylinders", 16},
                                               {"geometry.heads", 18},
                                               {"geometry.sectors", 19},
                                               {"blk_size", 20},
                                               {"topology.physical_block_exp", 24},
                                               {"topology.alignment_offset", 25},
                                               {"topology.min_io_size", 26},
                                               {"topology.opt_io_size", 28},
                                               {"writeback", 32},
                                               {"num_queues", 34},
                                               {"max_discard_sectors", 36},
                                               {"max_discard_seg", 40},
                                               {"discard_sector_alignment", 44},
                                               {"max_write_zeroes_sectors", 48},
                                               {"max_write_zeroes_seg", 52},
                                               {"write_zeroes_may_unmap", 56}};
  for (const auto& [name, at] : block) EXPECT_EQ(offset(b->function.configuration_bank(), name), at) << name;
}

TEST_F(Registers, EveryFeatureIsOfferedWithItsFields) {
  parameters.queues.set(3);
  parameters.size_max.set(65536);
  build();
  EXPECT_EQ(b->offered(), feature(1) | feature(2) | feature(4) | feature(6) | feature(9) | feature(10) | feature(11) |
                              feature(12) | feature(13) | feature(14) | feature(28) | feature(29) | feature(32));
  EXPECT_EQ(b->read(false, 0, 4), 0x39007e56u) << "legacy: no VERSION_1, but NOTIFY_ON_EMPTY and ANY_LAYOUT";
  EXPECT_EQ(b->config(0, 8), Bench::default_sectors);
  EXPECT_EQ(b->config(8, 4), 65536u);
  EXPECT_EQ(b->config(12, 4), 254u) << "queue size less two";
  EXPECT_EQ(b->config(16, 2), Bench::default_sectors / 16 / 63);
  EXPECT_EQ(b->config(18, 1), 16u);
  EXPECT_EQ(b->config(19, 1), 63u);
  EXPECT_EQ(b->config(20, 4), 512u);
  EXPECT_EQ(b->config(24, 1), 3u);
  EXPECT_EQ(b->config(34, 2), 3u);
  EXPECT_EQ(b->config(36, 4), 65536u);
  EXPECT_EQ(b->config(52, 4), 1u);
  EXPECT_EQ(b->config(56, 1), 1u);
  EXPECT_EQ(b->common(0x12, 2), 3u) << "num_queues";
  b->common(0x00, 4, 2);
  EXPECT_EQ(b->common(0x04, 4), 0u) << "no third half";
}

TEST_F(Registers, WhatIsNotOfferedReadsZero) {
  parameters.discard.set(false);
  parameters.write_zeroes.set(false);
  parameters.flush.set(false);
  parameters.event_index.set(false);
  parameters.indirect.set(false);
  build();
  EXPECT_EQ(b->offered(), feature(2) | feature(4) | feature(6) | feature(10) | feature(32));
  EXPECT_EQ(b->config(34, 2), 0u);
  for (unsigned at = 36; at < 60; ++at) EXPECT_EQ(b->config(at, 1), 0u) << at;
  EXPECT_EQ(b->config(32, 1), 0u) << "writeback";
}

TEST_F(Registers, AReadOnlyStoreIsAReadOnlyDevice) {
  build(std::make_unique<ReadOnly>());
  EXPECT_TRUE(b->offered() & VIRTIO_BLK_F_RO);
  EXPECT_FALSE(b->offered() & (VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES));
  b->bring_up(VIRTIO_BLK_F_RO);
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_OUT, 0, 512)), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
}

TEST_F(Registers, FeaturesThatAreNotOfferedAreRefused) {
  parameters.event_index.set(false);
  build();
  EXPECT_FALSE(b->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_F_RING_EVENT_IDX));
  EXPECT_FALSE(b->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT)) << "legacy only";
  EXPECT_FALSE(b->negotiate(VIRTIO_F_VERSION_1 | feature(34))) << "packed rings";
  EXPECT_FALSE(b->negotiate(VIRTIO_BLK_F_FLUSH)) << "VERSION_1 is not optional in the modern interface";
  EXPECT_TRUE(b->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_FLUSH));
  EXPECT_EQ(b->complaints("FEATURES_OK is refused"), 4u);
}

TEST_F(Registers, FeaturesAreFixedOnceFeaturesOkIsSet) {
  build();
  ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_FLUSH));
  b->common(0x08, 4, 0);
  EXPECT_EQ(b->common(0x0c, 4), VIRTIO_BLK_F_FLUSH);
  b->common(0x0c, 4, 0);
  EXPECT_EQ(b->common(0x0c, 4), VIRTIO_BLK_F_FLUSH);
  EXPECT_EQ(b->complaints("after FEATURES_OK"), 1u);
}

TEST_F(Registers, StatusBitsComeInOrderAndGoWithAReset) {
  build();
  EXPECT_EQ(b->device_status(), 0u);
  b->common(0x14, 1, ACK);
  b->common(0x14, 1, ACK | DRIVER);
  EXPECT_EQ(b->device_status(), ACK | DRIVER);
  b->common(0x14, 1, ACK | DRIVER | DRIVER_OK);
  EXPECT_EQ(b->device_status(), ACK | DRIVER) << "no FEATURES_OK, no DRIVER_OK";
  b->common(0x14, 1, ACK);
  EXPECT_EQ(b->device_status(), ACK | DRIVER) << "bits are not taken back";
  b->common(0x14, 1, 0x40 | ACK | DRIVER);
  EXPECT_EQ(b->device_status(), ACK | DRIVER) << "DEVICE_NEEDS_RESET is the device's";
  b->common(0x14, 1, status::FAILED | ACK | DRIVER);
  EXPECT_EQ(b->device_status(), status::FAILED | ACK | DRIVER);
  EXPECT_EQ(b->read(false, 0x12, 1), b->device_status()) << "both interfaces show one state";
  b->common(0x14, 1, 0);
  EXPECT_EQ(b->device_status(), 0u);
}

TEST_F(Registers, QueueFieldsShowTheSelectedQueue) {
  parameters.queues.set(2);
  build();
  ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1));
  for (unsigned i = 0; i < 2; ++i) {
    b->common(0x16, 2, i);
    EXPECT_EQ(b->common(0x18, 2), 256u);
    EXPECT_EQ(b->common(0x1a, 2), 0xffffu) << "no vector after a reset";
    EXPECT_EQ(b->common(0x1e, 2), i) << "queue_notify_off";
    b->common(0x18, 2, 64u << i);
    b->common(0x1a, 2, i + 1);
    b->common(0x20, 4, 0x1000 * (i + 1));  // in halves, as most drivers do
    b->common(0x24, 4, i);
    b->common(0x28, 8, 0x20000 * (i + 1));
    b->common(0x30, 8, 0x40000 * (i + 1));
  }
  for (unsigned i = 0; i < 2; ++i) {
    b->common(0x16, 2, i);
    EXPECT_EQ(b->common(0x18, 2), 64u << i);
    EXPECT_EQ(b->common(0x1a, 2), i + 1);
    EXPECT_EQ(b->common(0x20, 8), 0x1000 * (i + 1) | std::uint64_t{i} << 32);
    EXPECT_EQ(b->common(0x28, 8), 0x20000 * (i + 1));
    EXPECT_EQ(b->common(0x30, 8), 0x40000 * (i + 1));
    EXPECT_EQ(b->common(0x1c, 2), 0u);
  }
  b->common(0x16, 2, 2);
  EXPECT_EQ(b->common(0x18, 2), 0u) << "no such queue";
  b->common(0x18, 2, 64);
  b->common(0x1c, 2, 1);
  EXPECT_EQ(b->common(0x1c, 2), 0u);
}

TEST_F(Registers, QueueSizesAndVectorsThatCannotBeAreNotTaken) {
  build();
  ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1));
  for (const unsigned size : {0u, 3u, 255u, 512u, 65535u}) {
    b->common(0x18, 2, size);
    EXPECT_EQ(b->common(0x18, 2), 256u) << size;
  }
  b->common(0x1a, 2, 1);
  EXPECT_EQ(b->common(0x1a, 2), 1u);
  b->common(0x1a, 2, 2);
  EXPECT_EQ(b->common(0x1a, 2), 0xffffu) << "two vectors for one queue: 0 and 1";
  b->common(0x10, 2, 77);
  EXPECT_EQ(b->common(0x10, 2), 0xffffu);
  EXPECT_EQ(b->complaints("vector beyond the table"), 2u);
}

TEST_F(Registers, AnEnabledQueueIsNotMoved) {
  build();
  b->bring_up(0);
  const std::uint64_t desc = b->common(0x20, 8);
  b->common(0x20, 4, 0x5000);
  b->common(0x34, 4, 0x5000);
  b->common(0x18, 2, 16);
  b->common(0x1c, 2, 0);
  EXPECT_EQ(b->common(0x20, 8), desc);
  EXPECT_EQ(b->common(0x34, 4), 0u);
  EXPECT_EQ(b->common(0x18, 2), 256u);
  EXPECT_EQ(b->common(0x1c, 2), 1u);
  EXPECT_EQ(b->complaints("while the queue is enabled"), 3u);
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
}

TEST_F(Registers, ResetReturnsEverything) {
  parameters.queues.set(2);
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE, 2);
  b->write(true, ModernLayout::device + 32, 0, 1);
  b->common(0x14, 1, 0);
  EXPECT_EQ(b->config(32, 1), 1u) << "writeback";
  EXPECT_EQ(b->common(0x10, 2), 0xffffu);
  for (unsigned i = 0; i < 2; ++i) {
    b->common(0x16, 2, i);
    EXPECT_EQ(b->common(0x1c, 2), 0u);
    EXPECT_EQ(b->common(0x1a, 2), 0xffffu);
    EXPECT_EQ(b->common(0x20, 8), 0u);
  }
  b->common(0x08, 4, 0);
  EXPECT_EQ(b->common(0x0c, 4), 0u);
}

TEST_F(Registers, LegacyConfigurationMovesWithTheVectors) {
  build();
  b->sink.msix = true;
  EXPECT_EQ(b->read(false, 0x18, 4), Bench::default_sectors);
  EXPECT_EQ(b->read(false, 0x14, 2), 0xffffu) << "config_msix_vector";
  b->sink.msix = false;
  EXPECT_EQ(b->read(false, 0x14, 4), Bench::default_sectors);
  EXPECT_EQ(b->read(false, 0x14 + 20, 4), 512u) << "blk_size";
  for (unsigned i = 0; i < 8; ++i)  // one byte at a time, as drivers read it
    EXPECT_EQ(b->read(false, 0x14 + i, 1), Bench::default_sectors >> (8 * i) & 0xff);
}

TEST_F(Registers, LegacyQueuesHavePages) {
  build();
  b->write(false, 0x12, ACK | DRIVER, 1);
  EXPECT_EQ(b->read(false, 0x0c, 2), 256u);
  b->write(false, 0x08, 0x123, 4);
  EXPECT_EQ(b->read(false, 0x08, 4), 0x123u);
  b->write(false, 0x0e, 1, 2);
  EXPECT_EQ(b->read(false, 0x0c, 2), 0u) << "no such queue";
  EXPECT_EQ(b->read(false, 0x08, 4), 0u);
  b->write(false, 0x0e, 0, 2);
  b->write(false, 0x08, 0, 4);
  EXPECT_EQ(b->read(false, 0x08, 4), 0u);
}

TEST_F(Registers, WindowsEndWhereTheyEnd) {
  build();
  b->read(false, Transport::legacy_size - 1, 1);
  EXPECT_EQ(b->last_response, ::tlm::TLM_OK_RESPONSE);
  b->read(false, Transport::legacy_size - 1, 2);
  EXPECT_EQ(b->last_response, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  b->read(true, ModernLayout::size - 4, 8);
  EXPECT_EQ(b->last_response, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(b->read(true, 0x800, 4), 0u) << "between the structures";
  b->write(true, 0x800, 1, 4);
  EXPECT_EQ(b->last_response, ::tlm::TLM_OK_RESPONSE);
}

TEST_F(Registers, TheConfigurationGenerationMovesWithTheCapacity) {
  build();
  b->bring_up(0);
  const std::uint64_t generation = b->common(0x15, 1);
  b->function.set_capacity(1000);
  EXPECT_NE(b->common(0x15, 1), generation);
  EXPECT_EQ(b->config(0, 8), 1000u);
  EXPECT_EQ(b->sink.requests[0], 1u) << "configuration change notification";
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 1000, 512)), VIRTIO_BLK_S_IOERR);
}

TEST_F(Registers, ParametersThatContradictAreRefused) {
  kit::Context context{1, "other"};
  disk::InstantMedium medium{Bench::facts()};
  disk::SparseStore store{Bench::default_sectors}, small{Bench::default_sectors - 1};
  BlkParameters odd;
  odd.queue_size.set(100);
  EXPECT_THROW(BlkFunction("a", context, odd, medium, store), kit::ConfigError);
  BlkParameters name;
  name.serial.set("a serial number that is too long");
  EXPECT_THROW(BlkFunction("b", context, name, medium, store), kit::ConfigError);
  BlkParameters plain;
  EXPECT_THROW(BlkFunction("c", context, plain, medium, small), kit::ConfigError);
}

}  // namespace
}  // namespace ahcisim
