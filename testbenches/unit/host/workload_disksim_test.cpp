// SPDX-License-Identifier: MIT
// DiskSim traces: fields and times as written, faults with file, line and column, archives by their first
// bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/disksim_trace.hpp>
#include <cstdlib>
#include <filesystem>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using testing::HasSubstr;
using Op = IoRequest::Op;

TEST(DisksimValidation, EveryFieldOfALine) {
  const TextFile file{"W Hit    4583176   4    663.00000  45422.50000\nR Miss 12 65536 0.5 7\n\n"};
  DisksimValidationTrace trace{file.path()};
  for (int pass = 0; pass < 2; ++pass, trace.rewind()) {
    IoRequest r;
    ASSERT_TRUE(trace.next(r));
    EXPECT_EQ(r.op, Op::write);
    EXPECT_EQ(r.lba, 4583176u);
    EXPECT_EQ(r.sectors, 4u);
    EXPECT_EQ(r.recorded_service, kit::Duration::from_us(663));
    EXPECT_EQ(r.think, kit::Duration{});
    EXPECT_EQ(r.at, IoRequest::unknown);
    ASSERT_TRUE(trace.next(r));
    EXPECT_EQ(r.op, Op::read);
    EXPECT_EQ(r.sectors, 65536u);
    EXPECT_EQ(r.think, kit::Duration::from_us(45422.5));
    EXPECT_EQ(r.recorded_service, kit::Duration::from_ns(500));
    EXPECT_FALSE(trace.next(r));
    EXPECT_EQ(r.lba, 12u) << "the end leaves the request alone";
  }
}

TEST(DisksimValidation, FaultsNameFileLineAndColumn) {
  const auto error = [](const char* text) {
    const TextFile file{text};
    DisksimValidationTrace trace{file.path()};
    return error_of([&] { drain(trace); });
  };
  EXPECT_THAT(error("R Hit 1 1 1 1\nX Hit 1 1 1 1\n"), HasSubstr(":2:1: expected R or W, found \"X\""));
  EXPECT_THAT(error("R Hit 1x 1 1 1\n"), HasSubstr(":1:7: expected the first block"));
  EXPECT_THAT(error("R Hit -1 1 1 1\n"), HasSubstr(":1:7: "));
  EXPECT_THAT(error("R Hit 1 0 1 1\n"), HasSubstr(":1:9: expected a number of blocks above 0"));
  EXPECT_THAT(error("R Hit 1 1 nan 1\n"), HasSubstr(":1:11: expected the measured service time"));
  EXPECT_THAT(error("R Hit 1 1 1\n"),
              HasSubstr(":1:12: expected the think time in microseconds, found the end"));
  EXPECT_THAT(error("R Hit 1 1 1 1 1\n"), HasSubstr(":1:15: expected the end of the line"));
  EXPECT_THAT(error("R Hit 1 1 1 1\nR Hit 1 1 1 12"), HasSubstr(":2: the last line has no end"));
  EXPECT_THAT(error("R Hit 99999999999999999999 1 1 1\n"), HasSubstr("at most"));
}

TEST(DisksimValidation, AMissingFileSaysSo) {
  EXPECT_THAT(error_of([] { DisksimValidationTrace{"/nonexistent/x.trace"}; }),
              HasSubstr("/nonexistent/x.trace: No such file or directory; check the path"));
  EXPECT_THAT(error_of([] { DisksimValidationTrace{"/"}; }), HasSubstr("is not a regular file"));
}

TEST(DisksimValidation, ArchivesAreRecognisedByContentAndMustBeWhole) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "R Hit " + std::to_string(i * 7919 % 100000) + " 8 100.0 0.25\n";
  for (const auto& packed : {packed_xz(text), packed_gzip(text)}) {
    const TextFile whole{packed};
    DisksimValidationTrace trace{whole.path()};
    EXPECT_EQ(drain(trace), 20000u);
    EXPECT_DOUBLE_EQ(trace.progress(), 1);
    for (std::size_t cut :
         {std::size_t{1}, std::size_t{8}, std::size_t{12}, packed.size() / 2, packed.size() - 20}) {
      const TextFile part{packed.substr(0, packed.size() - cut)};
      // The end of an xz file shows when it is opened, not after the part that is there.
      if (packed[0] != 0x1f) {
        EXPECT_THAT(error_of([&] { DisksimValidationTrace{part.path()}; }), HasSubstr("ends early"));
      }
      EXPECT_THAT(error_of([&] {
                    DisksimValidationTrace cut_trace{part.path()};
                    drain(cut_trace);
                  }),
                  HasSubstr("ends early or is damaged"))
          << cut << " bytes cut of " << packed.size();
    }
  }
}

TEST(DisksimValidation, TheMeasuredDrives) {
  const std::filesystem::path folder = data_folder() / "disks";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  struct Drive {
    const char* name;
    std::uint64_t count;
    double mean_ms;
  };
  for (const Drive& drive : {Drive{"cheetah9LP", 10000, 4.273}, Drive{"ibm18es", 10000, 5.261},
                             Drive{"atlas10k", 10000, 3.893}, Drive{"hp_c3323a", 9074, 15.765}}) {
    DisksimValidationTrace trace{(folder / drive.name / (std::string{drive.name} + ".trace.xz")).string()};
    IoRequest r;
    std::uint64_t count = 0;
    double sum = 0;
    while (trace.next(r)) ++count, sum += r.recorded_service.ms();
    EXPECT_EQ(count, drive.count) << drive.name;
    EXPECT_NEAR(sum / static_cast<double>(count), drive.mean_ms, 0.0006) << drive.name;
  }
}

TEST(DisksimArrival, TimesCountFromTheFirstAndFlagsAreHexadecimal) {
  const TextFile file{"10.5 0 100 8 0\n10.75 0 200 16 1\n"};
  DisksimArrivalTrace trace{file.path()};
  for (int pass = 0; pass < 2; ++pass, trace.rewind()) {
    IoRequest r;
    ASSERT_TRUE(trace.next(r));
    EXPECT_EQ(r.op, Op::write);
    EXPECT_EQ(r.at, kit::Duration{});
    ASSERT_TRUE(trace.next(r));
    EXPECT_EQ(r.op, Op::read);
    EXPECT_EQ(r.at, kit::Duration::from_us(250));
    EXPECT_EQ(r.lba, 200u);
    EXPECT_EQ(r.sectors, 16u);
    EXPECT_FALSE(trace.next(r));
  }
}

TEST(DisksimArrival, OneDeviceUnlessChosen) {
  const TextFile file{"0 0 100 8 1\n1 3 200 8 1\n2 3 300 8 1\n"};
  DisksimArrivalTrace any{file.path()};
  EXPECT_THAT(error_of([&] { drain(any); }),
              HasSubstr(":2:3: expected device 0 as before (choose one of 0 and 3"));
  DisksimArrivalTrace third{file.path(), 3};
  EXPECT_EQ(drain(third), 2u);
  const TextFile backwards{"5 0 100 8 1\n4 0 100 8 1\n"};
  DisksimArrivalTrace wrong{backwards.path()};
  EXPECT_THAT(error_of([&] { drain(wrong); }), HasSubstr(":2:1: expected an arrival not before"));
}

}  // namespace
}  // namespace ahcisim::host
