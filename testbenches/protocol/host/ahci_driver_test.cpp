// SPDX-License-Identifier: MIT
// The AHCI driver against a scripted HBA: access counts and order, splitting, queueing rules, the account of a request.
#include <algorithm>

#include <gtest/gtest.h>

#include "bench.hpp"

namespace ahcisim::host {
namespace {

TEST(AhciDriver, queued_read_takes_seven_accesses) {
  Bench bench;
  bench.boot();
  EXPECT_EQ(bench.driver->capacity(), 0x20008000u);
  EXPECT_EQ(bench.driver->max_depth(), 32u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(bench.hba.log, (Log{"W PxSACT", "W PxCI", "R IS", "R PxIS", "W PxIS", "R PxSACT", "W IS"}));
  EXPECT_EQ(bench.driver->statistics().register_reads.value() + bench.driver->statistics().register_writes.value() -
                bench.hba.log.size(), 5u * bench.driver->statistics().interrupts.value() - 5u);
}

TEST(AhciDriver, other_read_takes_six_accesses) {
  Bench bench{[](Bench& b) { b.parameters.ncq.set(false); }};
  bench.boot();
  EXPECT_EQ(bench.driver->max_depth(), 1u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.hba.log, (Log{"W PxCI", "R IS", "R PxIS", "W PxIS", "R PxCI", "W IS"}));
  EXPECT_EQ(bench.opcodes(), (std::vector<unsigned>{0xc8}));
  for (int i = 0; i < 10; ++i) bench.submit(Op::read, 1u << 28, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 11u);
  EXPECT_EQ(bench.hba.highest_outstanding, 1u);
  EXPECT_EQ(bench.opcodes().back(), 0x25u);  // beyond 28 bits
}

TEST(AhciDriver, vector_for_each_port_takes_five_accesses) {
  Bench bench{[](Bench& b) {
    b.parameters.interrupts.set_text("msi_per_port");
    b.hba.pi = 3;
    b.hba.put_config(0x82, 0x0086, 2);  // eight messages
  }};
  bench.boot();
  EXPECT_EQ(bench.driver->function().vectors, 2u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.hba.log, (Log{"W PxSACT", "W PxCI", "R PxIS", "W PxIS", "R PxSACT"}));
}

TEST(AhciDriver, messages_per_port_fall_back_to_one) {
  Bench bench{[](Bench& b) { b.parameters.interrupts.set_text("msi_per_port"), b.hba.pi = 3; }};
  bench.boot();
  EXPECT_EQ(bench.driver->function().vectors, 1u);
  EXPECT_EQ(bench.driver->function().interrupts, PciFunction::Interrupts::msi);
}

TEST(AhciDriver, msix_is_arranged) {
  Bench bench{[](Bench& b) { b.parameters.interrupts.set_text("msix"); }};
  bench.boot();
  EXPECT_EQ(bench.driver->function().interrupts, PciFunction::Interrupts::msix);
  EXPECT_EQ(bench.hba.config[0xab] & 0xc0, 0x80);  // enabled, not masked
  EXPECT_TRUE(bench.hba.config[0x05] & 0x04);      // INTx off
}

TEST(AhciDriver, works_with_intx) {
  Bench bench{[](Bench& b) { b.parameters.interrupts.set_text("intx"), b.hba.use_intx = true; }};
  bench.boot();
  for (int i = 0; i < 100; ++i) bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 100u);
}

TEST(AhciDriver, completions_that_arrive_together_cost_one_pass) {
  Bench bench;
  bench.boot();
  bench.hba.hold_completions = true;
  for (unsigned i = 0; i < 8; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_TRUE(bench.done.empty());
  EXPECT_EQ(bench.hba.log.size(), 16u);
  bench.hba.log.clear();
  bench.hba.release_held();
  bench.run();
  EXPECT_EQ(bench.done.size(), 8u);
  EXPECT_EQ(bench.hba.log, (Log{"R IS", "R PxIS", "W PxIS", "R PxSACT", "W IS"}));
}

TEST(AhciDriver, notification_register_costs_two_more) {
  Bench bench{[](Bench& b) { b.hba.cap |= 1u << 29; }};
  bench.boot();
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.hba.log, (Log{"W PxSACT", "W PxCI", "R IS", "R PxIS", "W PxIS", "R PxSNTF", "W PxSNTF", "R PxSACT", "W IS"}));
}

TEST(AhciDriver, depth_is_kept) {
  Bench bench{[](Bench& b) { b.parameters.depth.set(4); }};
  bench.boot();
  for (unsigned i = 0; i < 50; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 50u);
  EXPECT_EQ(bench.hba.highest_outstanding, 4u);
}

TEST(AhciDriver, flush_waits_for_the_queue_and_the_queue_for_it) {
  Bench bench;
  bench.boot();
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::write, 8 * i, 8);
  bench.submit(Op::flush, 0, 0);
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 81u);
  EXPECT_EQ(bench.hba.highest_outstanding, 32u);
  EXPECT_FALSE(bench.hba.mixed);
  const std::vector<unsigned> codes = bench.opcodes();
  EXPECT_EQ(std::find(codes.begin(), codes.end(), 0xeau) - codes.begin(), 40);
}

