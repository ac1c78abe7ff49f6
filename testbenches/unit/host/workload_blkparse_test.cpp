// SPDX-License-Identifier: MIT
// blkparse text: RWBS letters, matching of completions, devices, tolerated and refused lines, the project's
// recording.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/blkparse_trace.hpp>
#include <vector>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using namespace kit::literals;
using testing::HasSubstr;
using Op = IoRequest::Op;

std::vector<IoRequest> all_of(const std::string& text, const std::string& device = "") {
  const TextFile file{text};
  BlkparseTrace trace{file.path(), device};
  std::vector<IoRequest> requests;
  IoRequest r;
  while (trace.next(r)) requests.push_back(r);
  return requests;
}
std::string fault_in(const std::string& text, const std::string& device = "") {
  return error_of([&] { all_of(text, device); });
}

TEST(Blkparse, IssuesBecomeRequestsAndCompletionsTheirService) {
  const auto r = all_of(
      "  8,0    3        1     1.000000000   697  Q   W 223490 + 8 [kjournald]\n"
      "  8,0    3        2     1.000000500   697  G   W 223490 + 8 [kjournald]\n"
      "  8,0    3        3     1.000001000   697  P   N [kjournald]\n"
      "  8,0    3        4     1.500000000   697  D  WS 223490 + 8 [kjournald]\n"
      "  8,0    3        5     1.500001000     0  D  RA 100 + 256 [Web Content]\n"
      "  8,0    3        6     1.500002000     0  m   N cfq697 insert\n"
      "  8,0    0        7     1.500500250     0  C  RA 100 + 256 [0]\n"
      "  8,0    3        8     1.500001000   697  U   N [kjournald] 1\n"
      "  8,0    3        9     1.501000000     0  C  WS 223490 + 8 [0]\n");
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].op, Op::write);
  EXPECT_EQ(r[0].lba, 223490u);
  EXPECT_EQ(r[0].sectors, 8u);
  EXPECT_EQ(r[0].at, 0_ps) << "times count from the first issue";
  EXPECT_EQ(r[0].recorded_service, 1_ms);
  EXPECT_EQ(r[1].op, Op::read);
  EXPECT_EQ(r[1].at, 1_us);
  EXPECT_EQ(r[1].recorded_service, kit::Duration::from_ps(499'250'000));
}

TEST(Blkparse, RwbsLetters) {
  struct Case {
    const char* letters;
    Op op;
    bool fua, flush_first;
  };
  for (const Case& c : {Case{"R", Op::read, false, false}, Case{"RSM", Op::read, false, false},
                        Case{"W", Op::write, false, false}, Case{"WFS", Op::write, true, false},
                        Case{"FWS", Op::write, false, true}, Case{"FWFSM", Op::write, true, true},
                        Case{"D", Op::trim, false, false}, Case{"DS", Op::trim, false, false},
                        Case{"DE", Op::trim, false, false}}) {
    const auto r = all_of(std::string{"8,0 0 1 0.0 1 D "} + c.letters + " 64 + 8 [x]\n");
    ASSERT_EQ(r.size(), 1u) << c.letters;
    EXPECT_EQ(r[0].op, c.op) << c.letters;
    EXPECT_EQ(r[0].fua, c.fua) << c.letters;
    EXPECT_EQ(r[0].flush_first, c.flush_first) << c.letters;
    EXPECT_EQ(r[0].lba, 64u) << c.letters;
    EXPECT_EQ(r[0].recorded_service, IoRequest::unknown) << c.letters;
  }
  for (const char* letters : {"FF", "F", "FN", "FS", "FWS"}) {
    const auto r = all_of(std::string{"8,0 0 1 0.0 1 D "} + letters + " 0 + 0 [x]\n");
    ASSERT_EQ(r.size(), 1u) << letters;
    EXPECT_EQ(r[0].op, Op::flush) << letters;
    EXPECT_EQ(r[0].sectors, 0u) << letters;
    EXPECT_FALSE(r[0].flush_first) << letters;
  }
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D RQ 64 + 8 [x]\n"), HasSubstr(":1:17: expected RWBS letters"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D X 64 + 8 [x]\n"), HasSubstr("expected RWBS letters"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D ZR 64 + 8 [x]\n"), HasSubstr("zone"));
}

/// blkparse prints "sector + count" only where there are sectors.
TEST(Blkparse, FlushesWithoutExtent) {
  const auto r = all_of(
      "8,0 0 1 0.000000000 9 D FN [kworker/0:1H]\n"
      "8,0 0 2 0.000300000 0 C FN 0 [0]\n"
      "8,0 0 3 0.000400000 9 D FWS [jbd2/sda1 8]\n"
      "8,0 0 4 0.000500000 9 D R 8 + 8 [x]\n");
  ASSERT_EQ(r.size(), 3u);
  EXPECT_EQ(r[0].op, Op::flush);
  EXPECT_EQ(r[0].recorded_service, 300_us);
  EXPECT_EQ(r[1].op, Op::flush);
  EXPECT_FALSE(r[1].flush_first);
  EXPECT_EQ(r[2].op, Op::read);
  EXPECT_EQ(r[2].at, 500_us);
  EXPECT_THAT(fault_in("8,0 0 1 0.0 9 D FN [kworker\n"), HasSubstr("closed by \"]\""));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 9 D R [x]\n"), HasSubstr("expected the first sector"));
}

