// SPDX-License-Identifier: MIT
// Logs: which commands reach which, and what SMART keeps of errors and self-tests, byte by byte as ACS-3 lays them out.
#include <numeric>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using Bytes = std::vector<std::uint8_t>;

unsigned word(const Bytes& page, unsigned index) { return page[2 * index] | page[2 * index + 1] << 8; }
unsigned sum(const Bytes& page) { return std::accumulate(page.begin(), page.end(), 0u) & 0xff; }
std::uint64_t lba_at(const Bytes& page, unsigned offset, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{page[offset + i]} << (8 * i);
  return value;
}
Bytes slice(const Bytes& page, unsigned offset, unsigned bytes) { return {page.begin() + offset, page.begin() + offset + bytes}; }

wire::RegisterH2D smart(std::uint8_t function, std::uint8_t lba_low = 0, std::uint8_t count = 0) {
  return Bench::fis(0xb0, 0xc24f00u | lba_low, count, function);
}
wire::RegisterH2D read_log(bool dma, std::uint8_t log, unsigned page, unsigned count) {
  return Bench::fis(dma ? 0x47 : 0x2f, log | std::uint64_t{page & 0xff} << 8 | std::uint64_t{page >> 8} << 32, count);
}
Bytes general_page(Bench& bench, std::uint8_t log) {
  bench.execute(read_log(true, log, 0, 1));
  EXPECT_EQ(bench.host.status, 0x50);
  return bench.data();
}
Bytes smart_page(Bench& bench, std::uint8_t log) {
  bench.execute(smart(0xd5, log, 1));
  EXPECT_EQ(bench.host.status, 0x50);
  return bench.data();
}

TEST(AtaLogs, DirectoryTellsTheSizes) {
  Bench bench;
  bench.start();
  for (const bool dma : {false, true}) {
    bench.execute(read_log(dma, 0x00, 0, 1));
    ASSERT_EQ(bench.data().size(), 512u);
    EXPECT_EQ(word(bench.data(), 0), 1u);
    EXPECT_EQ(word(bench.data(), 0x10), 1u);
    EXPECT_EQ(word(bench.data(), 0x12), 0u);
    EXPECT_EQ(word(bench.data(), 0x13), 1u);
    EXPECT_EQ(word(bench.data(), 0x30), 9u);
    EXPECT_EQ(word(bench.data(), 0x80), 16u);
    EXPECT_EQ(bench.host.status, 0x50);
  }
  bench.execute(read_log(true, 0x13, 0, 1));
  EXPECT_EQ(bench.data()[0], 1);
  EXPECT_EQ(bench.data()[4], 1);
}

/// ACS-3, table "Log address definition": which logs General Purpose Logging reaches, and which SMART READ LOG.
TEST(AtaLogs, EachDirectoryListsWhatItsCommandsReach) {
  Bench bench;
  bench.start();
  const Bytes general = general_page(bench, 0x00), smart_directory = smart_page(bench, 0x00);
  for (const unsigned log : {0x01u, 0x02u, 0x06u}) {
    EXPECT_EQ(word(general, log), 0u) << "log " << log;
    EXPECT_EQ(word(smart_directory, log), 1u) << "log " << log;
  }
  for (const unsigned log : {0x03u, 0x07u, 0x10u, 0x13u}) {
    EXPECT_EQ(word(general, log), 1u) << "log " << log;
    EXPECT_EQ(word(smart_directory, log), 0u) << "log " << log;
  }
  for (const unsigned log : {0x30u, 0x80u, 0x9fu, 0xe0u, 0xe1u}) EXPECT_EQ(word(general, log), word(smart_directory, log)) << "log " << log;
}

