// SPDX-License-Identifier: MIT
// The AHCI driver against a hostile HBA: every fault ends in a clean error after a bounded time, never in a hang.
#include <gtest/gtest.h>

#include "bench.hpp"

namespace ahcisim::host {
namespace {

using Fault = FakeHba::Fault;

/// Bring-up must fail, with words, and requests handed in nevertheless must come back.
void expect_failure(Fault fault, const std::string& words) {
  Bench bench{[fault](Bench& b) { b.hba.fault = fault; }};
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_FALSE(bench.is_ready);
  EXPECT_NE(bench.failure.find(words), std::string::npos) << bench.failure;
  EXPECT_GE(bench.context.diagnostics.count(), 1u);
  bench.submit(Op::write, 0, 8);  // answered at once
  ASSERT_EQ(bench.done.size(), 2u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::gone);
  EXPECT_EQ(bench.done[1]->status, RequestStatus::gone);
}

TEST(AhciDriverError, nothing_on_the_bus) { expect_failure(Fault::absent, "no function"); }
TEST(AhciDriverError, all_ones) { expect_failure(Fault::all_ones, "all ones"); }
TEST(AhciDriverError, reset_that_does_not_end) { expect_failure(Fault::stuck_hr, "GHC.HR"); }
TEST(AhciDriverError, busy_forever) { expect_failure(Fault::stuck_bsy, "no port of the HBA has a disk"); }
TEST(AhciDriverError, identify_fails) { expect_failure(Fault::identify_fails, "IDENTIFY DEVICE failed"); }

TEST(AhciDriverError, capability_list_that_loops) {
  Bench bench{[](Bench& b) { b.hba.put_config(0xb1, 0x80, 1); }};
  bench.boot();
}

TEST(AhciDriverError, lost_commands_time_out_and_fail) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::no_answer;
  for (unsigned i = 0; i < 3; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 3u);
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::timed_out);
  EXPECT_EQ(bench.driver->statistics().timeouts.value(), 18u);
  EXPECT_GE(bench.context.diagnostics.count_of("not answered in time"), 6u);
  EXPECT_NEAR(bench.done_at[0].seconds(), 6 * 30, 20);
}

TEST(AhciDriverError, device_recovers_after_a_timeout) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::no_answer;
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(1, sc_core::SC_SEC);
  bench.hba.fault = Fault::none;
  bench.run();
  ASSERT_EQ(bench.done.size(), 40u);
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::ok);
  EXPECT_EQ(bench.driver->statistics().resets.value(), 2u);
}

TEST(AhciDriverError, media_error_is_reported_and_the_others_are_tried_again) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::ncq_error;
  bench.hba.error_at = 5;
  for (unsigned i = 0; i < 16; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 16u);
  unsigned failed = 0;
  for (const Request& request : bench.requests) {
    if (request.status == RequestStatus::ok) continue;
    ++failed;
    EXPECT_EQ(request.lba, 32u);  // the fifth
    EXPECT_EQ(request.status, RequestStatus::media_error);
    EXPECT_EQ(request.ata_status, 0x41);
    EXPECT_EQ(request.ata_error, wire::error::UNC);
    EXPECT_EQ(request.error_lba, 0x77u);
  }
  EXPECT_EQ(failed, 1u);
  EXPECT_EQ(bench.driver->statistics().recoveries.value(), 1u);
  EXPECT_GE(bench.driver->statistics().retries.value(), 1u);
  EXPECT_EQ(bench.driver->statistics().resets.value(), 1u);  // that of the bring-up
}

TEST(AhciDriverError, aborted_command_is_tried_again) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::ncq_error;
  bench.hba.error_at = 1, bench.hba.error_bits = wire::error::ABRT;
  for (unsigned i = 0; i < 4; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 4u);
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::ok);
}

TEST(AhciDriverError, lost_identify_is_asked_again_at_bring_up) {
  Bench bench{[](Bench& b) { b.hba.lose_identify = 2; }};
  bench.boot();
  EXPECT_EQ(bench.driver->statistics().resets.value(), 3u);
  bench.submit(Op::read, 0, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
}

TEST(AhciDriverError, lost_identify_is_asked_again_after_a_reset) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::no_answer;
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(1, sc_core::SC_SEC);
  bench.hba.fault = Fault::none;
  bench.hba.lose_identify = 2;
  bench.run();
  ASSERT_EQ(bench.done.size(), 40u) << bench.failure;
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::ok);
  EXPECT_EQ(bench.driver->statistics().resets.value(), 1u + 3u);
  EXPECT_EQ(bench.driver->statistics().recoveries.value(), 1u);
}