TEST(Blkparse, PartialCompletionsRequeuesAndPacketCommands) {
  const auto r = all_of(
      "8,0 0 1 0.000000000 1 D R 100 + 16 [x]\n"
      "8,0 0 2 0.000001000 1 D R 500 + 8 [x]\n"
      "8,0 0 3 0.000002000 1 R R 500 + 8 [0]\n"
      "8,0 0 4 0.000003000 0 C R 100 + 8 [0]\n"
      "8,0 0 5 0.000004000 1 D N 36 (12 00 00 00 24 00 ..) [smartctl]\n"
      "8,0 0 6 0.000005000 1 D R 36 (25 00 00 00 24 00 ..) [smartctl]\n"
      "8,0 0 7 0.000006000 1 C N (12 00 00 00 24 00 ..) [0]\n"
      "8,0 0 8 0.000007000 0 C R 108 + 8 [0]\n"
      "8,0 0 9 0.000008000 1 D R 500 + 8 [x]\n"
      "8,0 0 10 0.000018000 1 C R 500 + 8 [0]\n"
      "8,0 0 11 0.000019000 1 C R 7 + 8 [0]\n");
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].recorded_service, 7_us) << "from the issue to the last part";
  EXPECT_EQ(r[1].at, 8_us) << "the issue that was taken back does not count";
  EXPECT_EQ(r[1].recorded_service, 10_us);
}

TEST(Blkparse, TimesDoNotGoBackwards) {
  const auto r = all_of(
      "8,0 0 1 5.000000000 1 D R 1 + 8 [x]\n"
      "8,0 0 2 5.000009000 1 D R 2 + 8 [x]\n"
      "8,0 1 1 4.999999000 1 D R 3 + 8 [x]\n"
      "8,0 1 2 5.000010000 1 D R 4 + 8 [x]\n");
  ASSERT_EQ(r.size(), 4u);
  EXPECT_EQ(r[1].at, 9_us);
  EXPECT_EQ(r[2].at, 9_us);
  EXPECT_EQ(r[3].at, 10_us);
}

TEST(Blkparse, AnIssueWithoutCompletionHoldsUpAtMostAWindow) {
  std::string text = "8,0 0 1 0.000000000 1 D R 5 + 1 [x]\n";
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i) {
    const std::string lba = std::to_string(1000 + i);
    const std::string time = "1." + std::to_string(100000000 + i * 1000);
    text +=
        "8,0 0 1 " + time + " 1 D W " + lba + " + 1 [x]\n8,0 0 1 " + time + " 1 C W " + lba + " + 1 [0]\n";
  }
  const auto r = all_of(text);
  ASSERT_EQ(r.size(), count + 1u);
  EXPECT_EQ(r[0].recorded_service, IoRequest::unknown);
  for (int i = 1; i <= count; ++i) {
    ASSERT_EQ(r[i].lba, 999u + i);
    ASSERT_EQ(r[i].recorded_service, 0_ps);
  }
}

TEST(Blkparse, OneDeviceUnlessChosen) {
  const std::string text =
      "253,0 0 1 0.0 1 Q R 1 + 8 [x]\n8,0 0 1 0.0 1 D R 1 + 8 [x]\n8,16 0 1 0.1 1 D R 2 + 8 [x]\n8,0 0 1 0.2 "
      "1 D R 3 + 8 [x]\n";
  EXPECT_THAT(fault_in(text),
              HasSubstr(":3:1: expected device 8,0 as before, found 8,16; choose one of 8,0 8,16 "));
  EXPECT_EQ(all_of(text, "8,0").size(), 2u);
  EXPECT_EQ(all_of(text, "8,16").size(), 1u);
  EXPECT_THAT(fault_in(text, "8,32"), HasSubstr("issues nothing to device 8,32; choose one of 8,0 8,16"));
  EXPECT_THAT(fault_in(text, "sda"), HasSubstr("write for example \"8,0\""));
}

TEST(Blkparse, TheSummaryEndsTheTrace) {
  const auto r = all_of(
      "Input file sda.blktrace.0 added\n"
      "8,0 0 1 0.000000000 1 D R 100 + 16 [x]\n"
      "8,0 0 1 0.000100000 1 C R 100 + 16 [0]\n"
      "CPU0 (8,0):\n"
      " Reads Queued:           1,        8KiB\t Writes Queued:           0,        0KiB\n"
      "\nThroughput (R/W): 8KiB/s / 0KiB/s\nEvents (8,0): 2 entries\nSkips: 0 forward (0 -   0.0%)\n");
  ASSERT_EQ(r.size(), 1u);
  EXPECT_EQ(r[0].recorded_service, 100_us);
}

