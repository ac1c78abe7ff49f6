// SPDX-License-Identifier: MIT
// Four real drives: the model replays the traces measured on them. Targets are the project's: mean within 3 %, read and
// write means within 5 %, demerit at most one and a half times the one DiskSim 4.0 publishes for itself.
#include <gtest/gtest.h>

#include <cmath>

#include <support/drive_validation.hpp>

namespace {

using ahcisim::support::DriveValidation;

double off_percent(double simulated, double measured) { return 100 * std::abs(simulated / measured - 1); }

void hold(const char* name, double disksim_demerit, unsigned uncounted = 0) {
  const std::string data = ahcisim::support::data_folder();
  if (data.empty()) GTEST_SKIP() << "no measured traces: set AHCISIM_DATA to the folder that holds disks/";
  const DriveValidation v = ahcisim::support::validate_drive(data, name, uncounted);
  std::printf("%s: mean %.3f ms (measured %.3f), reads %.3f (%.3f), writes %.3f (%.3f), demerit %.3f ms (DiskSim %.3f)\n", name,
              v.mean, v.measured_mean, v.read_mean, v.measured_read_mean, v.write_mean, v.measured_write_mean, v.demerit,
              disksim_demerit);
  EXPECT_GE(v.requests + uncounted, 9000u);
  EXPECT_LE(off_percent(v.mean, v.measured_mean), 3);
  EXPECT_LE(off_percent(v.read_mean, v.measured_read_mean), 5);
  EXPECT_LE(off_percent(v.write_mean, v.measured_write_mean), 5);
  EXPECT_LE(v.demerit, 1.5 * disksim_demerit);
}

TEST(HddValidation, Cheetah9lp) { hold("cheetah9LP", 0.107); }
TEST(HddValidation, Ibm18es) { hold("ibm18es", 0.135); }
TEST(HddValidation, Atlas10k) { hold("atlas10k", 0.268); }
// The time its writes take off the track was read from the first 5,000 requests: so the others judge it.
TEST(HddValidation, Atlas10kSecondHalf) { hold("atlas10k", 0.268, 5000); }
TEST(HddValidation, HpC3323a) { hold("hp_c3323a", 0.306); }

}  // namespace