/// A log of a directory can be read whole by its commands, and no other log at all.
TEST(AtaLogs, ThoseListedReadAndNoOthers) {
  Bench bench;
  bench.start();
  const Bytes general = general_page(bench, 0x00), smart_directory = smart_page(bench, 0x00);
  const auto expect = [&](const wire::RegisterH2D& command, unsigned pages, unsigned log) {
    bench.execute(command);
    EXPECT_EQ(bench.host.status & 1, pages == 0) << "log " << log;
    if (pages) {
      EXPECT_EQ(bench.data().size(), pages * 512) << "log " << log;
    }
  };
  for (unsigned log = 1; log < 256; ++log) {
    if (log == 0xe1) continue;  // it has data after an SCT command only
    const auto address = static_cast<std::uint8_t>(log);
    const unsigned pages = word(general, log), smart_pages = word(smart_directory, log);
    expect(read_log(log & 1, address, 0, std::max(pages, 1u)), pages, log);
    if (pages) expect(read_log(log & 1, address, pages - 1, 1), 1, log);
    expect(smart(0xd5, address, static_cast<std::uint8_t>(std::max(smart_pages, 1u))), smart_pages, log);
  }
}

TEST(AtaLogs, SelfTestsAreInBothLogs) {
  Bench bench;
  bench.start();
  EXPECT_EQ(general_page(bench, 0x07)[0], 1) << "version";
  EXPECT_EQ(word(bench.data(), 1), 0u) << "no test yet";
  bench.execute(smart(0xd4, 0x01));
  bench.device.inject_media_error({500'123, 2});
  bench.execute(smart(0xd4, 0x82));
  const Bytes log = general_page(bench, 0x07);
  EXPECT_EQ(sum(log), 0u);
  EXPECT_EQ(word(log, 1), 2u) << "the latest descriptor";
  EXPECT_EQ(log[4], 0x01);
  EXPECT_EQ(log[5], 0x00);
  EXPECT_EQ(log[4 + 26], 0x82);
  EXPECT_EQ(log[4 + 27], 0x70) << "ended at a sector that cannot be read";
  EXPECT_EQ(lba_at(log, 4 + 26 + 5, 6), 500'123u);
  const Bytes summary = smart_page(bench, 0x06);
  EXPECT_EQ(sum(summary), 0u);
  EXPECT_EQ(summary[508], 2);
  EXPECT_EQ(summary[2 + 24 + 1], 0x70);
  EXPECT_EQ(lba_at(summary, 2 + 24 + 5, 4), 500'123u);
  for (unsigned more = 0; more < 20; ++more) bench.execute(smart(0xd4, 0x02));  // 22 in all: the oldest are gone
  EXPECT_EQ(word(general_page(bench, 0x07), 1), 22u - 19);
  EXPECT_EQ(smart_page(bench, 0x06)[508], 22 - 21);
  EXPECT_EQ(bench.data()[2], 0x02);
}

TEST(AtaErrorLogs, NothingUntilSomethingFails) {
  Bench bench;
  bench.start();
  for (const Bytes& log : {smart_page(bench, 0x01), smart_page(bench, 0x02), general_page(bench, 0x03)}) {
    EXPECT_EQ(log[0], 1) << "version";
    EXPECT_EQ(sum(log), 0u);
    EXPECT_EQ(std::accumulate(log.begin() + 1, log.end() - 1, 0u), 0u);
  }
}

TEST(AtaErrorLogs, AnUnreadableSectorWithTheCommandsBeforeIt) {
  Bench bench;
  bench.start();
  for (std::uint32_t i = 0; i < 3; ++i) bench.execute(Bench::fis28(0xc8, 16 * i, 8));
  bench.device.inject_media_error({0xa'bcde, 1});
  bench.execute(Bench::fis28(0xc8, 0xa'bcda, 8));
  EXPECT_EQ(bench.host.error, wire::error::UNC);
  for (const std::uint8_t address : {0x01, 0x02}) {
    const Bytes log = smart_page(bench, address);
    EXPECT_EQ(sum(log), 0u);
    EXPECT_EQ(log[1], 1) << "the latest entry";
    EXPECT_EQ(word(log, 226), 1u) << "errors in all";
    // Control, Features, Count, LBA 7:0, 15:8, 23:16, Device, Command of the fifth: that which failed.
    EXPECT_EQ(slice(log, 2 + 4 * 12, 8), (Bytes{0, 0, 8, 0xda, 0xbc, 0x0a, 0x40, 0xc8}));
    EXPECT_EQ(slice(log, 2 + 3 * 12, 8), (Bytes{0, 0, 8, 32, 0, 0, 0x40, 0xc8})) << "the one before";
    EXPECT_EQ(slice(log, 2 + 0 * 12, 12), Bytes(12)) << "there were only four commands";
    EXPECT_GE(lba_at(log, 2 + 4 * 12 + 8, 4), 20u) << "milliseconds since power-on";
    // Error, Count, LBA 7:0, 15:8, 23:16, Device, Status.
    EXPECT_EQ(log[2 + 60 + 1], wire::error::UNC);
    EXPECT_EQ(slice(log, 2 + 60 + 3, 3), (Bytes{0xde, 0xbc, 0x0a}));
    EXPECT_EQ(log[2 + 60 + 7] & 0x41, 0x41);
    EXPECT_EQ(log[2 + 60 + 27] & 0x0f, 3) << "active or idle";
  }
}

TEST(AtaErrorLogs, QueuedCommandsAreInTheExtendedOne) {
  Bench bench;
  bench.start();
  bench.device.inject_media_error({700'005, 1});
  bench.host.command(Bench::queued(false, 3, 10, 8));
  bench.host.command(Bench::queued(false, 9, 700'000, 0x108));
  bench.host.command(Bench::queued(false, 4, 50, 8));
  bench.run();
  bench.execute(Bench::fis(0x2f, 0x10, 1));  // the queue's error is acknowledged
  const Bytes log = general_page(bench, 0x03);
  EXPECT_EQ(sum(log), 0u);
  EXPECT_EQ(word(log, 1), 1u);
  EXPECT_EQ(word(log, 250), 1u);
  const Bytes failed = slice(log, 4 + 4 * 18, 13), before = slice(log, 4 + 3 * 18, 13);
  EXPECT_EQ(failed, (Bytes{0, 0x08, 0x01, 9 << 3, 0, 700'000 & 0xff, 0, 700'000 >> 8 & 0xff, 0, 700'000 >> 16, 0, 0x40, 0x60}));
  EXPECT_EQ(before[3], 3 << 3) << "the one that came before, not one that came after";
  EXPECT_EQ(log[4 + 90 + 1], wire::error::UNC);
  EXPECT_EQ(log[4 + 90 + 4], 700'005 & 0xff);
  EXPECT_EQ(log[4 + 90 + 6], 700'005 >> 8 & 0xff);
  EXPECT_EQ(log[4 + 90 + 8], 700'005 >> 16);
  EXPECT_EQ(log[4 + 90 + 11] & 1, 1);
  EXPECT_EQ(smart_page(bench, 0x01)[1], 0) << "the summary is of commands with 28 bits";
}

/// Errors of the command as it was given are none of the device's, and a device with SMART off keeps no logs.
TEST(AtaErrorLogs, FaultyCommandsAreNotLogged) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0x25, Bench::sectors, 8));
  EXPECT_EQ(bench.host.error, wire::error::IDNF);
  bench.execute(Bench::fis(0x9f));
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  EXPECT_EQ(word(general_page(bench, 0x03), 1), 0u);
  bench.device.inject_media_error({100, 1});
  bench.execute(smart(0xd9));
  bench.execute(Bench::fis(0x25, 100, 1));
  bench.execute(smart(0xd8));
  EXPECT_EQ(word(general_page(bench, 0x03), 1), 0u);
  for (unsigned i = 0; i < 6; ++i) bench.execute(Bench::fis(0x25, 100, 1));
  EXPECT_EQ(word(general_page(bench, 0x03), 1), 2u) << "six in a ring of four";
  EXPECT_EQ(word(bench.data(), 250), 6u);
}

}  // namespace
}  // namespace ahcisim::disk
