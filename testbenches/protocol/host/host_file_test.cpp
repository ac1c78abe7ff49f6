// SPDX-License-Identifier: MIT
// What a file on a journalling file system sends to its disk: mapping, allocation, journal, fdatasync.
#include <cstring>

#include <gmock/gmock.h>

#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/cache/cached_device.hpp>
#include <ahcisim/models/host/file/host_file.hpp>
#include <ahcisim/models/host/file/memory_file.hpp>
#include <ahcisim/models/kit/random.hpp>

#include "fake_block_device.hpp"

namespace ahcisim::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using kit::Duration;

/// Journal: sectors 2048 … 2175 (16 blocks). File: from 2176 on.
constexpr std::uint64_t journal = 2048, base = 2176;

struct FileBench : RequestOwner, DeviceListener {
  explicit FileBench(bool sparse, bool cached = false, const std::function<void(FileBench&)>& change = {}) {
    context.calendar.set_run_ahead_limit({});
    parameters.layout.set_text(sparse ? "sparse" : "contiguous");
    parameters.extent.set(kit::Bytes{64 << 10});
    parameters.journal_size.set(kit::Bytes{64 << 10});
    cache_parameters.size.set(kit::Bytes{4 << 20});
    if (change) change(*this);
    if (cached) cache.emplace("cache", context, cache_parameters, disk);
    if (cached)
      file.emplace("file", context, parameters, size, cache->buffered(), cache->direct());
    else
      file.emplace("file", context, parameters, size, disk, disk);
    file->remember_commits();
    file->listen(*this);
  }
  void completed(Request& request, Duration at) override {
    done.push_back(&request);
    if (on_completion) on_completion(request, at);
  }
  void ready(Duration) override { is_ready = true; }
  void failed(const std::string& reason, Duration) override { failure = reason; }
  void run_for(double milliseconds) { sc_core::sc_start(milliseconds, sc_core::SC_MS); }
  Request& make(Op op, std::uint64_t lba, std::uint32_t sectors, bool with_fua = false) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.fua = with_fua, request.owner = this;
    request.tag.open(requests.size());
    return request;
  }
  Request& act(Op op, std::uint64_t lba, std::uint32_t sectors, bool with_fua = false) {
    Request& request = make(op, lba, sectors, with_fua);
    const std::size_t before = done.size();
    file->submit(request, context.calendar.now());
    while (done.size() == before) run_for(1);
    return request;
  }
  Log take_log() { return std::exchange(disk.log, {}); }
  std::string at_place(const char* op, std::uint64_t lba, std::uint32_t sectors) const {
    return fmt::format("{} {}+{}", op, *file->disk_sector(lba), sectors);
  }

  kit::Context context;
  HostFileParameters parameters;
  std::uint64_t size = 0;
  CacheParameters cache_parameters;
  FakeBlockDevice disk{context, 65536};
  std::optional<CachedDevice> cache;
  std::optional<HostFile> file;
  std::deque<Request> requests;
  std::vector<Request*> done;
  std::function<void(Request&, Duration)> on_completion;
  bool is_ready = false;
  std::string failure;
};

TEST(HostFile, a_contiguous_file_is_an_offset) {
  FileBench bench{false};
  EXPECT_TRUE(bench.is_ready);
  EXPECT_EQ(bench.file->capacity(), 65536 - base);
  const Request& read = bench.act(Op::read, 100, 5000);
  EXPECT_THAT(bench.take_log(), ElementsAre("read 2276+5000"));
  const Duration latency = Duration::from_ps(read.tag.when(wire::Stage::completed) - read.tag.when(wire::Stage::submitted));
  EXPECT_EQ(latency, bench.parameters.map() + bench.disk.read_latency);
  bench.act(Op::write, 3, 1, true);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 2179+1 fua"));
  bench.act(Op::flush, 0, 0);
  EXPECT_THAT(bench.take_log(), ElementsAre("flush"));
}

