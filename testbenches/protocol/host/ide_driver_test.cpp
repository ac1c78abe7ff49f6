// SPDX-License-Identifier: MIT
// The IDE driver against a scripted controller: access counts and order, splitting, modes, the account of a request.
#include <algorithm>

#include "ide_bench.hpp"

namespace ahcisim::host {
namespace {

using Answers = FakeFunction::Answers;

// Linux's libata-sff.c, in its order.
const Log select_device{"R Status", "W Device", "R AltStatus", "R Status"};
const Log previous{"W Features", "W Count", "W LBAL", "W LBAM", "W LBAH"};
const Log task_file{"W Features", "W Count", "W LBAL", "W LBAM", "W LBAH", "W Device", "R Status"};
const Log exec_command{"W Command", "R AltStatus"};
const Log dma_setup{"W PRDTable", "R BMCommand", "W BMCommand", "W Command", "R AltStatus"};
const Log dma_start{"R BMCommand", "W BMCommand"};
const Log dma_interrupt{"R BMStatus", "R BMCommand", "W BMCommand", "R AltStatus", "R AltStatus", "R Status", "R BMStatus", "W BMStatus"};
const Log pio_interrupt{"R AltStatus", "R Status", "R BMStatus", "W BMStatus"};
const Log read_block{"R Data", "R AltStatus"};
const Log write_block{"W Data", "R AltStatus"};
const Log status{"R Status"};

class IdeDriverOnEveryBus : public testing::TestWithParam<Answers> {};
INSTANTIATE_TEST_SUITE_P(answers, IdeDriverOnEveryBus, testing::Values(Answers::later, Answers::completed, Answers::updated),
                         [](const auto& info) { return std::string{info.param == Answers::later ? "later" : info.param == Answers::completed ? "completed" : "updated"}; });

TEST_P(IdeDriverOnEveryBus, dma_read_with_28_bits_takes_26_accesses) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.answers = GetParam(); }};
  bench.boot();
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(bench.fake.log, select_device + task_file + dma_setup + dma_start + dma_interrupt);
  EXPECT_EQ(bench.fake.log.size(), 26u);
  EXPECT_EQ(std::count_if(bench.fake.log.begin(), bench.fake.log.end(), [](const std::string& s) { return s[0] == 'W'; }), 13);
  EXPECT_EQ(bench.driver->statistics().register_reads.value(), 13u);
  EXPECT_EQ(bench.driver->statistics().register_writes.value(), 13u);
  EXPECT_EQ(bench.driver->statistics().interrupts.value(), 1u);
  EXPECT_EQ(bench.fake.commands[0].command, 0xc8);
  EXPECT_EQ(bench.fake.commands[0].device, 0xe0);
}

TEST_P(IdeDriverOnEveryBus, pio_read_of_8_blocks_takes_62_accesses) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.fake.answers = GetParam(); }};
  bench.boot();
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  Log expected = select_device + task_file + exec_command;
  for (int i = 0; i < 8; ++i) expected = expected + pio_interrupt + read_block;
  EXPECT_EQ(bench.fake.log, expected + status);
  EXPECT_EQ(bench.fake.log.size(), 62u);
  EXPECT_EQ(bench.accesses(), 62u);
  EXPECT_EQ(bench.driver->statistics().interrupts.value(), 8u);
}

TEST(IdeDriver, dma_with_48_bits_takes_31_accesses) {
  IdeBench bench{fast};
  bench.boot();
  bench.submit(Op::write, std::uint64_t{1} << 28, 8);
  bench.run();
  EXPECT_EQ(bench.fake.log, select_device + previous + task_file + dma_setup + dma_start + dma_interrupt);
  EXPECT_EQ(bench.fake.log.size(), 31u);
  EXPECT_EQ(bench.fake.commands[0].command, 0x35);
  EXPECT_EQ(bench.fake.commands[0].lba(), std::uint64_t{1} << 28);
}

