// SPDX-License-Identifier: MIT
// Recognising formats, the parameters of a workload, fitting to a disk, and mutated files: a parse or an
// error, never a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/adapted_source.hpp>
#include <ahcisim/models/host/workload/generator.hpp>
#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/host/workload/open.hpp>
#include <algorithm>
#include <filesystem>
#include <random>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using namespace kit::literals;
using testing::HasSubstr;
constexpr std::uint64_t big_disk = 1'000'000'000;

const std::string blkparse_text =
    "  8,0    3        1     0.000000000   697  D  WS 223490 + 8 [kjournald]\n"
    "  8,0    3        2     0.000100000   697  D  RA 5000000 + 16 [postgres]\n"
    "  8,0    3        3     0.000200000     0  C  WS 223490 + 8 [0]\n"
    "  8,0    3        4     0.000300000    54  D  FF 0 + 0 [kworker/0:1H]\n"
    "  8,0    3        5     0.000400000     0  C  FF 0 + 0 [0]\n"
    "CPU0 (8,0):\n Reads Queued: 0\n";
const std::string iolog_text =
    "fio version 3 iolog\n0 /dev/sda add\n1 /dev/sda open\n10 /dev/sda read 4096 4096\n30 /dev/sda sync 0 "
    "0\n40 /dev/sda close\n";
const std::string iolog2_text =
    "fio version 2 iolog\n/dev/sda add\n/dev/sda read 4096 4096\n/dev/sda wait 5 0\n/dev/sda trim 0 512\n";
const std::string validation_text = "R Hit 5000000 8 663.0 1000.0\nW Hit 16 8 100.0 0\n";
const std::string arrival_text = "0.5 0 5000000 8 1\n1.5 0 16 8 0\n";
const std::string job_text =
    "[global]\nioengine=libaio\nbs=4k\nrw=randrw\nrwmixread=70\n[a]\niodepth=4\nsize=10%\nnumber_ios=50\n"
    "[b]\nrw=write\nstonewall\nsize=1m\nfsync=8\nrate=10m,5m\nthinktime=10us\nruntime=5s\n";

std::string fault_of(const WorkloadParameters& parameters, std::uint64_t disk = big_disk) {
  return error_of([&] {
    for (Stream& stream : open_workload(parameters, disk)) drain(*stream.source, 10000);
  });
}

TEST(WorkloadFormats, AreRecognisedByContent) {
  struct Case {
    const std::string& text;
    WorkloadFormat format;
  };
  for (const Case& c :
       {Case{blkparse_text, WorkloadFormat::blkparse}, Case{iolog_text, WorkloadFormat::fio_iolog},
        Case{iolog2_text, WorkloadFormat::fio_iolog},
        Case{validation_text, WorkloadFormat::disksim_validation},
        Case{arrival_text, WorkloadFormat::disksim_arrival}, Case{job_text, WorkloadFormat::fio_job}}) {
    const TextFile plain{c.text}, packed{packed_xz(c.text), ".txt"};
    EXPECT_EQ(format_of(plain.path()), c.format) << name_of(c.format);
    EXPECT_EQ(format_of(packed.path()), c.format) << name_of(c.format);
  }
  const TextFile strange{"hello world\n"}, empty{"\n\n"}, binary{std::string{"\x07tae\0\0\0\0", 8}};
  EXPECT_THAT(error_of([&] { format_of(strange.path()); }),
              HasSubstr(":1:1: expected a fio job file, a fio iolog"));
  EXPECT_THAT(error_of([&] { format_of(empty.path()); }), HasSubstr("is empty; give"));
  EXPECT_THAT(error_of([&] { format_of(binary.path()); }), HasSubstr("convert it: blkparse -i"));
  EXPECT_THAT(error_of([&] { format_of("/nonexistent.fio"); }), HasSubstr("check the path"));
}