TEST(HostFile, overwrites_are_committed_after_5_seconds_with_their_times) {
  FileBench bench{false};
  bench.act(Op::write, 0, 8);
  bench.take_log();
  bench.run_for(4990);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  bench.run_for(20);
  // Descriptor and inode, then the commit block.
  EXPECT_THAT(bench.take_log(), ElementsAre("write 2048+16", "preflush write 2064+8 fua"));
  bench.run_for(1);
  EXPECT_EQ(bench.file->statistics().commits.value(), 1u);
}

TEST(HostFile, a_flush_commits_where_blocks_were_allocated) {
  FileBench bench{true};
  bench.act(Op::write, 0, 8);
  const std::string data = bench.at_place("write", 0, 8);
  EXPECT_FALSE(bench.file->committed_sector(0));
  bench.act(Op::flush, 0, 0);
  // Descriptor; inode, block bitmap, group descriptor.
  EXPECT_THAT(bench.take_log(), ElementsAre(data, "write 2048+32", "preflush write 2080+8 fua"));
  EXPECT_EQ(bench.file->committed_sector(0), bench.file->disk_sector(0));
  EXPECT_THAT(bench.file->commits_of(0), ElementsAre(1u));
  ASSERT_EQ(bench.file->commits().size(), 1u);
  EXPECT_EQ(bench.file->commits()[0].disk_sector, 2080u);
  // Written again, nothing is allocated: no commit is needed.
  bench.act(Op::write, 0, 8);
  bench.take_log();
  bench.act(Op::flush, 0, 0);
  EXPECT_THAT(bench.take_log(), ElementsAre("flush"));
}

TEST(HostFile, dirty_data_is_on_the_disk_before_the_commit_block) {
  FileBench bench{true, true};
  bench.act(Op::write, 0, 8);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  bench.disk.log_ends = true;
  bench.act(Op::flush, 0, 0);
  const std::string data = bench.at_place("write", 0, 8);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 2048+32", "end write 2048+32", data, "end " + data, "flush", "end flush",
                                            "write 2080+8 fua", "end write 2080+8 fua"));
}

TEST(HostFile, a_fua_write_to_new_blocks_is_followed_by_a_commit) {
  FileBench bench{true};
  bench.act(Op::write, 0, 8, true);
  EXPECT_THAT(bench.take_log(), ElementsAre(bench.at_place("write", 0, 8), "write 2048+32", "preflush write 2080+8 fua"));
  EXPECT_TRUE(bench.file->committed_sector(0));
}

TEST(HostFile, holes_read_as_zeros_without_the_disk) {
  FileBench bench{true};
  const Request& read = bench.act(Op::read, 0, 8);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  EXPECT_EQ(read.tag.when(wire::Stage::completed), (bench.parameters.map() + bench.parameters.hole()).ps());
}

TEST(HostFile, requests_are_cut_where_extents_end) {
  FileBench bench{true};
  bench.act(Op::write, 0, 256 + 128);
  EXPECT_THAT(bench.take_log(), ElementsAre(bench.at_place("write", 0, 128), bench.at_place("write", 128, 128), bench.at_place("write", 256, 128)));
}

TEST(HostFile, a_part_of_a_new_block_is_written_with_zeros_around_it) {
  FileBench bench{true};
  std::fill(bench.disk.bytes().begin(), bench.disk.bytes().end(), std::uint8_t{0xee});
  Request& write = bench.make(Op::write, 3, 2);
  write.with_data = true;
  bench.file->submit(write, {});
  Request& late = bench.make(Op::read, 0, 8);  // waits until the block is as it should be
  bench.file->submit(late, {});
  bench.run_for(1);
  EXPECT_THAT(bench.take_log(), ElementsAre(bench.at_place("write", 0, 8), bench.at_place("read", 0, 8)));
  const std::uint8_t* block = bench.disk.bytes().data() + *bench.file->disk_sector(0) * 512;
  EXPECT_EQ(block[0], 0);
  EXPECT_EQ(block[5 * 512], 0);
}