TEST(AhciDriver, splits_at_the_scatter_gather_limit) {
  Bench bench;
  bench.boot();
  bench.submit(Op::read, 0, 8192, [](Request& r) { r.with_data = true; });
  bench.run();
  EXPECT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.hba.commands.size(), 7u);  // 4 MiB by 168 pages
  std::uint64_t next = 0;
  std::sort(bench.pieces.begin(), bench.pieces.end());
  for (const auto& [offset, bytes] : bench.pieces) {
    EXPECT_EQ(offset, next);
    next += bytes;
  }
  EXPECT_EQ(next, 4u << 20);
}

TEST(AhciDriver, splits_at_the_longest_command) {
  Bench bench{[](Bench& b) { b.parameters.segment.set(kit::Bytes{65536}); }};
  bench.boot();
  bench.submit(Op::write, 16, 8192);
  bench.run();
  ASSERT_EQ(bench.hba.commands.size(), 4u);  // 1280 KiB each
  EXPECT_EQ(bench.hba.commands[1].lba48(), 16u + 2560);
  EXPECT_EQ(bench.hba.commands[3].features(), 8192 - 3 * 2560);
}

TEST(AhciDriver, scatter_list_becomes_the_prdt) {
  Bench bench;
  bench.boot();
  const Segment list[] = {{0x40000, 1022}, {0x50002, 3074}};
  bench.submit(Op::read, 0, 8, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(wire::load_le32(bench.hba.header(0)) >> 16, 2u);
  const std::uint8_t* table = bench.hba.table(0);
  EXPECT_EQ(wire::load_le32(table + 0x80), 0x40000u);
  EXPECT_EQ(wire::load_le32(table + 0x8c), 1021u);
  EXPECT_EQ(wire::load_le32(table + 0x90), 0x50002u);
  EXPECT_EQ(wire::load_le32(table + 0x9c), 3073u);
}

TEST(AhciDriver, scatter_list_that_is_too_short_is_refused) {
  Bench bench;
  bench.boot();
  const Segment list[] = {{0x40000, 1024}};
  bench.submit(Op::read, 0, 8, [&](Request& r) { r.segments = list, r.segment_count = 1; });
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::unsupported);
}

TEST(AhciDriver, fua_and_preflush_become_flushes) {
  Bench bench;
  bench.boot();
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = r.flush_first = true; });
  bench.run();
  EXPECT_EQ(bench.opcodes(), (std::vector<unsigned>{0xea, 0x61, 0xea}));
  EXPECT_EQ(bench.done.size(), 1u);
}