TEST(IdeDriver, addresses_of_28_bits_where_they_reach) {
  IdeBench bench{fast};
  bench.boot();
  const std::uint64_t end = 1u << 28;
  bench.submit(Op::read, 0, 256);
  bench.submit(Op::read, 0, 257);
  bench.submit(Op::read, end - 10, 8);
  bench.submit(Op::read, end - 4, 8);
  bench.run();
  ASSERT_EQ(bench.fake.commands.size(), 4u);
  EXPECT_EQ(bench.fake.commands[0].command, 0xc8);
  EXPECT_EQ(bench.fake.commands[0].now[2], 0);  // 256 sectors
  EXPECT_EQ(bench.fake.commands[1].command, 0x25);
  EXPECT_EQ(bench.fake.commands[2].command, 0xc8);
  EXPECT_EQ(bench.fake.commands[2].lba(), end - 10);
  EXPECT_EQ(bench.fake.commands[3].command, 0x25);
}

TEST(IdeDriver, read_multiple_takes_27_accesses) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.parameters.multiple.set(8); }};
  bench.boot();
  bench.submit(Op::read, 8, 8);
  bench.run();
  Log expected = select_device + task_file + exec_command + pio_interrupt;
  for (int i = 0; i < 8; ++i) expected.push_back("R Data");
  EXPECT_EQ(bench.fake.log, expected + Log{"R AltStatus"} + status);
  EXPECT_EQ(bench.fake.log.size(), 27u);
  EXPECT_EQ(bench.fake.commands[0].command, 0xc4);
}

TEST(IdeDriver, pio_write_sends_its_first_block_without_an_interrupt) {
  IdeBench bench{pio};
  bench.boot();
  bench.submit(Op::write, 8, 3);
  bench.run();
  EXPECT_EQ(bench.fake.log, select_device + task_file + exec_command + status + write_block + pio_interrupt + write_block + pio_interrupt +
                                write_block + pio_interrupt);
  EXPECT_EQ(bench.fake.commands[0].command, 0x30);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
}

TEST(IdeDriver, strings_have_the_width_asked_for) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.parameters.string_width.set_text("word"); }};
  bench.boot();
  bench.submit(Op::read, 0, 1);
  bench.run();
  EXPECT_EQ(bench.fake.string_width, 2u);
}

TEST(IdeDriver, data_arrives_in_every_mode) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.parameters.multiple.set(4); }};
  bench.boot();
  bench.submit(Op::write, 3, 300, [](Request& r) { r.with_data = true; });
  bench.submit(Op::read, 3, 300, [](Request& r) { r.with_data = true; });
  bench.run();
  EXPECT_EQ(bench.inspected, 300u * 512);
  EXPECT_EQ(bench.wrong, 0u);
}

TEST(IdeDriver, dma_moves_data_and_prds_stay_within_64_kib) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.parameters.segment.set(kit::Bytes{65536}); }};
  bench.boot();
  bench.submit(Op::write, 3, 2560, [](Request& r) { r.with_data = true; });
  bench.submit(Op::read, 3, 2560, [](Request& r) { r.with_data = true; });
  bench.run();
  EXPECT_EQ(bench.inspected, 2560u * 512);
  EXPECT_EQ(bench.wrong, 0u);
  EXPECT_EQ(bench.fake.commands.size(), 2u);  // 1280 KiB each
  for (const auto& [address, bytes] : bench.fake.prds) EXPECT_LE((address & 0xffff) + bytes, 0x10000u);
}

TEST(IdeDriver, splits_at_128_prds) {
  IdeBench bench{fast};
  bench.boot();
  bench.submit(Op::read, 0, 2048);
  bench.run();
  ASSERT_EQ(bench.fake.commands.size(), 2u);
  EXPECT_EQ(bench.fake.commands[0].count(), 1024u);
  EXPECT_EQ(bench.fake.prds.size(), 128u);
}