TEST(AhciDriverError, settings_are_made_again_after_a_reset) {
  Bench bench{[](Bench& b) { b.parameters.write_cache.set_text("off"), b.parameters.look_ahead.set_text("off"); }};
  bench.boot();
  bench.hba.fault = Fault::no_answer;
  bench.submit(Op::read, 0, 8);
  sc_core::sc_start(1, sc_core::SC_SEC);
  bench.hba.fault = Fault::none;
  bench.hba.commands.clear();
  bench.hba.put_word(85, 0x0000);
  bench.run();
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(bench.opcodes(), (std::vector<unsigned>{0xec, 0xef, 0xef, 0xef, 0xef, 0xec, 0x60}));
  std::vector<unsigned> subcommands;
  for (const wire::RegisterH2D& fis : bench.hba.commands)
    if (fis.command == 0xef) subcommands.push_back(fis.features_7_0);
  EXPECT_EQ(subcommands, (std::vector<unsigned>{0x10, 0x03, 0x82, 0x55}));
  EXPECT_EQ(bench.hba.commands[1].count_7_0, 0x02);  // DMA Setup auto-activation
  EXPECT_FALSE(bench.driver->identify().write_cache);
}

TEST(AhciDriverError, identify_that_is_lost_for_ever_ends_the_device) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::no_answer;
  bench.submit(Op::read, 0, 8);
  sc_core::sc_start(1, sc_core::SC_SEC);
  bench.hba.lose_identify = 1000;
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::gone);
  EXPECT_NE(bench.failure.find("IDENTIFY DEVICE failed after each of 3 COMRESETs"), std::string::npos) << bench.failure;
  EXPECT_EQ(bench.hba.lose_identify, 1000u - 3u);
}

TEST(AhciDriverError, lost_error_log_costs_a_reset_and_no_request) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::ncq_error;
  bench.hba.error_at = 3, bench.hba.lose_log = 1;
  for (unsigned i = 0; i < 8; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 8u);
  for (const Request* request : bench.done) EXPECT_EQ(request->status, RequestStatus::ok);
  EXPECT_EQ(bench.driver->statistics().resets.value(), 2u);
  EXPECT_EQ(bench.driver->statistics().recoveries.value(), 1u);
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
}

TEST(AhciDriverError, errors_without_end_fail_the_requests) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::always_error;
  bench.hba.error_at = 1, bench.hba.error_bits = wire::error::ABRT;
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 8 * i, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 40u);
  for (const Request* request : bench.done) EXPECT_NE(request->status, RequestStatus::ok);
}

TEST(AhciDriverError, unqueued_error_is_reported) {
  Bench bench{[](Bench& b) { b.parameters.ncq.set(false); }};
  bench.boot();
  bench.hba.fault = Fault::always_error;
  // READ DMA: bits 27:24 of the LBA are in DEVICE, and what stands in the upper bytes is not the LBA's.
  bench.hba.bad_lba = 0xfedcba123456, bench.hba.bad_device = 0x47;
  Request& bad = bench.submit(Op::read, 0x7123450, 8);
  bench.run();
  EXPECT_EQ(bad.status, RequestStatus::media_error);
  EXPECT_EQ(bad.error_lba, 0x7123456u);
  bench.hba.bad_lba = 0x12345678, bench.hba.bad_device = 0x40;
  Request& far = bench.submit(Op::read, 0x12345670, 16);  // READ DMA EXT
  bench.run();
  EXPECT_EQ(far.status, RequestStatus::media_error);
  EXPECT_EQ(far.error_lba, 0x12345678u);
  bench.hba.fault = Fault::none;
  Request& good = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(good.status, RequestStatus::ok);
  EXPECT_EQ(bench.done.size(), 3u);
}

TEST(AhciDriverError, failed_part_fails_the_whole_request) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::ncq_error;
  bench.hba.error_at = 2;
  Request& request = bench.submit(Op::read, 0, 8192);
  Request& other = bench.submit(Op::read, 0, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 2u);
  EXPECT_EQ(request.status, RequestStatus::media_error);
  EXPECT_EQ(other.status, RequestStatus::ok);
}

TEST(AhciDriverError, engine_that_does_not_stop) {
  Bench bench;
  bench.boot();
  bench.hba.fault = Fault::stuck_cr;
  bench.hba.error_at = 1;
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(bench.done.size(), 1u);
  EXPECT_GE(bench.context.diagnostics.count_of("PxCMD.CR does not clear"), 1u);
}

TEST(AhciDriverError, disappearing_hba_fails_everything) {
  Bench bench;
  bench.boot();
  for (unsigned i = 0; i < 40; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(30, sc_core::SC_US);
  bench.hba.fault = Fault::all_ones;
  bench.run();
  ASSERT_EQ(bench.done.size(), 40u);
  EXPECT_EQ(bench.done.back()->status, RequestStatus::gone);
  EXPECT_FALSE(bench.failure.empty());
}

TEST(AhciDriverError, interrupt_storm_is_switched_off) {
  Bench bench{[](Bench& b) {
    b.parameters.interrupts.set_text("intx"), b.hba.use_intx = true;
    b.parameters.unhandled_limit.set(1000);
  }};
  bench.boot();
  bench.hba.fault = Fault::storm;
  bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(bench.context.diagnostics.count_of("interrupt storm"), 1u);
  EXPECT_EQ(bench.done.size(), 1u);
}

}  // namespace
}  // namespace ahcisim::host