TEST(HostFile, a_hole_is_punched_in_whole_blocks_and_zeros_the_rest) {
  FileBench bench{false};
  bench.act(Op::trim, 4, 24);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 2180+4", "write 2200+4"));
  EXPECT_FALSE(bench.file->disk_sector(8));
  EXPECT_TRUE(bench.file->committed_sector(8));
  bench.act(Op::read, 8, 16);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  bench.act(Op::flush, 0, 0);
  EXPECT_FALSE(bench.file->committed_sector(8));
  bench.act(Op::trim, 41, 2);
  EXPECT_EQ(bench.take_log().back(), "write 2217+2");
}

TEST(HostFile, the_journal_goes_round) {
  FileBench bench{true};
  for (std::uint64_t i = 0; i < 6; ++i) {
    bench.act(Op::write, i * 128, 8);
    bench.act(Op::flush, 0, 0);
  }
  for (const std::string& entry : bench.take_log()) {
    const std::size_t digits = entry.find_first_of("0123456789");
    ASSERT_NE(digits, std::string::npos);
    const std::uint64_t lba = std::stoull(entry.substr(digits));
    EXPECT_TRUE(lba >= base || lba + std::stoull(entry.substr(entry.find('+') + 1)) <= base) << entry;
    EXPECT_GE(lba, journal) << entry;
  }
  EXPECT_EQ(bench.file->statistics().commits.value(), 6u);
}

TEST(HostFile, flushes_during_a_commit_wait_for_the_next_where_they_need_it) {
  FileBench bench{true};
  bench.act(Op::write, 0, 8);
  bench.take_log();
  Request& first = bench.make(Op::flush, 0, 0);
  bench.file->submit(first, bench.context.calendar.now());
  bench.run_for(0.01);
  Request& same = bench.make(Op::flush, 0, 0);  // the commit under way holds all it needs, but a flush must follow
  bench.file->submit(same, bench.context.calendar.now());
  Request& write = bench.make(Op::write, 1280, 8);
  bench.file->submit(write, bench.context.calendar.now());
  bench.run_for(0.06);
  Request& next = bench.make(Op::flush, 0, 0);
  bench.file->submit(next, bench.context.calendar.now());
  bench.run_for(10);
  EXPECT_EQ(bench.done.size(), 5u);
  EXPECT_EQ(bench.done[0], &bench.requests[0]);
  EXPECT_EQ(bench.file->statistics().commits.value(), 2u);
  EXPECT_EQ(bench.file->statistics().flushes.value(), 1u);
  EXPECT_EQ(bench.file->committed_sector(1280), bench.file->disk_sector(1280));
}

TEST(HostFile, a_journal_that_cannot_be_written_stops_all_writing) {
  FileBench bench{true};
  bench.act(Op::write, 0, 8);
  bench.disk.verdict = [](const Request& r) { return r.lba < base && r.op == Op::write ? RequestStatus::media_error : RequestStatus::ok; };
  EXPECT_EQ(bench.act(Op::flush, 0, 0).status, RequestStatus::media_error);
  EXPECT_EQ(bench.act(Op::write, 0, 8).status, RequestStatus::media_error);
  EXPECT_EQ(bench.act(Op::read, 0, 8).status, RequestStatus::ok);
  EXPECT_FALSE(bench.file->committed_sector(0));
}

TEST(HostFile, a_file_that_does_not_fit_is_refused) {
  FileBench bench{false, false, [](FileBench& b) { b.size = 1 << 21; }};
  EXPECT_THAT(bench.failure, ::testing::HasSubstr("does not fit"));
  EXPECT_EQ(bench.act(Op::read, 0, 8).status, RequestStatus::gone);
}

TEST(HostFile, an_error_names_the_sector_of_the_file) {
  FileBench bench{false};
  bench.disk.verdict = [](const Request& r) {
    const_cast<Request&>(r).error_lba = r.lba + 3;
    return RequestStatus::media_error;
  };
  const Request& read = bench.act(Op::read, 50, 8);
  EXPECT_EQ(read.status, RequestStatus::media_error);
  EXPECT_EQ(read.error_lba, 53u);
}

