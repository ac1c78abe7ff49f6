// SPDX-License-Identifier: MIT
// fio job files and iologs: the meaning of every key, and faults that name file, line and key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/fio_iolog.hpp>
#include <ahcisim/models/host/workload/fio_job.hpp>
#include <set>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using namespace kit::literals;
using testing::HasSubstr;
using Op = IoRequest::Op;
constexpr std::uint64_t disk = 2'000'000;  // sectors: 1,024,000,000 bytes

std::vector<Stream> streams_of(const std::string& text, std::uint64_t seed = 1) {
  const TextFile file{text, ".fio"};
  return open_fio_jobs(file.path(), disk, seed);
}
const Pattern& pattern_of(const Stream& stream) {
  return static_cast<const Generator&>(*stream.source).pattern();
}
/// The fault of one line in a job.
std::string fault_of(const std::string& line) {
  return error_of([&] { streams_of("[job]\n" + line + "\n"); });
}

TEST(FioJob, GlobalsReachTheJobsAfterThem) {
  const auto s = streams_of(
      "; a comment\n# another\n[global]\nioengine=libaio\ndirect=1\nbs=8k\niodepth=16\n\n"
      "[first]\nrw=randread\nsize=10m\n[global]\nbs=4K\n[ second ]\n  rw = write "
      "\nsize=1m\noffset=2m\niodepth=4\n");
  ASSERT_EQ(s.size(), 2u);
  EXPECT_EQ(s[0].name, "first");
  EXPECT_EQ(s[0].depth, 16u);
  EXPECT_EQ(pattern_of(s[0]).sectors, 16u);
  EXPECT_EQ(pattern_of(s[0]).order, Pattern::Order::shuffled);
  EXPECT_EQ(pattern_of(s[0]).read_percent, 100u);
  EXPECT_EQ(pattern_of(s[0]).span, (10u << 20) / 512);
  EXPECT_EQ(pattern_of(s[0]).count, (10u << 20) / 8192);
  EXPECT_EQ(s[1].name, "second");
  EXPECT_EQ(s[1].depth, 4u);
  EXPECT_EQ(pattern_of(s[1]).sectors, 8u);
  EXPECT_EQ(pattern_of(s[1]).first, (2u << 20) / 512);
  EXPECT_EQ(pattern_of(s[1]).order, Pattern::Order::sequential);
  EXPECT_EQ(pattern_of(s[1]).read_percent, 0u);
  EXPECT_EQ(s[0].phase, 0u);
  EXPECT_EQ(s[1].phase, 0u);
}

TEST(FioJob, DefaultsAreFios) {
  const auto s = streams_of("[job]\n");
  ASSERT_EQ(s.size(), 1u);
  EXPECT_EQ(s[0].depth, 1u);
  EXPECT_EQ(pattern_of(s[0]).order, Pattern::Order::sequential);
  EXPECT_EQ(pattern_of(s[0]).read_percent, 100u);
  EXPECT_EQ(pattern_of(s[0]).sectors, 8u);
  EXPECT_EQ(pattern_of(s[0]).span, disk);
  EXPECT_EQ(s[0].runtime, kit::Duration::never());
  EXPECT_EQ(s[0].loop, Stream::Loop::closed);
}

TEST(FioJob, EveryDirection) {
  struct Case {
    const char* rw;
    unsigned read_percent;
    bool trim;
    Pattern::Order order;
  };
  using Order = Pattern::Order;
  for (const Case& c :
       {Case{"read", 100, false, Order::sequential}, Case{"write", 0, false, Order::sequential},
        Case{"trim", 0, true, Order::sequential}, Case{"rw", 30, false, Order::sequential},
        Case{"readwrite", 30, false, Order::sequential}, Case{"randread", 100, false, Order::shuffled},
        Case{"randwrite", 0, false, Order::shuffled}, Case{"randtrim", 0, true, Order::shuffled},
        Case{"randrw", 30, false, Order::shuffled}}) {
    const auto s = streams_of(std::string{"[job]\nrwmixread=30\nrw="} + c.rw + "\n");
    EXPECT_EQ(pattern_of(s[0]).read_percent, c.read_percent) << c.rw;
    EXPECT_EQ(pattern_of(s[0]).trim, c.trim) << c.rw;
    EXPECT_EQ(pattern_of(s[0]).order, c.order) << c.rw;
  }
  EXPECT_EQ(pattern_of(streams_of("[job]\nrw=randrw\n")[0]).read_percent, 50u);
  EXPECT_EQ(pattern_of(streams_of("[job]\nrw=randrw\nrwmixwrite=20\n")[0]).read_percent, 80u);
}

