// SPDX-License-Identifier: MIT
// Faults that a machine's configuration names happen where it says, are recovered from, and cost no data.
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/machine.hpp>

namespace ahcisim {
namespace {

using ::testing::HasSubstr;
using Settings = std::vector<machine::Setting>;

Settings instant(const Settings& more) {
  Settings settings{{"machine.drive", "instant", "test"}, {"machine.instant_capacity", "64MiB", "test"},
                    {"host.probe.fast_probe", "true", "test"}, {"host.driver.timeout", "50ms", "test"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

/// Writes 32 blocks of 64 KiB, all at once, and reads them back, all at once.
struct Rig final : host::DeviceListener, host::RequestOwner {
  using Duration = kit::Duration;
  static constexpr std::uint32_t sectors = 128, requests_each = 32;
  explicit Rig(const Settings& more) : parameters{instant(more)}, machine{context, parameters} {
    machine.driver.listen(*this);
    sc_core::sc_start(60'000, sc_core::SC_MS);
  }
  void ready(Duration at) override { submit(host::IoRequest::Op::write, at); }
  void submit(host::IoRequest::Op op, Duration at) {
    for (std::uint32_t i = 0; i < requests_each; ++i) {
      host::Request& request = requests[i];
      request.op = op;
      request.lba = 1000 + std::uint64_t{i} * sectors;
      request.sectors = sectors;
      request.with_data = true;
      request.owner = this;
      request.tag.open(i);
      machine.driver.submit(request, at);
    }
  }
  std::uint8_t* place(std::vector<std::uint8_t>& bytes, const host::Request& request, std::uint64_t offset) {
    return bytes.data() + (request.lba - 1000) * 512 + offset;
  }
  void fill(const host::Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    std::memcpy(data, place(written, request, offset), bytes);
  }
  void inspect(const host::Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    std::memcpy(place(read, request, offset), data, bytes);
  }
  void failed(const std::string& reason, Duration) override { failure = reason; }
  void completed(host::Request& request, Duration at) override {
    if (request.status != host::RequestStatus::ok) bad.push_back(request.error_lba);
    if (++done == requests_each) submit(host::IoRequest::Op::read, at);
  }

  kit::Context context;
  machine::Parameters parameters;
  machine::BareMetal machine;
  std::vector<host::Request> requests{requests_each};
  std::vector<std::uint8_t> written = pattern(), read = std::vector<std::uint8_t>(written.size());
  std::string failure;
  std::vector<std::uint64_t> bad;
  unsigned done = 0;

 private:
  static std::vector<std::uint8_t> pattern() {
    std::vector<std::uint8_t> bytes(std::size_t{requests_each} * sectors * 512);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i / 512 * 31 + i);
    return bytes;
  }
};

class Recovered : public ::testing::TestWithParam<Settings> {};
TEST_P(Recovered, WithoutLoss) {
  Rig rig{GetParam()};
  ASSERT_EQ(rig.done, 2 * Rig::requests_each) << rig.failure;
  EXPECT_TRUE(rig.bad.empty());
  EXPECT_TRUE(rig.read == rig.written);
  for (const auto& finding : rig.context.diagnostics.findings())  // the driver tells of a command without an answer
    if (finding.place != "driver") ADD_FAILURE() << finding.place << ": " << finding.rule;
  EXPECT_GE(rig.machine.sata_link.statistics().resets.value(), 2u) << "the fault was met, in a write and in a read";
}

// A place named twice is met by the write and again by what comes next: the write that is tried again, or the read.
std::string fault_name(const ::testing::TestParamInfo<Settings>& info) {
  static const char* const names[] = {"hung", "lost_link", "unplugged", "damaged"};
  return names[info.index];
}
INSTANTIATE_TEST_SUITE_P(
    Machine, Recovered,
    ::testing::Values(Settings{{"faults.hung", "1700, 1700", "test"}}, Settings{{"faults.lost_link", "1700,1700", "test"}},
                      Settings{{"faults.lost_link", "1700, 1700", "test"}, {"faults.link_silence", "5ms", "test"}},
                      Settings{{"faults.damaged_data", "1700+2, 1900 + 1, 1701", "test"}}),
    fault_name);

TEST(MachineFaults, DamageHitsTheFisOfItsSector) {
  Rig rig{{{"faults.damaged_data", "1040", "test"}}};  // the third Data FIS of the first write
  EXPECT_TRUE(rig.read == rig.written);
  const auto& to_device = rig.machine.sata_link.statistics().to_device;
  EXPECT_EQ(to_device.damaged.value(), 1u);
  EXPECT_EQ(to_device.r_err.value(), 1u);
}

TEST(MachineFaults, UnreadableUntilWritten) {
  Rig rig{{{"faults.unreadable", "1700+3, 90000", "test"}}};
  EXPECT_TRUE(rig.bad.empty()) << "every sector was written before it was read";
  EXPECT_TRUE(rig.read == rig.written);
}

template <class Function> std::string message_of(Function&& function) {
  try {
    function();
  } catch (const kit::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(MachineFaults, PlacesAreChecked) {
  const auto places = [](const char* text) { return message_of([=] { machine::fault_places("faults.hung", text, 100); }); };
  EXPECT_EQ(places(""), "no error");
  EXPECT_EQ(places(" 0, 3+97 ,99"), "no error");
  EXPECT_EQ(places("12x"), "faults.hung = \"12x\": \"12x\" is no place; write SECTOR or FIRST+COUNT");
  for (const char* text : {"5,,6", "5+0", "5+", "+5", "-1", "5 6", "18446744073709551616"})
    EXPECT_THAT(places(text), HasSubstr("is no place")) << text;
  for (const char* text : {"100", "99+2", "1+18446744073709551615"})
    EXPECT_THAT(places(text), HasSubstr("lies beyond the disk's 100 sectors")) << text;
}

TEST(MachineFaults, WhatTheMachineHasNotIsRefused) {
  const auto machine = [](const Settings& settings) { return message_of([&] { machine::Parameters{settings}; }); };
  EXPECT_THAT(machine({{"machine.interface", "ide", "here"}, {"faults.lost_link", "5", "here"}}), HasSubstr("IDE function"));
  EXPECT_EQ(machine({{"machine.interface", "ide", "here"}, {"faults.hung", "5", "here"}}), "no error");
  EXPECT_THAT(machine({{"machine.deployment", "emulated", "here"}, {"image.backing", "tmpfs", "here"}, {"faults.hung", "5", "here"}}),
              HasSubstr("lies in memory"));
}

}  // namespace
}  // namespace ahcisim