TEST(AhciDriver, fua_is_used_where_allowed) {
  Bench bench{[](Bench& b) { b.parameters.fua.set(true); }};
  bench.boot();
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = true; });
  bench.run();
  ASSERT_EQ(bench.opcodes(), (std::vector<unsigned>{0x61}));
  EXPECT_EQ(bench.hba.commands[0].device, 0xc0);
}

TEST(AhciDriver, without_write_cache_nothing_is_flushed) {
  Bench bench{[](Bench& b) { b.hba.put_word(85, 0x0040); }};
  bench.boot();
  bench.submit(Op::flush, 0, 0);
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = true; });
  bench.run();
  EXPECT_EQ(bench.opcodes(), (std::vector<unsigned>{0x61}));
  EXPECT_EQ(bench.done.size(), 2u);
}

TEST(AhciDriver, priority_and_tag_are_in_the_command) {
  Bench bench;
  bench.boot();
  bench.hba.hold_completions = true;
  bench.submit(Op::read, 0, 8);
  bench.submit(Op::read, 0x1234567, 8, [](Request& r) { r.priority = 1; });
  sc_core::sc_start(1, sc_core::SC_MS);
  ASSERT_EQ(bench.hba.commands.size(), 2u);
  EXPECT_EQ(bench.hba.commands[1].count(), 0x8000 | 1 << 3);
}

TEST(AhciDriver, refuses_what_the_disk_cannot_do) {
  Bench bench{[](Bench& b) { b.hba.put_word(169, 0); }};
  bench.boot();
  const std::uint64_t end = bench.driver->capacity();
  Request& beyond = bench.submit(Op::read, end - 7, 8);
  Request& far = bench.submit(Op::read, ~std::uint64_t{0}, 8);
  Request& trim = bench.submit(Op::trim, 0, 8);
  Request& last = bench.submit(Op::read, end - 8, 8);
  bench.run();
  EXPECT_EQ(beyond.status, RequestStatus::out_of_range);
  EXPECT_EQ(far.status, RequestStatus::out_of_range);
  EXPECT_EQ(trim.status, RequestStatus::unsupported);
  EXPECT_EQ(last.status, RequestStatus::ok);
  EXPECT_EQ(bench.done.size(), 4u);
  EXPECT_EQ(bench.hba.commands.size(), 1u);
}

TEST(AhciDriver, trim_lists_its_ranges) {
  Bench bench;
  bench.boot();
  bench.submit(Op::trim, 1000, 70000);
  bench.run();
  ASSERT_EQ(bench.opcodes(), (std::vector<unsigned>{0x06}));
  const std::uint8_t* ranges = bench.hba.first_buffer(0);
  EXPECT_EQ(wire::load_le32(ranges), 1000u);
  EXPECT_EQ(wire::load_le32(ranges + 4), 65535u << 16);
  EXPECT_EQ(wire::load_le32(ranges + 8), 1000u + 65535);
  EXPECT_EQ(wire::load_le32(ranges + 12), (70000u - 65535) << 16);
  EXPECT_EQ(wire::load_le32(ranges + 16), 0u);
}

TEST(AhciDriver, account_is_monotone_and_complete) {
  Bench bench;
  bench.boot();
  for (unsigned i = 0; i < 200; ++i) bench.submit(i % 3 ? Op::read : Op::write, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) {
    const wire::RequestTag& tag = bench.done[i]->tag;
    std::int64_t before = -1;
    for (const wire::Stage stage : {wire::Stage::submitted, wire::Stage::issued, wire::Stage::fetched, wire::Stage::status,
                                    wire::Stage::interrupt, wire::Stage::completed}) {
      ASSERT_GE(tag.when(stage), before) << wire::name_of(stage) << " of request " << i;
      before = tag.when(stage);
    }
    EXPECT_EQ(tag.when(wire::Stage::completed), bench.done_at[i].ps());
  }
}

}  // namespace
}  // namespace ahcisim::host
