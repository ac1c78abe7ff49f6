// SPDX-License-Identifier: MIT
// What firmware programs as Max_Payload_Size and Max_Read_Request_Size decides into how many TLPs the disk's data is cut.
#include <gtest/gtest.h>

#include <string>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

constexpr std::uint64_t requests = 200, block = 128 * 1024;

/// TLPs of `direction` for sequential requests of 128 KiB, one at a time, each of one piece of memory.
double tlps(const std::string& pattern, const std::string& direction, const Settings& more) {
  Settings settings{{"machine.drive", "instant"}, {"host.driver.segment", "128KiB"}, {"workload.pattern", pattern}, {"workload.block", "128KiB"},
                    {"workload.depth", "1"}, {"workload.requests", std::to_string(requests + 1)}};
  settings.insert(settings.end(), more.begin(), more.end());
  RunOptions options;
  options.warm_up = 1;
  options.count = {"pcie_link." + direction};
  const MachineRun run = run_machine_apart(settings, options);
  EXPECT_EQ(run.errors, 0u);
  return run.counts.at(0);
}

/// TLPs of the data alone are bytes / limit: all others are the same in number.
double saved(double small, double large) { return requests * (block / small - block / large); }

TEST(PcieLimits, MaxPayloadSizeCutsTheDataOfReads) {
  const auto count = [](const char* payload) { return tlps("read", "upstream_tlps", {{"pcie.link.max_payload", payload}}); };
  const double at_128 = count("128B"), at_256 = count("256B"), at_512 = count("512B");
  EXPECT_EQ(at_128 - at_256, saved(128, 256));
  EXPECT_EQ(at_128 - at_512, saved(128, 512));
  EXPECT_GT(at_512, requests * block / 512.0);
  EXPECT_LT(at_512, requests * (block / 512.0 + 30)) << "what else a command needs: its table, FISes, the interrupt";
  EXPECT_EQ(tlps("read", "upstream_tlps", {}), at_128) << "the default is 128 B";
}

TEST(PcieLimits, MaxReadRequestSizeCutsTheDataOfWrites) {
  const auto count = [](const char* request) { return tlps("write", "upstream_tlps", {{"pcie.link.max_read_request", request}}); };
  const double at_256 = count("256B"), at_512 = count("512B"), at_4096 = count("4096B");
  EXPECT_EQ(at_256 - at_512, saved(256, 512));
  EXPECT_EQ(at_256 - at_4096, saved(256, 4096));
  EXPECT_EQ(tlps("write", "upstream_tlps", {}), at_512) << "the default is 512 B";
}

TEST(PcieLimits, MaxPayloadSizeCutsTheCompletionsOfWrites) {
  const auto count = [](const char* payload) { return tlps("write", "downstream_tlps", {{"pcie.link.max_payload", payload}}); };
  const double at_256 = count("256B"), at_512 = count("512B");
  EXPECT_EQ(at_256 - at_512, saved(256, 512));
}

}  // namespace
}  // namespace ahcisim::measure