TEST(OpenWorkload, TracesAsRecordedOrInAClosedLoop) {
  const TextFile trace{blkparse_text}, drive{validation_text}, log{iolog2_text};
  WorkloadParameters p;
  p.file.set(trace.path());
  auto s = open_workload(p, big_disk);
  ASSERT_EQ(s.size(), 1u);
  EXPECT_EQ(s[0].loop, Stream::Loop::open);
  EXPECT_EQ(s[0].depth, 0u);
  IoRequest r;
  s[0].source->next(r), s[0].source->next(r);
  EXPECT_EQ(r.at, 100_us);
  p.time_scale.set({0.5});
  s = open_workload(p, big_disk);
  s[0].source->next(r), s[0].source->next(r);
  EXPECT_EQ(r.at, 50_us);
  EXPECT_EQ(r.recorded_service, IoRequest::unknown);
  p.set("loop", "closed");
  p.depth.set(32);
  s = open_workload(p, big_disk);
  EXPECT_EQ(s[0].loop, Stream::Loop::closed);
  EXPECT_EQ(s[0].depth, 32u);
  s[0].source->next(r), s[0].source->next(r);
  EXPECT_EQ(r.at, IoRequest::unknown);
  EXPECT_EQ(drain(*s[0].source), 1u);

  for (const TextFile* file : {&drive, &log}) {
    WorkloadParameters q;
    q.file.set(file->path());
    auto t = open_workload(q, big_disk);
    EXPECT_EQ(t[0].loop, Stream::Loop::closed) << "no recorded times";
    EXPECT_EQ(t[0].depth, 1u);
    t[0].source->next(r), t[0].source->next(r);
    EXPECT_GT(r.think, 0_ps);
    q.set("loop", "closed");
    t = open_workload(q, big_disk);
    t[0].source->next(r), t[0].source->next(r);
    EXPECT_EQ(r.think, 0_ps);
  }
}

TEST(OpenWorkload, LimitDepthAndRuntimeOverrideAJobFile) {
  const TextFile file{job_text};
  WorkloadParameters p;
  p.file.set(file.path());
  auto s = open_workload(p, big_disk);
  ASSERT_EQ(s.size(), 2u);
  EXPECT_EQ(s[0].depth, 4u);
  EXPECT_EQ(drain(*s[0].source), 50u);
  p.requests.set(5);
  p.depth.set(2);
  p.runtime.set(1_s);
  s = open_workload(p, big_disk);
  for (Stream& stream : s) {
    EXPECT_EQ(stream.depth, 2u);
    EXPECT_EQ(stream.runtime, 1_s);
    EXPECT_EQ(stream.source->size_hint(), 5u);
    EXPECT_EQ(drain(*stream.source), 5u);
  }
}

TEST(OpenWorkload, APatternWithoutAFile) {
  WorkloadParameters p;
  EXPECT_THAT(fault_of(p), HasSubstr("has no end; set requests or runtime"));
  p.requests.set(1000);
  p.set("block", "8KiB");
  p.set("offset", "1MiB");
  p.set("span", "1MiB");
  auto s = open_workload(p, big_disk);
  ASSERT_EQ(s.size(), 1u);
  EXPECT_EQ(s[0].depth, 1u);
  EXPECT_EQ(s[0].describe(), "random read, bs=8KiB over 1MiB from sector 2048, 1000 requests, iodepth=1");
  IoRequest r;
  while (s[0].source->next(r)) {
    ASSERT_GE(r.lba, 2048u);
    ASSERT_LE(r.lba + r.sectors, 4096u);
  }
  p.set("pattern", "randrw");
  p.set("reads", "70%");
  p.set("zipf", "1.1x");
  EXPECT_THAT(open_workload(p, big_disk)[0].describe(), HasSubstr("Zipf 70% read, write (exponent 1.1)"));
  EXPECT_THAT(fault_of(p, 4095), HasSubstr("beyond the disk of 4095 sectors"));
  p.set("block", "1000B");
  EXPECT_THAT(fault_of(p), HasSubstr("block = \"1000B\": is no multiple of 512 B"));
}

