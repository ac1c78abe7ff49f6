// SPDX-License-Identifier: MIT
// The virtio-blk driver against a scripted device: access counts, batches, rings, both interfaces, errors, the account.
#include <algorithm>

#include <ahcisim/models/host/virtio_blk_driver.hpp>

#include "driver_bench.hpp"
#include "fake_virtio.hpp"

namespace ahcisim::host {
namespace {

using VirtioBench = DriverBench<VirtioBlkDriver, VirtioBlkDriverParameters, FakeVirtio>;
using Fault = FakeVirtio::Fault;
using Answers = FakeFunction::Answers;
using namespace virtio_name;

void intx(VirtioBench& b) { b.parameters.interrupts.set_text("intx"); }
void legacy_ports(VirtioBench& b) { b.parameters.transport.set_text("legacy"); }

class VirtioOnEveryBus : public testing::TestWithParam<Answers> {};
INSTANTIATE_TEST_SUITE_P(answers, VirtioOnEveryBus, testing::Values(Answers::later, Answers::completed, Answers::updated),
                         [](const auto& info) { return std::string{info.param == Answers::later ? "later" : info.param == Answers::completed ? "completed" : "updated"}; });

TEST_P(VirtioOnEveryBus, request_with_msix_takes_one_access) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.answers = GetParam(); }};
  bench.boot();
  EXPECT_EQ(bench.driver->capacity(), 0x100000u);
  EXPECT_EQ(bench.driver->max_depth(), 256u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(bench.fake.log, (Log{"W notify"}));
  EXPECT_EQ(bench.accesses(), 1u);
  EXPECT_EQ(bench.fake.vectors, (std::vector<unsigned>{1}));
}

TEST_P(VirtioOnEveryBus, request_with_intx_takes_two) {
  VirtioBench bench{[](VirtioBench& b) { intx(b), b.fake.answers = GetParam(); }};
  bench.boot();
  for (unsigned i = 0; i < 5; ++i) {
    bench.submit(Op::write, 8, 8);
    bench.run();
  }
  ASSERT_EQ(bench.done.size(), 5u);
  EXPECT_EQ(bench.accesses(), 10u);
  bench.fake.log.resize(2);
  EXPECT_EQ(bench.fake.log, (Log{"W notify", "R isr"}));
}

TEST_P(VirtioOnEveryBus, legacy_interface_takes_as_many) {
  VirtioBench bench{[](VirtioBench& b) { legacy_ports(b), intx(b), b.fake.answers = GetParam(); }};
  bench.boot();
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.fake.log, (Log{"W notify", "R isr"}));
  EXPECT_EQ(bench.accesses(), 2u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
}

TEST(VirtioBlkDriver, legacy_with_msix) {
  VirtioBench bench{legacy_ports};
  bench.boot();
  EXPECT_EQ(bench.driver->capacity(), 0x100000u);
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(bench.fake.log, (Log{"W notify"}));
  EXPECT_FALSE(bench.driver->features() & F_VERSION_1);
}

TEST(VirtioBlkDriver, bring_up_in_the_order_of_the_specification) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.log_on = true; }};
  bench.run();
  ASSERT_TRUE(bench.is_ready) << bench.failure;
  EXPECT_EQ(bench.fake.log,
            (Log{"W status", "R status", "R status", "W status", "R status", "W status",                                        // reset, ACKNOWLEDGE, DRIVER
                 "W feature_select", "R feature", "W feature_select", "R feature", "W driver_feature_select", "W driver_feature",
                 "W driver_feature_select", "W driver_feature", "R status", "W status", "R status",                             // FEATURES_OK
                 "R config 0", "R config 4", "R config 12", "R config 20", "R config 36", "W config_vector", "R config_vector",
                 "W queue_select", "R queue_size", "W queue_size", "W desc", "W desc", "W driver", "W driver", "W device", "W device",
                 "R notify_off", "W queue_vector", "R queue_vector", "W queue_enable", "R config 32", "R status", "W status"}));
  EXPECT_EQ(bench.fake.status, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  EXPECT_EQ(bench.fake.accepted, BLK_F_SEG_MAX | BLK_F_BLK_SIZE | BLK_F_FLUSH | BLK_F_CONFIG_WCE | BLK_F_DISCARD | F_RING_INDIRECT_DESC |
                                     F_RING_EVENT_IDX | F_VERSION_1);
  EXPECT_EQ(bench.driver->function().interrupts, PciFunction::Interrupts::msix);
}

TEST(VirtioBlkDriver, requests_handed_in_together_are_told_once) {
  VirtioBench bench;
  bench.boot();
  for (unsigned i = 0; i < 8; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 8u);
  EXPECT_EQ(bench.fake.notified, 1u);
  EXPECT_LT(bench.accesses(), 8u);
}