/// Random requests, one at a time, on a sparse file behind a page cache, against an oracle of bytes.
TEST(HostFile, random_requests_see_the_last_write) {
  constexpr std::uint64_t seed = 8086, sectors = 4000;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  struct DataBench : FileBench {
    DataBench() : FileBench{true, true, [](FileBench& b) {
        b.cache_parameters.size.set(kit::Bytes{256 << 10});
        b.disk.bytes().assign(b.disk.bytes().size(), 0xcd);
      }} {}
    std::vector<std::uint8_t> data;
    void fill(const Request&, std::uint8_t* to, std::uint64_t offset, std::uint32_t bytes) override { std::memcpy(to, data.data() + offset, bytes); }
    void inspect(const Request&, const std::uint8_t* from, std::uint64_t offset, std::uint32_t bytes) override { std::memcpy(data.data() + offset, from, bytes); }
  } bench;
  kit::Random random{seed, "host_file"};
  std::vector<std::uint8_t> oracle(sectors * 512);
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t kind = random.between(0, 99);
    const Op op = kind < 40 ? Op::read : kind < 85 ? Op::write : kind < 95 ? Op::trim : Op::flush;
    const auto count = static_cast<std::uint32_t>(random.between(1, random.between(0, 3) ? 20 : 300));
    const std::uint64_t lba = random.between(0, sectors - count);
    std::uint8_t* truth = oracle.data() + lba * 512;
    bench.data.assign(std::size_t{count} * 512, static_cast<std::uint8_t>(i));
    if (op == Op::write) std::memcpy(truth, bench.data.data(), bench.data.size());
    if (op == Op::trim) std::memset(truth, 0, bench.data.size());
    Request& request = bench.make(op, lba, count, op == Op::write && kind < 45);
    request.with_data = true;
    bench.file->submit(request, bench.context.calendar.now());
    while (bench.done.size() == static_cast<std::size_t>(i)) bench.run_for(0.5);
    ASSERT_EQ(request.status, RequestStatus::ok);
    ASSERT_TRUE(op != Op::read || std::memcmp(truth, bench.data.data(), bench.data.size()) == 0) << lba << "+" << count;
  }
  bench.act(Op::flush, 0, 0);
  // What a power cut leaves now is what was written.
  for (std::uint64_t sector = 0; sector < sectors; ++sector) {
    const auto place = bench.file->committed_sector(sector);
    const std::vector<std::uint8_t> zeros(512);
    ASSERT_EQ(std::memcmp(place ? bench.disk.bytes().data() + *place * 512 : zeros.data(), oracle.data() + sector * 512, 512), 0) << sector;
  }
}

TEST(MemoryFile, takes_call_and_copy_and_its_flush_nothing) {
  struct Owner : RequestOwner {
    Duration at;
    std::vector<std::uint8_t> data = std::vector<std::uint8_t>(4096, 0x5a);
    void completed(Request&, Duration when) override { at = when; }
    void fill(const Request&, std::uint8_t* to, std::uint64_t offset, std::uint32_t bytes) override { std::memcpy(to, data.data() + offset, bytes); }
    void inspect(const Request&, const std::uint8_t* from, std::uint64_t offset, std::uint32_t bytes) override { std::memcpy(data.data() + offset, from, bytes); }
  } owner;
  kit::Context context;
  MemoryFileParameters parameters;
  disk::SparseStore store{1000};
  MemoryFile file{"file", context, parameters, store};
  Request request;
  request.owner = &owner, request.op = Op::write, request.lba = 100, request.sectors = 8, request.with_data = true;
  file.submit(request, {});
  sc_core::sc_start();
  EXPECT_NEAR(owner.at.ns(), 700 + 0.11 * 4096, 0.01);
  owner.data.assign(4096, 0);
  request.op = Op::read;
  file.submit(request, context.calendar.now());
  sc_core::sc_start();
  EXPECT_EQ(owner.data, std::vector<std::uint8_t>(4096, 0x5a));
  const Duration before = owner.at;
  request.op = Op::flush;
  file.submit(request, before);
  sc_core::sc_start();
  EXPECT_EQ(owner.at - before, parameters.syscall());
  request.op = Op::read, request.lba = 996;
  file.submit(request, owner.at);
  sc_core::sc_start();
  EXPECT_EQ(request.status, RequestStatus::out_of_range);
}

}  // namespace
}  // namespace ahcisim::host