TEST(Blkparse, MalformedLinesNameTheirPlace) {
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 100 + 16 [x]\nsda 0 1 0.0 1 D R 1 + 8 [x]\n"),
              HasSubstr(":2:1: expected the device as major,minor, found \"sda\""));
  EXPECT_THAT(fault_in("8,0 0 1 zero 1 D R 1 + 8 [x]\n"),
              HasSubstr(":1:9: expected the time as seconds.nanoseconds"));
  EXPECT_THAT(fault_in("8,0 0 1 1.0000000001 1 D R 1 + 8 [x]\n"), HasSubstr(":1:9: "));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 E R 1 + 8 [x]\n"), HasSubstr(":1:15: expected an action"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 1 - 8 [x]\n"),
              HasSubstr(":1:21: expected + and the number of sectors"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 1 + 8\n"),
              HasSubstr(":1:24: expected the process in brackets, found the end"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 1 + 8 [postg\n"), HasSubstr("closed by \"]\""));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 1 + 8 [x]"), HasSubstr(":1: the last line has no end"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D R 281474976710656 + 8 [x]\n"), HasSubstr("at most 281474976710655"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D W 1 + 70000 [x]\n"), HasSubstr("at most 65536"));
}

TEST(Blkparse, LinesOfOtherActionsAreCheckedToo) {
  const std::string issue = "8,0 0 9 9.0 1 D R 1 + 8 [x]\n";
  const auto r = all_of(
      "8,0 0 1 0.0 1 A WS 100 + 8 <- (8,1) 60\n"
      "8,0 0 2 0.0 1 Q WS 100 + 131072 [x]\n"
      "8,0 0 3 0.0 1 X W 100 / 200 [x]\n"
      "8,0 0 4 0.0 1 G FWS [kworker/0:1]\n"
      "8,0 0 5 0.0 1 I N (12 00 00 00 24 00 ..) [smartctl]\n"
      "8,0 0 6 0.0 1 UT N [x] 2\n" + issue);
  EXPECT_EQ(r.size(), 1u);
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 Q X 1 + 8 [x]\n" + issue), HasSubstr(":1:17: expected RWBS letters"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 I R one + 8 [x]\n" + issue), HasSubstr(":1:19: expected the first sector"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 G R 1 + x [x]\n" + issue), HasSubstr(":1:23: expected the number of sectors"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 M R 1 + 8 [x\n" + issue), HasSubstr("closed by \"]\""));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 A R 1 8\n" + issue), HasSubstr(":1:21: expected + and the number"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 X R 1 + 8\n" + issue), HasSubstr(":1:21: expected / and the sector"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 Q\n" + issue), HasSubstr("expected the RWBS letters, found the end"));
}

TEST(Blkparse, ATraceThatIssuesNothingIsAnError) {
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 Q R 1 + 8 [x]\n8,0 0 1 0.0 1 C R 1 + 8 [0]\n"),
              HasSubstr("issues nothing to a disk: it has no request with action D"));
  EXPECT_THAT(fault_in("8,0 0 1 0.0 1 D N 36 (12 00 00 00 24 00 ..) [smartctl]\n"), HasSubstr("issues nothing"));
}

TEST(Blkparse, ARequestKnowsItsLineThoughLaterOnesWereRead) {
  const TextFile file{"8,0 0 1 0.0 1 D R 1 + 8 [x]\n8,0 0 2 0.1 1 Q R 9 + 8 [x]\n8,0 0 3 0.2 1 D R 9 + 8 [x]\n8,0 0 4 0.3 1 C R 1 + 8 [0]\n"};
  BlkparseTrace trace{file.path()};
  IoRequest r;
  ASSERT_TRUE(trace.next(r));
  EXPECT_EQ(trace.place(), file.path() + ":1");
  ASSERT_TRUE(trace.next(r));
  EXPECT_EQ(trace.place(), file.path() + ":3");
}

/// The expected figures were counted by an independent script over the same file.
TEST(Blkparse, TheProjectsOwnRecording) {
  BlkparseTrace trace{AHCISIM_SOURCE_DIR "/testbenches/experiments/traces/pgbench.blkparse.xz"};
  for (int pass = 0; pass < 2; ++pass, trace.rewind()) {
    std::uint64_t reads = 0, writes = 0, flushes = 0, served = 0;
    double service_ns = 0;
    kit::Duration previous;
    IoRequest r;
    while (trace.next(r)) {
      reads += r.op == Op::read;
      writes += r.op == Op::write;
      flushes += r.op == Op::flush;
      ASSERT_GE(r.at, previous);
      previous = r.at;
      if (r.recorded_service == IoRequest::unknown) continue;
      ++served;
      service_ns += r.recorded_service.ns();
    }
    EXPECT_EQ(reads, 26490u);
    EXPECT_EQ(writes, 13018u);
    EXPECT_EQ(flushes, 7005u);
    EXPECT_EQ(served, 46494u);
    EXPECT_NEAR(service_ns / static_cast<double>(served), 845391.534, 0.001);
    EXPECT_EQ(trace.progress(), 1.0);
  }
}

}  // namespace
}  // namespace ahcisim::host