TEST(VirtioBlkDriver, requests_of_different_times_are_told_one_by_one) {
  VirtioBench bench;
  bench.boot();
  const kit::Duration now = bench.context.calendar.now();
  for (unsigned i = 0; i < 8; ++i) bench.submit_at(now + kit::Duration::from_us(200) * i, Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.fake.notified, 8u);
}

TEST(VirtioBlkDriver, batches_can_be_switched_off) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.batching.set(false); }};
  bench.boot();
  for (unsigned i = 0; i < 8; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.fake.notified, 8u);
}

TEST(VirtioBlkDriver, device_that_looks_by_itself_is_not_notified) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.suppresses = true; }};
  bench.boot();
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(bench.fake.notified, 1u);  // now it says so
  bench.submit(Op::read, 8, 8);
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(bench.done.size(), 1u);
  bench.fake.look(0);
  bench.run();
  EXPECT_EQ(bench.done.size(), 2u);
  EXPECT_EQ(bench.fake.notified, 1u);
  EXPECT_EQ(bench.driver->statistics().held_back.value(), 1u);
}

TEST(VirtioBlkDriver, no_notify_flag_is_obeyed) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.event_index.set(false), b.fake.suppresses = true; }};
  bench.boot();
  bench.submit(Op::read, 0, 8);
  bench.run();
  bench.submit(Op::read, 8, 8);
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(bench.fake.notified, 1u);
  bench.fake.look(0);
  bench.run();
  EXPECT_EQ(bench.done.size(), 2u);
}

TEST(VirtioBlkDriver, completions_that_arrive_together_cost_one_interrupt) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.hold = true; }};
  bench.boot();
  for (unsigned i = 0; i < 32; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_TRUE(bench.done.empty());
  bench.fake.release();
  bench.run();
  EXPECT_EQ(bench.done.size(), 32u);
  EXPECT_EQ(bench.driver->statistics().interrupts.value(), 1u);
  EXPECT_EQ(bench.fake.vectors.size(), 1u);
}

TEST(VirtioBlkDriver, ring_holds_256_requests_and_the_rest_waits) {
  VirtioBench bench;
  bench.boot();
  for (unsigned i = 0; i < 700; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 700u);
  EXPECT_LE(bench.fake.most_outstanding, 256u);
}

TEST(VirtioBlkDriver, full_ring_is_announced) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.hold = true; }};
  bench.boot();
  for (unsigned i = 0; i < 300; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(10, sc_core::SC_MS);
  EXPECT_EQ(bench.fake.most_outstanding, 256u);
  bench.fake.release();
  bench.run();
  EXPECT_EQ(bench.done.size(), 300u);
}

TEST(VirtioBlkDriver, small_ring_without_indirect_descriptors) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.indirect.set(false), b.fake.queue_entries = 16; }};
  bench.boot();
  for (unsigned i = 0; i < 100; ++i) bench.submit(i % 2 ? Op::write : Op::read, 64 * i, 64, [](Request& r) { r.with_data = r.op == Op::write; });
  bench.submit(Op::read, 0, 400);
  bench.run();
  EXPECT_EQ(bench.done.size(), 101u);
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::ok);
  for (const auto& seen : bench.fake.requests) {
    EXPECT_FALSE(seen.indirect);
    EXPECT_LE(seen.descriptors, 16u);
  }
}

TEST(VirtioBlkDriver, header_data_and_status_through_a_table) {
  VirtioBench bench;
  bench.boot();
  bench.submit(Op::write, 24, 8);
  bench.submit(Op::flush, 0, 0);
  bench.submit(Op::trim, 100, 1500);
  bench.run();
  ASSERT_EQ(bench.fake.requests.size(), 4u);
  const auto& write = bench.fake.requests[0];
  EXPECT_TRUE(write.indirect);
  EXPECT_EQ(write.type, BLK_T_OUT);
  EXPECT_EQ(write.sector, 24u);
  EXPECT_EQ(write.descriptors, 3u);
  EXPECT_EQ(bench.fake.requests[1].type, BLK_T_FLUSH);
  EXPECT_EQ(bench.fake.requests[1].descriptors, 2u);
  EXPECT_EQ(bench.fake.requests[2].type, BLK_T_DISCARD);
  EXPECT_EQ(bench.fake.requests[3].type, BLK_T_DISCARD);
  const std::uint8_t* range = bench.memory.at(bench.fake.requests[3].data.at(0).first, 16);
  EXPECT_EQ(boost::endian::load_little_u64(range), 1100u);
  EXPECT_EQ(wire::load_le32(range + 8), 500u);
}