TEST(FioJob, TimesRatesAndEnds) {
  const auto s = streams_of(
      "[job]\nrw=randrw\nruntime=30\ntime_based\nthinktime=250\nrate=10m,512k\nrate_iops=,100\nfsync="
      "32\nrandom_distribution=zipf:1.2\n");
  EXPECT_EQ(s[0].runtime, 30_s);
  EXPECT_EQ(pattern_of(s[0]).count, Pattern::endless);
  EXPECT_EQ(pattern_of(s[0]).think, 250_us);
  EXPECT_EQ(pattern_of(s[0]).flush_every, 32u);
  EXPECT_EQ(pattern_of(s[0]).order, Pattern::Order::zipf);
  EXPECT_DOUBLE_EQ(pattern_of(s[0]).zipf_exponent, 1.2);
  EXPECT_THAT(s[0].byte_rate, testing::ElementsAre(10485760, 524288, 0));
  EXPECT_THAT(s[0].request_rate, testing::ElementsAre(0, 100, 0));
  const auto t = streams_of("[job]\nruntime=5m\nthinktime=2ms\nrate=1m\nnumber_ios=7\n");
  EXPECT_EQ(t[0].runtime, 300_s);
  EXPECT_EQ(pattern_of(t[0]).think, 2_ms);
  EXPECT_THAT(t[0].byte_rate, testing::Each(1048576));
  EXPECT_EQ(pattern_of(t[0]).count, 7u);
}

TEST(FioJob, PercentagesAreOfTheDisk) {
  const auto s = streams_of("[job]\noffset=50%\nsize=25%\n[rest]\noffset=90%\nsize=100%\n");
  EXPECT_EQ(pattern_of(s[0]).first, disk / 2);
  EXPECT_EQ(pattern_of(s[0]).span, disk / 4);
  EXPECT_EQ(pattern_of(s[1]).first, disk / 10 * 9);
  EXPECT_EQ(pattern_of(s[1]).span, disk / 10);
}

TEST(FioJob, ClonesStonewallsAndSynchronousEngines) {
  const auto s = streams_of(
      "[a]\nrw=randread\nnumjobs=3\niodepth=8\n[b]\nstonewall\nioengine=psync\niodepth=8\n[c]\n[c]"
      "\nstonewall=1\n");
  ASSERT_EQ(s.size(), 6u);
  EXPECT_EQ(s[0].name, "a.0");
  EXPECT_EQ(s[2].name, "a.2");
  EXPECT_NE(pattern_of(s[0]).seed, pattern_of(s[1]).seed);
  EXPECT_EQ(s[2].phase, 0u);
  EXPECT_EQ(s[3].phase, 1u);
  EXPECT_EQ(s[3].depth, 1u) << "a synchronous engine has one request outstanding, as in fio";
  EXPECT_EQ(s[4].phase, 1u);
  EXPECT_EQ(s[5].phase, 2u);
  std::set<std::string> names;
  for (const Stream& stream : s) EXPECT_TRUE(names.insert(stream.name).second) << stream.name;
}

TEST(FioJob, SeedsMakeRunsRepeatable) {
  const std::string text = "[job]\nrw=randread\n";
  auto a = streams_of(text, 1), b = streams_of(text, 1), c = streams_of(text, 2);
  IoRequest ra, rb, rc;
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    a[0].source->next(ra), b[0].source->next(rb), c[0].source->next(rc);
    ASSERT_EQ(ra.lba, rb.lba);
    same += ra.lba == rc.lba;
  }
  EXPECT_LT(same, 10);
  EXPECT_EQ(pattern_of(streams_of("[job]\nrandseed=42\n", 9)[0]).seed, 42u);
}

TEST(FioJob, FaultsNameFileLineAndKey) {
  EXPECT_THAT(fault_of("iodpeth=4"), HasSubstr(".fio:2: iodpeth=4: unknown key; did you mean \"iodepth\"?"));
  EXPECT_THAT(fault_of("zzzzzzzzz=4"), HasSubstr("unknown key; remove it (known: rw "));
  EXPECT_THAT(fault_of("rw=randreed"), HasSubstr(".fio:2: rw=randreed: expected read, write, trim"));
  EXPECT_THAT(fault_of("bs=4k-16k"), HasSubstr("ranges"));
  EXPECT_THAT(fault_of("bs=1000"), HasSubstr("multiple of 512"));
  EXPECT_THAT(fault_of("bs=4KiB"), HasSubstr("4000 bytes"));
  EXPECT_THAT(fault_of("bs=0"), HasSubstr("multiple of 512"));
  EXPECT_THAT(fault_of("bs="), HasSubstr("expected a size"));
  EXPECT_THAT(fault_of("iodepth=0"), HasSubstr("from 1 to"));
  EXPECT_THAT(fault_of("direct=0"), HasSubstr("page cache"));
  EXPECT_THAT(fault_of("ioengine=mmap"), HasSubstr("expected libaio"));
  EXPECT_THAT(fault_of("size=2g"), HasSubstr("beyond the disk of 1024000000 bytes"));
  EXPECT_THAT(fault_of("offset=1g\n"), HasSubstr("beyond the disk"));
  EXPECT_THAT(fault_of("size=0"), HasSubstr("above 0"));
  EXPECT_THAT(fault_of("size=1k"), HasSubstr("holds no block"));
  EXPECT_THAT(fault_of("size=99999999999g"), HasSubstr("below 8 EiB"));
  EXPECT_THAT(fault_of("size=200%"), HasSubstr("from 1 to 100"));
  EXPECT_THAT(fault_of("rate=0"), HasSubstr("above 0"));
  EXPECT_THAT(fault_of("time_based"), HasSubstr("add runtime="));
  EXPECT_THAT(fault_of("filename=/dev/sda:/dev/sdb"), HasSubstr("one disk"));
  EXPECT_THAT(fault_of("filename=/dev/sda\n[two]\nfilename=/dev/sdb"), HasSubstr("name one file"));
  EXPECT_THAT(fault_of("[open"), HasSubstr(":2:1: expected a section"));
  EXPECT_THAT(error_of([] { streams_of("rw=read\n"); }),
              HasSubstr(":1:1: expected a section such as [global] before \"rw\""));
  EXPECT_THAT(error_of([] { streams_of("[global]\nrw=read\n"); }), HasSubstr("has no job section"));
  EXPECT_EQ(fault_of("rw=read"), "");
}

