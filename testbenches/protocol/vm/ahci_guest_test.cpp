// SPDX-License-Identifier: MIT
// A guest's AHCI driver over trapped accesses: exits and interrupts for each request, times against the cost table, stages.
#include "bench.hpp"

namespace ahcisim::host {
namespace {

using kit::Duration;
using wire::Stage;

/// What one request cost, from here on.
struct Counted {
  explicit Counted(const Bench& b) : bench{b}, before{read()} {}
  struct Values {
    std::uint64_t reads, writes, user, irqchip, doorbell, injections, eois;
  };
  Values read() const {
    const ExitBusStatistics& s = bench.bus->statistics();
    return {s.reads.value(), s.writes.value(), s.exits_user.value(), s.exits_controller.value(), s.exits_doorbell.value(), s.injections.value(), s.eois.value()};
  }
  Values since() const {
    const Values now = read();
    return {now.reads - before.reads, now.writes - before.writes, now.user - before.user, now.irqchip - before.irqchip,
            now.doorbell - before.doorbell, now.injections - before.injections, now.eois - before.eois};
  }
  const Bench& bench;
  Values before;
};

/// Accesses and interrupts of one queued read are QEMU's and Linux's: three reads, four writes, one interrupt.
TEST(AhciGuest, QueuedReadTrapsSevenTimes) {
  Bench bench;
  bench.boot();
  EXPECT_EQ(bench.driver->capacity(), std::uint64_t{1} << 20);
  const Counted counted{bench};
  const Request& request = bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(request.status, RequestStatus::ok);
  const auto cost = counted.since();
  EXPECT_EQ(cost.reads, 3u);
  EXPECT_EQ(cost.writes, 4u);
  EXPECT_EQ(cost.user, 7u);
  EXPECT_EQ(cost.injections, 1u);
  EXPECT_EQ(cost.eois, 1u);
  EXPECT_EQ(cost.irqchip, 1u);
  EXPECT_EQ(cost.doorbell, 0u);
  EXPECT_EQ(bench.file.log, (std::vector<std::string>{"pread"}));
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
}

TEST(AhciGuest, OtherReadTrapsSixTimes) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.driver_parameters.ncq.set(false); }};
  bench.boot();
  const Counted counted{bench};
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(counted.since().user, 6u);
  EXPECT_EQ(counted.since().injections, 1u);
}

TEST(AhciGuest, MessageForEachPortSavesTwoTraps) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.driver_parameters.interrupts.set_text("msi_per_port"); }};
  bench.boot();
  const Counted counted{bench};
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(counted.since().user, 5u);
}

class EndOfInterrupt : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, EndOfInterrupt, ::testing::Values(0, 1, 2));

TEST_P(EndOfInterrupt, TrapsAsOftenAsChosen) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.costs.eoi_exits.set(GetParam()); }};
  bench.boot();
  const Counted counted{bench};
  bench.submit(Op::read, 8, 8);
  bench.run();
  EXPECT_EQ(counted.since().irqchip, static_cast<std::uint64_t>(GetParam()));
  EXPECT_EQ(counted.since().eois, 1u);
}

TEST(AhciGuest, LineInsteadOfMessage) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.driver_parameters.interrupts.set_text("intx"); }};
  bench.boot();
  const Counted counted{bench};
  for (unsigned i = 0; i < 50; ++i) {
    bench.submit(Op::read, 8 * i, 8);
    bench.run();
  }
  EXPECT_EQ(bench.done.size(), 50u);
  EXPECT_EQ(counted.since().user, 50u * 7u);
  EXPECT_EQ(counted.since().injections, 50u);
  EXPECT_EQ(bench.driver->statistics().unhandled.value(), 0u) << "the line falls before the handler ends";
}

