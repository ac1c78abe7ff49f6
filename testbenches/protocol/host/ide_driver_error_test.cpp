// SPDX-License-Identifier: MIT
// The IDE driver against a hostile controller: every fault ends in a clean error after a bounded time, never in a hang.
#include "ide_bench.hpp"

namespace ahcisim::host {
namespace {

using Fault = FakeIde::Fault;

void expect_failure(const std::function<void(IdeBench&)>& change, const std::string& words) {
  IdeBench bench{[&](IdeBench& b) { fast(b), change(b); }};
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

TEST(IdeDriverError, nothing_on_the_bus) { expect_failure([](IdeBench& b) { b.fake.absent = true; }, "no function of the class"); }
TEST(IdeDriverError, no_disk) { expect_failure([](IdeBench& b) { b.fake.fault = Fault::no_device; }, "no channel of the IDE controller has a disk"); }
TEST(IdeDriverError, all_ones) { expect_failure([](IdeBench& b) { b.fake.all_ones = true; }, "no channel"); }
TEST(IdeDriverError, busy_forever) { expect_failure([](IdeBench& b) { b.fake.fault = Fault::stuck_bsy; }, "no channel"); }
TEST(IdeDriverError, identify_fails) { expect_failure([](IdeBench& b) { b.fake.fault = Fault::identify_fails; }, "IDENTIFY DEVICE failed after each of 3"); }
TEST(IdeDriverError, native_mode) { expect_failure([](IdeBench& b) { b.fake.put_config(9, 0x85, 1); }, "native mode"); }
TEST(IdeDriverError, no_bus_master) { expect_failure([](IdeBench& b) { b.fake.bar_size[4] = 0; }, "choose mode = pio"); }

TEST(IdeDriverError, media_error_is_reported_with_its_sector) {
  IdeBench bench{fast};
  bench.boot();
  bench.fake.fault = Fault::device_error, bench.fake.faults_left = 2;
  bench.fake.bad_lba = 0x7123456;
  Request& low = bench.submit(Op::read, 0x7123450, 8);
  bench.run();
  bench.fake.bad_lba = 0x12345678;
  Request& far = bench.submit(Op::read, 0x12345670, 16);
  Request& good = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(low.status, RequestStatus::media_error);
  EXPECT_EQ(low.error_lba, 0x7123456u);
  EXPECT_EQ(low.ata_status, 0x51);
  EXPECT_EQ(low.ata_error, wire::error::UNC);
  EXPECT_EQ(far.status, RequestStatus::media_error);
  EXPECT_EQ(far.error_lba, 0x12345678u);
  EXPECT_EQ(good.status, RequestStatus::ok);
  EXPECT_EQ(bench.fake.resets, 1u);  // that of the bring-up
}

/// A fault that passes costs another attempt, one that stays the request.
struct Scene {
  const char* name;
  void (*setup)(IdeBench&);
  Fault fault;
  bool resets;             ///< whether the channel is reset: only where the device does not keep to the protocol
  RequestStatus at_last;
};
class IdeDriverRetry : public ::testing::TestWithParam<std::tuple<Scene, Op>> {};
const Scene scenes[] = {
    {"aborted", fast, Fault::device_error, false, RequestStatus::device_error},
    {"bus_master_error", fast, Fault::bus_master_error, false, RequestStatus::bus_error},
    {"missing_drq", pio, Fault::no_drq, true, RequestStatus::bus_error},
    {"no_answer", fast, Fault::no_answer, true, RequestStatus::timed_out},
};
INSTANTIATE_TEST_SUITE_P(All, IdeDriverRetry, ::testing::Combine(::testing::ValuesIn(scenes), ::testing::Values(Op::read, Op::write)),
                         [](const auto& info) { return std::string{std::get<0>(info.param).name} + (std::get<1>(info.param) == Op::read ? "_read" : "_write"); });

TEST_P(IdeDriverRetry, once_passes_and_for_ever_fails) {
  const auto& [scene, op] = GetParam();
  IdeBench bench{scene.setup};
  bench.boot();
  bench.fake.fault = scene.fault, bench.fake.error_bits = wire::error::ABRT, bench.fake.faults_left = 1;
  Request& once = bench.submit(op, 0, 8);
  bench.run();
  EXPECT_EQ(once.status, RequestStatus::ok);
  EXPECT_EQ(bench.driver->statistics().retries.value(), 1u);
  EXPECT_EQ(bench.fake.resets, scene.resets ? 2u : 1u) << "the first was that of the bring-up";
  bench.fake.faults_left = ~0u;
  Request& always = bench.submit(op, 0, 8);
  bench.run();
  EXPECT_EQ(always.status, scene.at_last);
}

TEST(IdeDriverError, lost_command_resets_the_channel_and_is_tried_again) {
  IdeBench bench{[](IdeBench& b) { fast(b), b.parameters.write_cache.set_text("off"); }};
  bench.boot();
  bench.fake.fault = Fault::no_answer, bench.fake.faults_left = 1;
  bench.submit(Op::read, 0, 8);
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 2u);
  EXPECT_EQ(bench.done[0]->status, RequestStatus::ok);
  EXPECT_EQ(bench.done[1]->status, RequestStatus::ok);
  EXPECT_EQ(bench.fake.resets, 2u);
  EXPECT_EQ(bench.driver->statistics().timeouts.value(), 1u);
  std::vector<unsigned> codes;
  for (const auto& sent : bench.fake.commands) codes.push_back(sent.command);
  EXPECT_EQ(codes, (std::vector<unsigned>{0xc8, 0xec, 0xef, 0xef, 0xec, 0xc8, 0xc8}));
}

TEST(IdeDriverError, commands_lost_for_ever_time_out) {
  IdeBench bench{fast};
  bench.boot();
  bench.fake.fault = Fault::no_answer;
  Request& request = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(request.status, RequestStatus::timed_out);
  EXPECT_EQ(bench.driver->statistics().timeouts.value(), 6u);
  EXPECT_NEAR(bench.done_at[0].seconds(), 6 * 30, 10);
}

TEST(IdeDriverError, identify_lost_after_a_reset_is_asked_again) {
  IdeBench bench{fast};
  bench.boot();
  bench.fake.fault = Fault::no_answer, bench.fake.faults_left = 1, bench.fake.lose_identify = 2;
  Request& request = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(request.status, RequestStatus::ok);
  EXPECT_EQ(bench.fake.resets, 4u);
}

TEST(IdeDriverError, disappearing_controller_fails_everything) {
  IdeBench bench{fast};
  bench.boot();
  for (unsigned i = 0; i < 10; ++i) bench.submit(Op::read, 8 * i, 8);
  sc_core::sc_start(200, sc_core::SC_US);
  bench.fake.all_ones = true;
  bench.run();
  ASSERT_EQ(bench.done.size(), 10u);
  EXPECT_EQ(bench.done.back()->status, RequestStatus::gone);
  EXPECT_FALSE(bench.failure.empty());
}

TEST(IdeDriverError, refuses_what_was_handed_in_before_the_disk_was_known) {
  IdeBench bench{fast};
  Request& trim = bench.submit(Op::trim, 0, 8);
  Request& beyond = bench.submit(Op::write, std::uint64_t{1} << 40, 8);
  Request& read = bench.submit(Op::read, 0, 8);
  bench.run();
  EXPECT_EQ(trim.status, RequestStatus::unsupported);
  EXPECT_EQ(beyond.status, RequestStatus::out_of_range);
  EXPECT_EQ(read.status, RequestStatus::ok);
  EXPECT_EQ(bench.done.size(), 3u);
}

TEST(IdeDriverError, refuses_what_the_disk_cannot_do) {
  IdeBench bench{fast};
  bench.boot();
  Request& beyond = bench.submit(Op::read, bench.driver->capacity() - 7, 8);
  Request& trim = bench.submit(Op::trim, 0, 8);
  bench.run();
  EXPECT_EQ(beyond.status, RequestStatus::out_of_range);
  EXPECT_EQ(trim.status, RequestStatus::unsupported);
  EXPECT_TRUE(bench.fake.commands.empty());
}

}  // namespace
}  // namespace ahcisim::host