TEST(IdeDriver, disk_without_48_bits_takes_128_kib_at_a_time) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.put_word(83, 0x5000); }};
  bench.boot();
  EXPECT_EQ(bench.driver->capacity(), 0x0fffffffu);
  bench.submit(Op::read, 0, 2048);
  bench.run();
  ASSERT_EQ(bench.fake.commands.size(), 8u);
  EXPECT_EQ(bench.fake.log.size(), 8u * 26);
  EXPECT_EQ(bench.fake.commands[7].lba(), 7u * 256);
}

TEST(IdeDriver, scatter_list_becomes_the_table) {
  IdeBench bench{fast};
  bench.boot();
  const Segment list[] = {{0x4ff00, 0x300}, {0x60000, 0xd00}};
  bench.submit(Op::read, 0, 8, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  EXPECT_EQ(bench.fake.prds, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0x4ff00, 0x100}, {0x50000, 0x200}, {0x60000, 0xd00}}));
}

TEST(IdeDriver, scatter_list_beyond_32_bits_goes_through_the_buffer) {
  IdeBench bench{fast};
  bench.boot();
  const std::uint64_t high = std::uint64_t{5} << 30;
  const Segment list[] = {{high, 1024}, {0x60000, 3072}};
  for (unsigned i = 0; i < 1024; ++i) bench.memory.at(high, 1024)[i] = static_cast<std::uint8_t>(i * 5);
  bench.submit(Op::write, 64, 8, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  std::memset(bench.memory.at(high, 1024), 0, 1024);
  bench.submit(Op::read, 64, 8, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  ASSERT_EQ(bench.done.size(), 2u);
  for (unsigned i = 0; i < 1024; ++i) ASSERT_EQ(bench.memory.at(high, 1024)[i], static_cast<std::uint8_t>(i * 5));
  const Segment outside[] = {{std::uint64_t{1} << 40, 4096}};
  bench.submit(Op::read, 0, 8, [&](Request& r) { r.segments = outside, r.segment_count = 1; });
  bench.run();
  EXPECT_EQ(bench.done.back()->status, RequestStatus::unsupported);
}

TEST(IdeDriver, one_command_at_a_time_and_flushes_between) {
  IdeBench bench{fast};
  bench.boot();
  for (unsigned i = 0; i < 20; ++i) bench.submit(Op::write, 8 * i, 8);
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = r.flush_first = true; });
  bench.submit(Op::flush, 0, 0);
  bench.run();
  ASSERT_EQ(bench.done.size(), 22u);
  std::vector<unsigned> codes;
  for (const auto& sent : bench.fake.commands) codes.push_back(sent.command);
  codes.erase(codes.begin(), codes.begin() + 20);
  EXPECT_EQ(codes, (std::vector<unsigned>{0xea, 0xca, 0xea, 0xea}));
  EXPECT_EQ(bench.driver->statistics().deferred.value(), 21u);
}

TEST(IdeDriver, flush_takes_12_accesses) {
  IdeBench bench{fast};
  bench.boot();
  bench.submit(Op::flush, 0, 0);
  bench.run();
  EXPECT_EQ(bench.fake.log, (select_device + Log{"W Device", "R Status"} + exec_command + pio_interrupt));
}

TEST(IdeDriver, without_write_cache_nothing_is_flushed) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.put_word(85, 0x0040); }};
  bench.boot();
  bench.submit(Op::flush, 0, 0);
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = true; });
  bench.run();
  EXPECT_EQ(bench.fake.commands.size(), 1u);
  EXPECT_EQ(bench.done.size(), 2u);
}

TEST(IdeDriver, slave_of_the_secondary_channel) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.channel = 1, b.fake.device = 1; }};
  bench.boot();
  EXPECT_EQ(bench.driver->channel(), 1u);
  EXPECT_EQ(bench.driver->device(), 1u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.fake.log.size(), 26u);
  EXPECT_EQ(bench.fake.commands[0].device, 0xf0);
}