TEST(OpenWorkload, EveryStreamDescribesItself) {
  struct Case {
    const std::string& text;
    const char *recorded, *closed;
  };
  for (const Case& c :
       {Case{blkparse_text, "block trace {}, at recorded times", "block trace {}, times ignored, iodepth=1"},
        Case{iolog_text, "fio iolog {} (version 3), at recorded times",
             "fio iolog {} (version 3), times ignored, iodepth=1"},
        Case{iolog2_text, "fio iolog {} (version 2), iodepth=1",
             "fio iolog {} (version 2), times ignored, iodepth=1"},
        Case{validation_text, "DiskSim validation trace {}, iodepth=1",
             "DiskSim validation trace {}, times ignored, iodepth=1"},
        Case{arrival_text, "DiskSim arrival trace {}, at recorded times",
             "DiskSim arrival trace {}, times ignored, iodepth=1"}}) {
    const TextFile file{c.text};
    const auto expected = [&](std::string text) { return text.replace(text.find("{}"), 2, file.path()); };
    WorkloadParameters p;
    p.file.set(file.path());
    EXPECT_EQ(open_workload(p, big_disk)[0].describe(), expected(c.recorded));
    p.set("loop", "closed");
    EXPECT_EQ(open_workload(p, big_disk)[0].describe(), expected(c.closed));
  }
  const TextFile file{job_text};
  WorkloadParameters p;
  p.file.set(file.path());
  EXPECT_EQ(open_workload(p, 1 << 21)[1].describe(),
            "sequential write, bs=4KiB over 1MiB, 256 requests, a flush every 8 writes, 10us think time, "
            "iodepth=1, "
            "reads at most 10.48576MB/s, writes at most 5.24288MB/s, runtime=5s");
}

TEST(OpenWorkload, ARelativeFileIsLookedForBesideTheExperiment) {
  const TextFile file{arrival_text};
  const std::filesystem::path path{file.path()};
  WorkloadParameters p;
  p.file.set(path.filename().string());
  EXPECT_EQ(open_workload(p, big_disk, path.parent_path()).size(), 1u);
  EXPECT_THAT(error_of([&] { open_workload(p, big_disk, "/nonexistent"); }), HasSubstr("No such file"));
  p.set("device", "one");
  EXPECT_THAT(error_of([&] { open_workload(p, big_disk, path.parent_path()); }),
              HasSubstr("numbers its devices"));
}

TEST(Adapted, RequestsBeyondTheDiskAreRefusedFoldedOrScaled) {
  const TextFile file{validation_text};  // sectors 5000000 and 16
  WorkloadParameters p;
  p.file.set(file.path());
  constexpr std::uint64_t disk = 2'500'123;
  EXPECT_THAT(fault_of(p, disk),
              HasSubstr(": request 1 (read of 8 sectors at 5000000) lies beyond the disk of 2500123 sectors; "
                        "take a larger disk, or set beyond_disk to \"fold\" or \"scale\""));
  EXPECT_EQ(fault_of(p, 5000008), "") << "the last sectors of the disk belong to it";
  EXPECT_NE(fault_of(p, 5000007), "");
  p.set("beyond_disk", "fold");
  IoRequest r;
  auto s = open_workload(p, disk);
  s[0].source->next(r);
  EXPECT_EQ(r.lba, 5000000u % (disk / 2048 * 2048));
  s[0].source->next(r);
  EXPECT_EQ(r.lba, 16u);
  p.set("beyond_disk", "scale");
  s = open_workload(p, disk);
  s[0].source->next(r);
  EXPECT_NEAR(static_cast<double>(r.lba), 5000000.0 / 5000008 * disk, 4096);
  EXPECT_EQ(r.lba % 2048, 5000000u % 2048);
  EXPECT_EQ(fault_of(p, disk), "");
  EXPECT_THAT(fault_of(p, 7), HasSubstr("the request alone is larger"));
}