TEST(VirtioBlkDriver, data_arrives_and_long_requests_are_split) {
  VirtioBench bench;
  bench.boot();
  bench.submit(Op::write, 16, 4096, [](Request& r) { r.with_data = true; });
  bench.run();
  bench.submit(Op::read, 16, 4096, [](Request& r) { r.with_data = true; });
  bench.run();
  EXPECT_EQ(bench.inspected, 4096u * 512);
  EXPECT_EQ(bench.wrong, 0u);
  ASSERT_EQ(bench.fake.requests.size(), 10u);  // 126 pages each
  EXPECT_EQ(bench.fake.requests[1].sector, 16u + 126 * 8);
  EXPECT_EQ(bench.fake.requests[0].data.size(), 126u);
}

TEST(VirtioBlkDriver, scatter_list_becomes_descriptors) {
  VirtioBench bench;
  bench.boot();
  const Segment list[] = {{0x40000, 1022}, {0x50002, 3074}};
  bench.submit(Op::read, 0, 8, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  EXPECT_EQ(bench.fake.requests[0].data, (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{0x40000, 1022}, {0x50002, 3074}}));
  bench.submit(Op::read, 0, 16, [&](Request& r) { r.segments = list, r.segment_count = 2; });
  bench.run();
  EXPECT_EQ(bench.done[1]->status, RequestStatus::unsupported);
}

TEST(VirtioBlkDriver, fua_and_preflush_become_flushes) {
  VirtioBench bench;
  bench.boot();
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = r.flush_first = true; });
  bench.run();
  std::vector<std::uint32_t> types;
  for (const auto& seen : bench.fake.requests) types.push_back(seen.type);
  EXPECT_EQ(types, (std::vector<std::uint32_t>{BLK_T_FLUSH, BLK_T_OUT, BLK_T_FLUSH}));
  EXPECT_EQ(bench.done.size(), 1u);
}

TEST(VirtioBlkDriver, write_through_device_is_not_flushed) {
  VirtioBench bench{[](VirtioBench& b) { b.fake.put_device(32, 0, 1); }};
  bench.boot();
  bench.submit(Op::flush, 0, 0);
  bench.submit(Op::write, 0, 8, [](Request& r) { r.fua = true; });
  bench.run();
  EXPECT_EQ(bench.fake.requests.size(), 1u);
  EXPECT_EQ(bench.done.size(), 2u);
}

TEST(VirtioBlkDriver, write_cache_is_switched) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.write_cache.set_text("off"); }};
  bench.boot();
  EXPECT_EQ(bench.fake.device[32], 0);
  bench.submit(Op::flush, 0, 0);
  bench.run();
  EXPECT_TRUE(bench.fake.requests.empty());
}

TEST(VirtioBlkDriver, vector_for_each_queue) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.queues.set(3); }};
  bench.boot();
  EXPECT_EQ(bench.driver->queues(), 3u);
  const kit::Duration now = bench.context.calendar.now();
  for (unsigned i = 0; i < 9; ++i) bench.submit_at(now + kit::Duration::from_us(200) * i, Op::read, 8 * i, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 9u);
  std::sort(bench.fake.vectors.begin(), bench.fake.vectors.end());
  EXPECT_EQ(bench.fake.vectors, (std::vector<unsigned>{1, 1, 1, 2, 2, 2, 3, 3, 3}));
}

TEST(VirtioBlkDriver, queues_share_a_vector_where_there_are_too_few) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.queues.set(3), b.fake.put_config(0x42, 1, 2); }};
  bench.boot();
  for (unsigned i = 0; i < 9; ++i) {
    bench.submit(Op::read, 8 * i, 8);
    bench.run();
  }
  EXPECT_EQ(bench.done.size(), 9u);
  EXPECT_EQ(bench.fake.vectors, std::vector<unsigned>(9, 0));
}

TEST(VirtioBlkDriver, processor_time_of_one_request) {
  VirtioBench bench;
  bench.boot();
  const kit::Duration before = bench.driver->processor().busy_time();
  bench.submit(Op::read, 8, 8);
  bench.run();
  const CpuParameters& c = bench.parameters.cpu;
  const kit::Duration expected = c.syscall() + c.submit() + c.build() + bench.fake.access_time + c.interrupt_entry() + c.finish() +
                                 c.interrupt_exit() + c.complete() + c.wake();
  EXPECT_EQ((bench.driver->processor().busy_time() - before).ps(), expected.ps());
}

TEST(VirtioBlkDriver, account_is_monotone_and_sums_up) {
  VirtioBench bench{[](VirtioBench& b) { b.parameters.batching.set(false); }};
  bench.boot();
  for (unsigned i = 0; i < 400; ++i) bench.submit(i % 3 ? Op::read : Op::write, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 400u);
  for (const Request* request : bench.done) expect_account(*request);
}

// Errors.