TEST(IdeDriver, bring_up_polls_and_sets_the_fastest_mode_of_both) {
  IdeBench bench{[](IdeBench& b) {
    fast(b), b.fake.log_on = true;
    b.parameters.fastest_mode.set_text("udma4"), b.parameters.write_cache.set_text("on"), b.parameters.look_ahead.set_text("off");
    b.parameters.multiple.set(12);
  }};
  bench.run();
  ASSERT_TRUE(bench.is_ready) << bench.failure;
  EXPECT_EQ(bench.driver->transfer_mode(), 0x44);
  std::vector<std::array<unsigned, 3>> sent;
  for (const auto& c : bench.fake.commands) {
    EXPECT_FALSE(c.interrupts);
    sent.push_back({c.command, c.now[1], c.now[2]});
  }
  EXPECT_EQ(sent, (std::vector<std::array<unsigned, 3>>{
                      {0xec, 0, 0}, {0xef, 0x03, 0x44}, {0xef, 0x02, 0}, {0xef, 0x55, 0}, {0xc6, 0, 8}, {0xec, 0, 0}}));
  EXPECT_EQ(bench.fake.config[0x41] & 0x80, 0x80);  // the channel decodes its ports
  EXPECT_EQ(bench.fake.config[0x04] & 0x05, 0x05);  // I/O, bus master
  EXPECT_EQ(bench.fake.log.back(), "W Control");    // nIEN is cleared last
  EXPECT_EQ(bench.fake.resets, 1u);
  EXPECT_EQ(bench.driver->statistics().interrupts.value(), 0u);
}

TEST(IdeDriver, fastest_mode_is_that_of_the_disk) {
  IdeBench bench{fast};
  bench.boot();
  EXPECT_EQ(bench.driver->transfer_mode(), 0x45);
}

TEST(IdeDriver, multiword_mode_where_there_is_no_udma) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.put_word(53, 2); }};
  bench.boot();
  EXPECT_EQ(bench.driver->transfer_mode(), 0x22);
}

TEST(IdeDriver, pio_mode_where_the_controller_has_no_more) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.parameters.fastest_mode.set_text("pio3"); }};
  bench.boot();
  EXPECT_EQ(bench.driver->transfer_mode(), 0x0b);
}

TEST(IdeDriver, real_waits_of_the_bring_up) {
  IdeBench bench;
  bench.boot();
  EXPECT_GE(bench.context.calendar.now().ms(), 150);
  EXPECT_LE(bench.context.calendar.now().ms(), 300);
}

TEST(IdeDriver, held_until_it_is_begun) {
  IdeBench bench{fast};
  bench.driver->hold_bring_up();
  bench.run();
  EXPECT_FALSE(bench.is_ready);
  bench.driver->begin_bring_up();
  bench.boot();
}

TEST(IdeDriver, processor_time_of_one_request) {
  IdeBench bench{fast};
  bench.boot();
  const kit::Duration before = bench.driver->processor().busy_time();
  bench.submit(Op::read, 8, 8);
  bench.run();
  const CpuParameters& c = bench.parameters.cpu;
  const kit::Duration expected = c.syscall() + c.submit() + c.build() + 3 * bench.parameters.busy_wait() + 2 * bench.parameters.settle() +
                                 26 * bench.fake.access_time + c.interrupt_entry() + c.finish() + c.interrupt_exit() + c.complete() + c.wake();
  EXPECT_EQ((bench.driver->processor().busy_time() - before).ps(), expected.ps());
}

TEST(IdeDriver, account_is_monotone_and_sums_up) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.fake.answers = Answers::later, b.fake.seen = kit::Duration::from_us(5); }};
  bench.boot();
  for (unsigned i = 0; i < 50; ++i) bench.submit(i % 3 ? Op::read : Op::write, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 50u);
  for (const Request* request : bench.done) expect_account(*request);
}

TEST(IdeDriver, account_of_pio_is_monotone_and_sums_up) {
  IdeBench bench{[](IdeBench& b) { pio(b), b.fake.answers = Answers::later; }};
  bench.boot();
  for (unsigned i = 0; i < 20; ++i) bench.submit(i % 3 ? Op::read : Op::write, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 20u);
  for (const Request* request : bench.done) expect_account(*request);
}

}  // namespace
}  // namespace ahcisim::host
