// SPDX-License-Identifier: MIT
// The HBA's registers as each profile's row of the table has them.
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using bench::AhciBench;

constexpr unsigned CAP = 0x00, GHC = 0x04, PI = 0x0c, VS = 0x10, CI = 0x38;
constexpr std::uint32_t AE = 1u << 31, SAM = 1u << 18, HR = 1;

TEST(Profile, StrictIsTheDefault) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  EXPECT_EQ(b.read(VS), 0x00010301u);
  EXPECT_EQ(b.read(CAP), 0xc1349f05u);
  EXPECT_EQ(b.read(GHC), AE);
  b.write(GHC, 0);
  EXPECT_EQ(b.read(GHC), AE) << "read only";
}

TEST(Profile, Ich9) {
  ahci::HbaParameters parameters;
  parameters.set("profile", "ich9");
  AhciBench b{parameters};
  EXPECT_EQ(b.read(VS), 0x00010200u) << "AHCI 1.2";
  EXPECT_EQ(b.read(CAP) & SAM, 0u) << "IDE mode too";
  EXPECT_EQ(b.read(CAP) >> 20 & 15, 2u) << "3 Gb/s";
  EXPECT_EQ(b.read(CAP) & 31, 5u) << "six ports";
  EXPECT_EQ(b.read(CAP) >> 8 & 31, 31u);
  EXPECT_EQ(b.read(CAP) >> 30, 3u) << "64-bit addresses, NCQ";
  EXPECT_EQ(b.read(PI), 0x3fu);
  EXPECT_EQ(b.read(GHC), 0u) << "AE is software's (AHCI 1.3.1, 3.1.2)";
  b.write(GHC, AE);
  EXPECT_EQ(b.read(GHC), AE);
  b.write(GHC, AE | HR);
  b.run(10_us);
  EXPECT_EQ(b.read(GHC), 0u) << "a reset clears it";
  b.write(GHC, AE);
  b.bring_up();
  EXPECT_EQ(b.read(GHC), AE | 2);
  b.prepare(0, 0, AhciBench::fis(0x25, 10, 64), {{0x400000, 32768}});
  b.issue(0, 0);
  b.run(1_ms);
  EXPECT_EQ(b.read(AhciBench::port(0, CI)), 0u);
}

TEST(Profile, Ich9MayBeSlowerAndHaveFewerPorts) {
  ahci::HbaParameters parameters;
  parameters.set("profile", "ich9");
  parameters.set("interface_speed", "1");
  parameters.set("ports", "4");
  AhciBench b{parameters};
  EXPECT_EQ(b.read(CAP) >> 20 & 15, 1u);
  EXPECT_EQ(b.read(PI), 0xfu);
}

}  // namespace
}  // namespace ahcisim
