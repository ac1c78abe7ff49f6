// SPDX-License-Identifier: MIT
// What goes wrong in a whole machine ends where the user sees it: bits lost on the cable, unreadable sectors, a function reset.
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <support/measure/integrity.hpp>

namespace ahcisim {
namespace {

using kit::Duration;

TEST(MachineErrors, BitsLostOnTheCableCostTimeAndNoData) {
  measure::IntegrityOptions options;
  options.requests = 3000;
  options.seed = 11;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const measure::IntegrityRun run =
      measure::run_integrity({{"machine.drive", "instant"}, {"sata.bit_error_rate", "1e-7x"}}, options);
  EXPECT_EQ(run.right, options.requests) << run.first_wrong;
  EXPECT_EQ(run.diagnostics, 0u) << "nobody broke a rule";
  EXPECT_GT(run.bytes_compared, 10'000'000u) << "some ten errors were due";
}

/// A machine that hands in `requests`, all at once, when the disk is ready.
struct Rig final : host::DeviceListener, host::RequestOwner {
  explicit Rig(std::vector<machine::Setting> settings)
      : parameters{std::move(settings)}, machine{context, parameters} { machine.driver.listen(*this); }
  void ready(Duration at) override {
    is_ready = true;
    for (host::Request& request : requests) {
      request.owner = this;
      request.tag.open(static_cast<std::uint64_t>(&request - requests.data()));
      machine.driver.submit(request, at);
    }
  }
  void failed(const std::string& reason, Duration) override { failure = reason; }
  void completed(host::Request&, Duration) override { ++done; }
  void run(std::int64_t milliseconds) { sc_core::sc_start(static_cast<double>(milliseconds), sc_core::SC_MS); }
  std::size_t findings() const { return context.diagnostics.findings().size(); }

  kit::Context context;
  machine::Parameters parameters;
  machine::BareMetal machine;
  std::vector<host::Request> requests;
  bool is_ready = false;
  std::string failure;
  unsigned done = 0;
};

std::vector<machine::Setting> settings_of(const char* drive) {
  return {{"machine.drive", drive, "test"}, {"host.probe.fast_probe", "true", "test"}};
}

TEST(MachineErrors, AnUnreadableSectorIsReportedAndItsNeighboursAreRead) {
  Rig rig{settings_of("samsung-850-pro")};
  rig.machine.drive.inject_media_error({1003, 1});
  rig.requests = std::vector<host::Request>(24);
  for (std::size_t i = 0; i < rig.requests.size(); ++i) rig.requests[i].lba = 1000 + 8 * i, rig.requests[i].sectors = 8;
  rig.run(60'000);
  ASSERT_TRUE(rig.is_ready) << rig.failure;
  ASSERT_EQ(rig.done, rig.requests.size());
  EXPECT_EQ(rig.requests[0].status, host::RequestStatus::media_error);
  EXPECT_EQ(rig.requests[0].error_lba, 1003u);
  for (std::size_t i = 1; i < rig.requests.size(); ++i)
    EXPECT_EQ(rig.requests[i].status, host::RequestStatus::ok) << "request " << i;
  for (const auto& finding : rig.context.diagnostics.findings()) ADD_FAILURE() << finding.place << ": " << finding.rule;
  EXPECT_EQ(rig.machine.drive.outstanding(), 0u);
}

TEST(MachineErrors, TheSameWithoutQueueing) {
  std::vector<machine::Setting> settings = settings_of("samsung-850-pro");
  settings.push_back({"host.driver.ncq", "false", "test"});
  Rig rig{std::move(settings)};
  rig.machine.drive.inject_media_error({1003, 1});
  rig.requests = std::vector<host::Request>(3);
  for (std::size_t i = 0; i < rig.requests.size(); ++i) rig.requests[i].lba = 1000 + 8 * i, rig.requests[i].sectors = 8;
  rig.run(60'000);
  ASSERT_EQ(rig.done, rig.requests.size()) << rig.failure;
  EXPECT_EQ(rig.requests[0].status, host::RequestStatus::media_error);
  EXPECT_EQ(rig.requests[0].ata_error, wire::error::UNC);
  EXPECT_EQ(rig.requests[0].error_lba, 1003u);
  EXPECT_EQ(rig.requests[1].status, host::RequestStatus::ok);
  EXPECT_EQ(rig.requests[2].status, host::RequestStatus::ok);
  EXPECT_EQ(rig.findings(), 0u);
}

class QueueError : public ::testing::TestWithParam<std::uint64_t> {};
/// The controller sees the error before the link is free for another command; what it still sent would be refused by the drive.
TEST_P(QueueError, IsTheLastWordOfTheDrive) {
  Rig rig{settings_of("instant")};
  rig.machine.drive.inject_media_error({1000 + 8 * GetParam(), 1});
  rig.requests = std::vector<host::Request>(32);
  for (std::size_t i = 0; i < rig.requests.size(); ++i) rig.requests[i].lba = 1000 + 8 * i, rig.requests[i].sectors = 8;
  rig.run(60'000);
  ASSERT_EQ(rig.done, rig.requests.size()) << rig.failure;
  EXPECT_EQ(rig.machine.drive.statistics().errors.value(), 1u);
  EXPECT_EQ(rig.requests[GetParam()].status, host::RequestStatus::media_error);
}
INSTANTIATE_TEST_SUITE_P(MachineErrors, QueueError, ::testing::Values(0, 1, 2, 3, 5, 8, 13, 21, 31));

TEST(MachineErrors, AFunctionLevelResetResetsTheHba) {
  Rig rig{settings_of("instant")};
  rig.run(2'000);
  ASSERT_TRUE(rig.is_ready) << rig.failure;
  const auto hba = [&](unsigned offset) {
    std::uint8_t raw[4] = {};
    rig.machine.hba.bank().peek(offset, raw, sizeof raw);
    return wire::load_le32(raw);
  };
  ASSERT_NE(hba(0x100) | hba(0x104), 0u) << "PxCLB and PxCLBU";
  ASSERT_TRUE(hba(0x118) & 1) << "PxCMD.ST";
  pcie::ConfigurationSpace& space = rig.machine.endpoint.configuration();
  ASSERT_TRUE(space.express->device_capabilities.FLR);
  const unsigned control = space.express->device_control.offset();
  const std::uint8_t initiate[2] = {0x10, 0xa8};
  ASSERT_TRUE(space.bank.write(control, initiate, sizeof initiate));
  EXPECT_EQ(hba(0x100) | hba(0x104), 0u);
  EXPECT_EQ(hba(0x118) & 0xc011, 0u);
  EXPECT_EQ(hba(0x128), 0u) << "PxSSTS: the link is down";
  rig.run(100);  // Linux waits as long (PCI Express Base, 6.6.2)
  EXPECT_EQ(hba(0x04) & 3, 0u);
  EXPECT_EQ(hba(0x128) & 0xf, 3u) << "the link is up again";
  EXPECT_EQ(hba(0x124), 0x101u) << "the disk has sent its signature";
  EXPECT_EQ(hba(0x100) | hba(0x104), 0u);
}

}  // namespace
}  // namespace ahcisim