void expect_failure(const std::function<void(VirtioBench&)>& change, const std::string& words) {
  VirtioBench bench{change};
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_FALSE(bench.is_ready);
  EXPECT_NE(bench.failure.find(words), std::string::npos) << bench.failure;
  bench.submit(Op::write, 0, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 2u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::gone);
  EXPECT_EQ(bench.done[1]->status, RequestStatus::gone);
}

TEST(VirtioBlkDriverError, nothing_on_the_bus) { expect_failure([](VirtioBench& b) { b.fake.absent = true; }, "no function of the identity"); }
TEST(VirtioBlkDriverError, another_device) { expect_failure([](VirtioBench& b) { b.fake.put_config(2, 0x1000, 2); }, "no function of the identity"); }
TEST(VirtioBlkDriverError, all_ones) { expect_failure([](VirtioBench& b) { b.fake.all_ones = true; }, "does not become 0"); }
TEST(VirtioBlkDriverError, reset_that_does_not_end) {
  expect_failure([](VirtioBench& b) { b.fake.fault = Fault::stuck_reset, b.fake.status = 7; }, "does not become 0");
}
TEST(VirtioBlkDriverError, features_refused) { expect_failure([](VirtioBench& b) { b.fake.fault = Fault::refuses_features; }, "refuses the features"); }
TEST(VirtioBlkDriverError, legacy_device_only) { expect_failure([](VirtioBench& b) { b.fake.put_config(0x34, 0, 1); }, "choose transport = legacy"); }
TEST(VirtioBlkDriverError, no_ports) { expect_failure([](VirtioBench& b) { legacy_ports(b), b.fake.bar_size[0] = 0; }, "choose transport = modern"); }
TEST(VirtioBlkDriverError, ring_of_no_size) { expect_failure([](VirtioBench& b) { b.fake.queue_entries = 100; }, "a ring of 100 entries"); }
TEST(VirtioBlkDriverError, structure_beyond_its_bar) { expect_failure([](VirtioBench& b) { b.fake.put_config(0x58, 0x3ff0, 4); }, "no modern interface"); }
TEST(VirtioBlkDriverError, no_capacity) { expect_failure([](VirtioBench& b) { b.fake.put_device(0, 0, 8); }, "capacity"); }

/// A device that is not to be believed any more is given up: what is outstanding ends, and so does what comes later.
void expect_end(Fault fault, const std::string& words, RequestStatus status) {
  VirtioBench bench;
  bench.boot();
  bench.fake.fault = fault;
  for (unsigned i = 0; i < 300; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 300u);
  EXPECT_EQ(bench.done.back()->status, status);
  EXPECT_NE(bench.failure.find(words), std::string::npos) << bench.failure;
  EXPECT_EQ(bench.fake.resets, 2u);  // it does not reach into memory any more
  Request& later = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(later.status, RequestStatus::gone);
}
TEST(VirtioBlkDriverError, used_entry_that_is_garbage) { expect_end(Fault::garbage_head, "names no request", RequestStatus::gone); }
TEST(VirtioBlkDriverError, used_index_that_runs_away) { expect_end(Fault::wild_index, "names no request", RequestStatus::gone); }
TEST(VirtioBlkDriverError, lost_requests_time_out) { expect_end(Fault::no_answer, "not answered in time", RequestStatus::timed_out); }

TEST(VirtioBlkDriverError, device_errors_are_reported) {
  VirtioBench bench;
  bench.boot();
  bench.fake.fault = Fault::io_error;
  Request& failed = bench.submit(Op::read, 0, 2048);  // in several pieces
  bench.run();
  EXPECT_EQ(failed.status, RequestStatus::device_error);
  bench.fake.fault = Fault::unsupported;
  Request& unsupported = bench.submit(Op::trim, 0, 8);
  bench.run();
  EXPECT_EQ(unsupported.status, RequestStatus::unsupported);
  bench.fake.fault = Fault::bad_status;
  Request& strange = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(strange.status, RequestStatus::device_error);
  EXPECT_EQ(bench.context.diagnostics.count_of("status that does not exist"), 1u);
  bench.fake.fault = Fault::none;
  Request& good = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(good.status, RequestStatus::ok);
  EXPECT_EQ(bench.done.size(), 4u);
}

TEST(VirtioBlkDriverError, ring_that_is_no_power_of_two_is_a_configuration_error) {
  VirtioBlkDriverParameters parameters;
  parameters.ring.set(100);
  kit::Context context;
  MemoryParameters memory_parameters;
  Memory memory{"memory", context, memory_parameters};
  EXPECT_THROW((VirtioBlkDriver{"driver", context, parameters, memory, nullptr}), kit::ConfigError);
}

}  // namespace
}  // namespace ahcisim::host