/// QEMU's disk looks as if behind a bridge, so Linux cuts a MiB into 8 commands: 16 writes to issue them, and five accesses
/// for each pass of the handler; 34.8 accesses were measured with 3.7 interrupts.
TEST(AhciGuest, BridgeLimitsMakeEightCommandsOfAMebibyte) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.ata_parameters.bridge_quirk.set(true); }};
  bench.boot();
  const Counted counted{bench};
  const std::uint64_t commands = bench.driver->statistics().commands.value(), interrupts = bench.driver->statistics().interrupts.value();
  bench.submit(Op::read, 0, 2048);
  bench.run();
  EXPECT_EQ(bench.driver->statistics().commands.value() - commands, 8u);
  EXPECT_EQ(bench.file.log, std::vector<std::string>(8, "pread"));
  const std::uint64_t passes = bench.driver->statistics().interrupts.value() - interrupts;
  EXPECT_EQ(counted.since().user, 16 + 5 * passes);
  EXPECT_LE(counted.since().user, 56u);
  EXPECT_GE(counted.since().user, 21u);
}

TEST(AhciGuest, MebibyteIsOneCommandWithoutTheQuirk) {
  Bench bench{"epyc-2020", "writeback", [](Bench& b) { b.driver_parameters.segment.set(kit::Bytes{65536}); }};
  bench.boot();
  bench.submit(Op::read, 0, 2048);
  bench.run();
  EXPECT_EQ(bench.file.log, std::vector<std::string>{"pread"});
}

class CostTable : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, CostTable, ::testing::ValuesIn(cost_table_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

/// The time of a read that is alone is the sum of the table's entries along its way, and the driver's own.
TEST_P(CostTable, LatencyIsTheSumOfItsParts) {
  Bench bench{GetParam()};
  bench.file.time_of_device = Duration::from_us(500);
  bench.boot();
  const Request& request = bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  const VmParameters& v = bench.costs;
  const CpuParameters& c = bench.driver_parameters.cpu;
  const Duration to_handler = v.exit() + v.decode() + v.to_user() + v.dispatch();
  const Duration access = to_handler + v.device_access() + v.from_user() + v.entry();
  const Duration issued = c.syscall() + c.submit() + c.build() + access;  // W PxSACT
  const Duration parsed = issued + to_handler + v.device_access() + v.command_start();
  const Duration host_call = parsed + v.signal() + v.worker_wake() + v.system_call();
  const Duration told = host_call + Duration::from_us(500) + v.signal() + v.loop_wake();
  const Duration status = told + v.completion();
  const Duration injected = status + v.irq_ioctl() + v.halt_wake() + v.entry();
  const Duration handler = injected + (v.exit() + v.in_kernel() + v.entry()) * v.eoi_exits();
  const Duration end = handler + c.interrupt_entry() + access * 5 + c.finish() + c.interrupt_exit() + c.complete() + c.wake();
  const wire::RequestTag& tag = request.tag;
  const std::int64_t begin = tag.when(Stage::submitted);
  EXPECT_EQ(tag.when(Stage::issued) - begin, issued.ps());
  EXPECT_EQ(tag.when(Stage::trapped) - begin, (issued + v.exit()).ps());
  EXPECT_EQ(tag.when(Stage::emulator) - begin, (issued + v.exit() + v.decode() + v.to_user()).ps());
  EXPECT_EQ(tag.when(Stage::dispatched) - begin, (issued + to_handler).ps());
  EXPECT_EQ(tag.when(Stage::fetched) - begin, (issued + to_handler).ps());
  EXPECT_EQ(tag.when(Stage::received) - begin, parsed.ps());
  EXPECT_EQ(tag.when(Stage::host_call) - begin, host_call.ps());
  EXPECT_EQ(tag.when(Stage::host_sent) - begin, host_call.ps());
  EXPECT_EQ(tag.when(Stage::media) - begin, (host_call + Duration::from_us(500)).ps());
  EXPECT_EQ(tag.when(Stage::host_done) - begin, (host_call + Duration::from_us(500)).ps());
  EXPECT_EQ(tag.when(Stage::told) - begin, told.ps());
  EXPECT_EQ(tag.when(Stage::transferred) - begin, status.ps()) << "moving the data on is device code";
  EXPECT_EQ(tag.when(Stage::status) - begin, status.ps());
  EXPECT_EQ(tag.when(Stage::injected) - begin, injected.ps());
  EXPECT_EQ(tag.when(Stage::interrupt) - begin, handler.ps());
  EXPECT_EQ(tag.when(Stage::completed) - begin, end.ps());
  EXPECT_EQ(bench.done_at[0].ps() - begin, end.ps());
  // Accesses beside PxCI: one before it, five in the handler, which the end of interrupt precedes.
  const std::int64_t parts[] = {v.exit().ps(), (v.decode() + v.to_user()).ps(), v.dispatch().ps(), v.device_access().ps(), (v.from_user() + v.entry()).ps()};
  const auto of = [](Stage first, std::size_t part) { return static_cast<Stage>(static_cast<std::size_t>(first) + part); };
  std::array<std::int64_t, wire::account_count> account{};
  tag.account([&](Stage stage, std::int64_t ps) { account[static_cast<std::size_t>(stage)] = ps; });
  const auto stage = [&](Stage which) { return account[static_cast<std::size_t>(which)]; };
  for (std::size_t i = 0; i < wire::trap_count; ++i) {
    const Duration eoi = i == 0 ? v.exit() + v.in_kernel() : i == 4 ? v.entry() : Duration{};
    EXPECT_EQ(stage(of(Stage::issue_trap, i)), parts[i]) << i;
    EXPECT_EQ(stage(of(Stage::data_trap, i)), 0) << i;
    EXPECT_EQ(stage(of(Stage::handler_trap, i)), 5 * parts[i] + eoi.ps() * v.eoi_exits()) << i;
  }
  EXPECT_EQ(stage(Stage::issued), (c.submit() + c.build()).ps());
  EXPECT_EQ(stage(Stage::interrupt), 0);
  EXPECT_EQ(stage(Stage::woken), (c.interrupt_entry() + c.finish() + c.interrupt_exit() + c.complete()).ps());
}

/// A guest that asks 200 times, three in a row at once, half of them writes; a fingerprint of every stamp.
std::uint64_t mixed_run(Bench& bench, unsigned requests, unsigned depth) {
  unsigned submitted = 0;
  std::uint64_t random = 88172645463325252u;
  const auto next = [&](Duration at) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    Request& request = bench.requests.emplace_back();
    request.op = random & 1 ? Op::read : random % 16 == 2 ? Op::flush : Op::write;
    request.lba = random % 4096 * 8, request.sectors = request.op == Op::flush ? 0 : 8, request.owner = &bench;
    request.tag.open(++submitted);
    bench.driver->submit(request, at);
  };
  bench.again = [&](Request&, Duration at) {
    if (submitted < requests) next(at);
  };
  for (unsigned i = 0; i < depth; ++i) next(bench.context.calendar.now());
  bench.run();
  std::uint64_t print = 14695981039346656037u;
  for (const Request* request : bench.done)
    for (const std::int64_t at : request->tag.at) print = (print ^ static_cast<std::uint64_t>(at)) * 1099511628211u;
  return print;
}

