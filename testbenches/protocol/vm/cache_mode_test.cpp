// SPDX-License-Identifier: MIT
// What each cache mode tells the guest, and what a guest's writes and flushes become: the rows measured of QEMU.
#include "bench.hpp"

namespace ahcisim::host {
namespace {

using Calls = std::vector<std::string>;

struct Row {
  const char* mode;
  bool write_cache;
  Calls write, flush;
};
const Row rows[] = {
    {"none", true, {"pwrite"}, {"fdatasync"}},
    {"writethrough", false, {"pwrite", "fdatasync"}, {}},
    {"writeback", true, {"pwrite"}, {"fdatasync"}},
    {"directsync", false, {"pwrite", "fdatasync"}, {}},
    {"unsafe", true, {"pwrite"}, {}},
};

class CacheModes : public ::testing::TestWithParam<Row> {
 protected:
  static Calls calls_of(Bench& bench, Op op, bool fua = false) {
    bench.file.log.clear();
    Request& request = bench.submit(op, 16, op == Op::flush ? 0 : 8, [fua](Request& r) { r.fua = fua; });
    bench.run();
    EXPECT_EQ(request.status, RequestStatus::ok);
    return bench.file.log;
  }
};
INSTANTIATE_TEST_SUITE_P(All, CacheModes, ::testing::ValuesIn(rows), [](const auto& info) { return std::string{info.param.mode}; });

TEST_P(CacheModes, GuestIsToldOfTheCacheAndCallsAreQemus) {
  Bench bench{"epyc-2020", GetParam().mode};
  bench.boot();
  EXPECT_EQ(bench.driver->identify().write_cache, GetParam().write_cache);
  EXPECT_EQ(calls_of(bench, Op::write), GetParam().write);
  EXPECT_EQ(calls_of(bench, Op::flush), GetParam().flush);
  EXPECT_EQ(calls_of(bench, Op::read), Calls{"pread"});
}

/// A write that must be stable is, whatever the mode but unsafe; the guest may ask by FUA or by a flush that follows.
TEST_P(CacheModes, ForcedWriteIsFlushedOnce) {
  const bool ignored = std::string{GetParam().mode} == "unsafe";
  const Calls stable = ignored ? Calls{"pwrite"} : Calls{"pwrite", "fdatasync"};
  Bench bench{"epyc-2020", GetParam().mode, [](Bench& b) { b.driver_parameters.fua.set(true); }};
  bench.boot();
  EXPECT_EQ(calls_of(bench, Op::write, true), stable);
}

TEST_P(CacheModes, ForcedWriteWithoutFuaIsFlushedOnce) {
  const bool ignored = std::string{GetParam().mode} == "unsafe";
  const Calls stable = ignored ? Calls{"pwrite"} : Calls{"pwrite", "fdatasync"};
  Bench bench{"epyc-2020", GetParam().mode};
  bench.boot();
  EXPECT_EQ(calls_of(bench, Op::write, true), stable);
}

/// The guest's own SET FEATURES counts on top of the mode.
TEST_P(CacheModes, GuestMaySwitchTheCacheOff) {
  const bool ignored = std::string{GetParam().mode} == "unsafe";
  Bench bench{"epyc-2020", GetParam().mode, [](Bench& b) { b.driver_parameters.write_cache.set_text("off"); }};
  bench.boot();
  EXPECT_FALSE(bench.driver->identify().write_cache);
  EXPECT_EQ(calls_of(bench, Op::write), (ignored ? Calls{"pwrite"} : Calls{"pwrite", "fdatasync"}));
  EXPECT_EQ(calls_of(bench, Op::flush), Calls{});
}

TEST_P(CacheModes, GuestMaySwitchTheCacheOn) {
  Bench bench{"epyc-2020", GetParam().mode, [](Bench& b) { b.driver_parameters.write_cache.set_text("on"); }};
  bench.boot();
  EXPECT_TRUE(bench.driver->identify().write_cache);
  EXPECT_EQ(calls_of(bench, Op::write), Calls{"pwrite"});
}

TEST(ImageFile, HoldsWhatTheGuestWrote) {
  Bench bench;
  bench.file.time_of_device = kit::Duration::from_us(1000);
  bench.boot();
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::write, 1000 + 100 * i, 64, [](Request& r) { r.with_data = true; });
  bench.run();
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 1000 + 100 * i, 64, [](Request& r) { r.with_data = true; });
  bench.run();
  EXPECT_EQ(bench.done.size(), 80u);
  EXPECT_EQ(bench.wrong_bytes, 0u);
  ASSERT_EQ(bench.file.content.size(), 40u * 64);
  for (const auto& [lba, sector] : bench.file.content) {
    const std::uint64_t begin = 1000 + (lba - 1000) / 100 * 100, offset = (lba - begin) * 512;
    for (unsigned i = 0; i < 512; ++i)
      ASSERT_EQ(sector.data[i], static_cast<std::uint8_t>(begin + (lba - begin) + (offset + i) * 7)) << "sector " << lba << " byte " << i;
  }
  EXPECT_GT(bench.file.highest, 20u) << "commands are under way together";
}

TEST(ImageFile, TrimPunchesAHoleForEachRange) {
  Bench bench;
  bench.boot();
  bench.submit(Op::trim, 1000, 70000);  // two ranges: 65,535 sectors at most in one
  bench.run();
  EXPECT_EQ(bench.file.log, (Calls{"fallocate", "fallocate"}));
}

TEST(ImageFile, WorkersAreFew) {
  Bench bench{"epyc-2020", "none", [](Bench& b) { b.costs.workers.set(4); }};
  bench.file.time_of_device = kit::Duration::from_us(1000);
  bench.boot();
  for (unsigned i = 0; i < 32; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 32u);
  EXPECT_EQ(bench.file.highest, 4u);
  EXPECT_EQ(bench.emulator->statistics().calls_queued.value(), 28u);
}

TEST(ImageFile, NativeCallsNeedNoWorkers) {
  Bench bench{"epyc-2020", "none", [](Bench& b) { b.costs.workers.set(1), b.costs.aio.set_text("native"); }};
  bench.file.time_of_device = kit::Duration::from_us(1000);
  bench.boot();
  for (unsigned i = 0; i < 32; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 32u);
  EXPECT_EQ(bench.file.highest, 32u);
  EXPECT_EQ(bench.emulator->statistics().worker_wakes.value(), 0u);
}

TEST(ImageFile, InstantFileIsPossible) {
  Bench bench;
  bench.file.time_of_device = kit::Duration{};
  bench.boot();
  for (unsigned i = 0; i < 100; ++i) bench.submit(i % 2 ? Op::read : Op::write, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 100u);
}

}  // namespace
}  // namespace ahcisim::host