TEST(FioIolog, VersionTwoHasWaits) {
  const TextFile file{
      "fio version 2 iolog\n/dev/sda add\n/dev/sda open\n/dev/sda read 4096 8192\n/dev/sda wait 100 "
      "0\n/dev/sda wait 50\n"
      "/dev/sda write 0 512\n/dev/sda sync 0 0\n/dev/sda datasync\n/dev/sda trim 1048576 1048576\n/dev/sda "
      "close\n"};
  FioIolog log{file.path()};
  for (int pass = 0; pass < 2; ++pass, log.rewind()) {
    IoRequest r;
    ASSERT_TRUE(log.next(r));
    EXPECT_EQ(r.op, Op::read);
    EXPECT_EQ(r.lba, 8u);
    EXPECT_EQ(r.sectors, 16u);
    EXPECT_EQ(r.at, IoRequest::unknown);
    ASSERT_TRUE(log.next(r));
    EXPECT_EQ(r.op, Op::write);
    EXPECT_EQ(r.think, 150_us);
    ASSERT_TRUE(log.next(r));
    EXPECT_EQ(r.op, Op::flush);
    EXPECT_EQ(r.think, 0_us);
    ASSERT_TRUE(log.next(r));
    EXPECT_EQ(r.op, Op::flush);
    ASSERT_TRUE(log.next(r));
    EXPECT_EQ(r.op, Op::trim);
    EXPECT_EQ(r.sectors, 2048u);
    EXPECT_FALSE(log.next(r));
  }
}

TEST(FioIolog, VersionThreeHasTimes) {
  const TextFile file{
      "fio version 3 iolog\n2 nvme add\n872 nvme open\n878 nvme write 0 16384\n888 nvme read 512 "
      "512\n10001677 nvme close\n"};
  FioIolog log{file.path()};
  IoRequest r;
  ASSERT_TRUE(log.next(r));
  EXPECT_EQ(r.at, 0_us);
  EXPECT_EQ(r.sectors, 32u);
  ASSERT_TRUE(log.next(r));
  EXPECT_EQ(r.at, 10_us);
  EXPECT_FALSE(log.next(r));
}

TEST(FioIolog, Faults) {
  const auto fault = [](const std::string& lines, const std::string& chosen = "") {
    const TextFile file{lines};
    return error_of([&] {
      FioIolog log{file.path(), chosen};
      drain(log);
    });
  };
  const std::string two = "fio version 2 iolog\n", three = "fio version 3 iolog\n";
  EXPECT_THAT(fault(two + "a read 100 512\n"),
              HasSubstr(":2:8: expected an offset in bytes that is a multiple of 512, found \"100\""));
  EXPECT_THAT(fault(two + "a read 512 100\n"), HasSubstr(":2:12: expected a length"));
  EXPECT_THAT(fault(two + "a read 512 0\n"), HasSubstr("expected a length"));
  EXPECT_THAT(fault(two + "a read 512\n"), HasSubstr("found the end of the line"));
  EXPECT_THAT(fault(two + "a erase 0 512\n"), HasSubstr(":2:3: expected an action"));
  EXPECT_THAT(fault(three + "5 a wait 0 512\n"), HasSubstr("no wait in version 3"));
  EXPECT_THAT(fault(three + "a read 0 512\n"), HasSubstr(":2:1: expected the time in microseconds"));
  EXPECT_THAT(fault("fio version 1 iolog\n"), HasSubstr("expected \"fio version 2 iolog\""));
  EXPECT_THAT(fault(""), HasSubstr("is empty"));
  EXPECT_THAT(fault(two + "a read 0 512\nb read 0 512\n"),
              HasSubstr(":3: expected I/O to a as before, found b"));
  EXPECT_EQ(fault(two + "a read 0 512\nb read 0 512\n", "b"), "");
  EXPECT_THAT(fault(two + "a read 0 512\n", "c"), HasSubstr("has no I/O to \"c\""));
}

}  // namespace
}  // namespace ahcisim::host
