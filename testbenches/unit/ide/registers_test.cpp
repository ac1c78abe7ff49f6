// SPDX-License-Identifier: MIT
// The register tables: offsets, access rules, reset values.
#include <gtest/gtest.h>

#include <ahcisim/models/ide/registers.hpp>

namespace ahcisim::ide {
namespace {

TEST(Registers, CommandBlockHasTheSpecificationsPlaces) {
  ReadBlock read;
  WriteBlock written;
  const char* names_read[] = {"Data", "Error", "Sector Count", "LBA Low", "LBA Mid", "LBA High", "Device", "Status"};
  const char* names_written[] = {"Data",    "Features", "Sector Count", "LBA Low",
                                 "LBA Mid", "LBA High", "Device",       "Command"};
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_STREQ(read.bank.find(i)->name(), names_read[i]);
    EXPECT_STREQ(written.bank.find(i)->name(), names_written[i]);
  }
  ControlBlock control;
  EXPECT_STREQ(control.read.find(2)->name(), "Alternate Status");
  EXPECT_STREQ(control.written.find(2)->name(), "Device Control");
}

TEST(Registers, DeviceControlKeepsItsThreeBits) {
  ControlBlock control;
  const std::uint8_t ones = 0xff;
  control.written.write(2, &ones, 1);
  EXPECT_EQ(control.device_control.value(), 0x86u);
}

TEST(Registers, BusMasterAccessRules) {
  kit::RegisterBank bank{"bus master", 16};
  BusMasterRegisters primary{bank, 0}, secondary{bank, 1};
  const std::uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
  bank.write(0, ones, 1);
  EXPECT_EQ(primary.command.value(), 0x09u);
  EXPECT_EQ(secondary.command.value(), 0u);
  bank.write(8 + 4, ones, 4);
  EXPECT_EQ(secondary.table.value(), 0xfffffffcu);
  primary.status.INT = 1, primary.status.ERR = 1, primary.status.BMIDEA = 1;
  const std::uint8_t capable = 0x60, clear_interrupt = 0x64, clear_error = 0x62;
  bank.write(2, &capable, 1);
  EXPECT_EQ(primary.status.value(), 0x67u);
  bank.write(2, &clear_interrupt, 1);
  EXPECT_EQ(primary.status.value(), 0x63u);
  bank.write(2, &clear_error, 1);
  EXPECT_EQ(primary.status.value(), 0x61u) << "active is not software's to clear";
}

}  // namespace
}  // namespace ahcisim::ide
