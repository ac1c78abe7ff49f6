// SPDX-License-Identifier: MIT
// What is written as blkparse text is read back as it was given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/blkparse_trace.hpp>
#include <ahcisim/models/host/workload/blkparse_writer.hpp>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using namespace kit::literals;
using testing::HasSubstr;
using Op = IoRequest::Op;

IoRequest request(Op op, std::uint64_t lba, std::uint32_t sectors, bool fua = false, bool flush_first = false) {
  IoRequest made;
  made.op = op;
  made.lba = lba;
  made.sectors = sectors;
  made.fua = fua;
  made.flush_first = flush_first;
  return made;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

TEST(BlkparseWriter, LinesAsBlkparsePrintsThem) {
  const TextFile file{"what was there"};
  BlkparseWriter writer{file.path()};
  writer.issue(request(Op::read, 8, 16), 0_ps);
  writer.issue(request(Op::write, highest_lba, 65536, true, true), 1'000'000'001_ns);
  writer.take_back(request(Op::flush, 0, 0), 12_s);
  writer.issue(request(Op::trim, 5, UINT32_MAX), 12_s);
  EXPECT_EQ(writer.requests(), 2u) << "three, and one taken back";
  writer.close();
  EXPECT_EQ(content(file.path()),
            "8,0 0 1 0.000000000 0 D R 8 + 16 [guest]\n"
            "8,0 0 2 1.000000001 0 D FWF 281474976710655 + 65536 [guest]\n"
            "8,0 0 3 12.000000000 0 R FF 0 + 0 [guest]\n"
            "8,0 0 4 12.000000000 0 D D 5 + 4294967295 [guest]\n");
}

TEST(BlkparseWriter, ReadBackAsGiven) {
  const TextFile file{""};
  std::mt19937_64 random{7};
  std::vector<IoRequest> given;
  {
    BlkparseWriter writer{file.path()};
    std::int64_t ns = 0;
    for (int i = 0; i < 20'000; ++i) {  // more than is held back at once, more than the reader looks ahead
      const Op op = static_cast<Op>(random() % 4);
      const bool moves = op != Op::flush;
      given.push_back(request(op, moves ? random() % highest_lba : 0, moves ? 1 + random() % most_sectors : 0, op == Op::write && random() % 2,
                              op == Op::write && random() % 2));
      given.back().at = kit::Duration::from_ps(ns * 1000);
      writer.issue(given.back(), given.back().at);
      ns += static_cast<std::int64_t>(random() % 1'000'000'000);
    }
    const std::string so_far = content(file.path());
    ASSERT_FALSE(so_far.empty());
    EXPECT_EQ(so_far.back(), '\n') << "whole lines only";
  }
  BlkparseTrace trace{file.path()};
  IoRequest read;
  for (const IoRequest& wanted : given) {
    ASSERT_TRUE(trace.next(read));
    ASSERT_EQ(read.op, wanted.op);
    ASSERT_EQ(read.lba, wanted.lba);
    ASSERT_EQ(read.sectors, wanted.sectors);
    ASSERT_EQ(read.fua, wanted.fua);
    ASSERT_EQ(read.flush_first, wanted.flush_first);
    ASSERT_EQ(read.at, wanted.at);
  }
  EXPECT_FALSE(trace.next(read));
}

TEST(BlkparseWriter, WhatIsTakenBackIsNotReplayed) {
  const TextFile file{""};
  BlkparseWriter writer{file.path()};
  writer.issue(request(Op::write, 1, 8, true), 1_us);
  writer.issue(request(Op::flush, 0, 0), 2_us);
  writer.issue(request(Op::trim, 9, 8), 3_us);
  writer.take_back(request(Op::write, 1, 8, true), 4_us);
  writer.take_back(request(Op::flush, 0, 0), 4_us);
  writer.close();
  BlkparseTrace trace{file.path()};
  IoRequest read;
  ASSERT_TRUE(trace.next(read));
  EXPECT_EQ(read.op, Op::trim);
  EXPECT_FALSE(trace.next(read));
}

TEST(BlkparseWriter, FilesThatCannotBeWrittenAreTold) {
  EXPECT_THAT(error_of([] { BlkparseWriter writer{"/nowhere/trace"}; }), HasSubstr("/nowhere/trace: cannot be written"));
  BlkparseWriter full{"/dev/full"};
  full.issue(request(Op::read, 8, 16), 0_ps);
  EXPECT_THAT(error_of([&] { full.close(); }), HasSubstr("/dev/full: holds only a part of the trace"));
}

}  // namespace
}  // namespace ahcisim::host