TEST(AhciGuest, StagesAreInOrderAndSumToTheLatency) {
  Bench bench;
  bench.boot();
  mixed_run(bench, 2000, 8);
  ASSERT_EQ(bench.done.size(), 2000u);
  for (const Request* request : bench.done) {
    ASSERT_EQ(request->status, RequestStatus::ok);
    std::int64_t sum = 0;
    request->tag.account([&](Stage, std::int64_t ps) {
      EXPECT_GE(ps, 0);
      sum += ps;
    });
    EXPECT_EQ(sum, request->tag.when(Stage::completed) - request->tag.when(Stage::submitted));
    const Stage order[] = {Stage::submitted, Stage::issued,    Stage::trapped, Stage::emulator, Stage::dispatched, Stage::fetched,   Stage::received,
                           Stage::host_call, Stage::host_done, Stage::told,    Stage::status,   Stage::injected,   Stage::interrupt, Stage::completed};
    std::int64_t before = -1;
    for (const Stage stage : order) {
      ASSERT_GE(request->tag.when(stage), before) << wire::name_of(stage) << " of request " << request->tag.id;
      before = request->tag.when(stage);
    }
    if (request->op == Op::flush) continue;
    // A write's data is there before the call that writes it, a read's after the loop was told that it was read.
    const bool read = request->op == Op::read;
    const std::int64_t data = request->tag.when(Stage::transferred);
    ASSERT_GE(data, request->tag.when(read ? Stage::told : Stage::received)) << "request " << request->tag.id;
    ASSERT_LE(data, request->tag.when(read ? Stage::status : Stage::host_call)) << "request " << request->tag.id;
  }
}

}  // namespace
}  // namespace ahcisim::host