/// Whatever the addresses, an adapted request lies on the disk.
TEST(Adapted, FoldedAndScaledRequestsLieOnTheDisk) {
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random{seed};
  for (int round = 0; round < 300; ++round) {
    Pattern p;
    p.sectors = 1 + random() % 512;
    p.first = random() % (1ull << 40);
    p.span = p.sectors + random() % (1ull << 40);
    p.count = 200;
    p.seed = random();
    Adaptation a;
    a.disk_sectors = 512 + random() % (round % 2 ? 10000 : 1ull << 32);
    a.beyond = round % 3 ? Adaptation::Beyond::fold : Adaptation::Beyond::scale;
    auto g = std::make_unique<Generator>(p);
    a.source_sectors = span_of(*g);
    AdaptedSource source{std::move(g), a};
    IoRequest r;
    std::uint64_t count = 0;
    while (source.next(r)) {
      ASSERT_LE(r.lba + r.sectors, a.disk_sectors);
      ++count;
    }
    ASSERT_EQ(count, 200u);
  }
}

TEST(Robustness, NamesAndMessagesArePrintable) {
  EXPECT_EQ(printable("größe 4k"), "größe 4k");
  EXPECT_EQ(printable(std::string_view{"a\0b\x7f\x1b[1m", 8}), "a?b??[1m");
  EXPECT_EQ(printable("\xc3\x28\xff\xed\xa0\x80 \xc0\xaf"), "?(???? ??");
  EXPECT_EQ(printable("äöü", 5), "äö…");
  EXPECT_EQ(printable("12345", 5), "12345");
}

/// Replaces, removes, inserts and repeats pieces of a valid file.
std::string mutated(std::string text, std::mt19937_64& random) {
  static constexpr const char* pieces[] = {"\n",
                                           " ",
                                           "-1",
                                           "99999999999999999999",
                                           "1e9",
                                           "nan",
                                           "[",
                                           "]",
                                           "=",
                                           "+",
                                           ",",
                                           "%",
                                           "\0",
                                           "\xff",
                                           "R",
                                           "D",
                                           "FF",
                                           "0",
                                           "k",
                                           "8,0",
                                           "fio version 2 iolog\n",
                                           "\r\n",
                                           "."};
  for (std::uint64_t edits = 1 + random() % 4; edits-- > 0 && !text.empty();) {
    const std::size_t at = random() % text.size();
    switch (random() % 5) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + random() % 8);
        break;
      case 2:
        text.insert(at, pieces[random() % std::size(pieces)]);
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), random() % 40));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

TEST(Robustness, AMutatedFileIsParsedOrRefusedInOneLine) {
  const char* given = std::getenv("AHCISIM_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::printf("seed %llu (AHCISIM_SEED repeats it)\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random{seed};
  const std::string originals[] = {blkparse_text,
                                   iolog_text,
                                   iolog2_text,
                                   validation_text,
                                   arrival_text,
                                   job_text,
                                   packed_xz(blkparse_text),
                                   packed_gzip(validation_text)};
  int parsed = 0, refused = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::string text = mutated(originals[round % std::size(originals)], random);
    const TextFile file{text, round % 7 == 0 ? ".fio" : ".txt"};
    WorkloadParameters p;
    p.file.set(file.path());
    if (round % 2) p.set("beyond_disk", "fold");
    if (round % 3 == 0) p.set("beyond_disk", "scale");
    if (round % 5 == 0) p.set("device", "8,0");
    const std::string error = fault_of(p, 1 + random() % big_disk);
    error.empty() ? ++parsed : ++refused;
    ASSERT_EQ(error, printable(error, 10000)) << "one line of valid UTF-8";
    ASSERT_TRUE(error.empty() || error.size() > 10) << error;
  }
  EXPECT_GT(parsed, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace ahcisim::host
