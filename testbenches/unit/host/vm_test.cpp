// SPDX-License-Identifier: MIT
// Cost tables against the numbers they come from; the emulator's threads: who waits for whom, and whose time it is.
#include <functional>

#include <gtest/gtest.h>

#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <ahcisim/models/host/vm/emulator.hpp>
#include <ahcisim/models/host/vm/software_costs.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;

TEST(CostTables, AddUpToWhatWasPublished) {
  const VmParameters kvm{"kvm-2012"}, epyc{"epyc-2020"}, tcg{"tcg"};
  const double cycle = 1 / 2.8;
  EXPECT_NEAR((kvm.trap() + kvm.device_access()).ns(), 24615 * cycle, 1) << "inl_from_pmtimer";
  EXPECT_NEAR(kvm.trap().ns(), 20574 * cycle, 1) << "inl_from_qemu";
  EXPECT_NEAR((kvm.exit() + kvm.in_kernel() + kvm.entry()).ns(), 4451 * cycle, 1) << "outl_to_kernel";
  EXPECT_NEAR((kvm.exit() + kvm.entry()).ns(), 3898 * cycle, 1) << "vmcall";
  EXPECT_NEAR((epyc.exit() + epyc.entry() + epyc.to_user() + epyc.from_user()).ns(), 2528 / 2.25, 1) << "KVM_RUN";
  EXPECT_EQ((tcg.trap() + tcg.device_access()).ns(), 300) << "a register access under software emulation";
}

TEST(CostTables, AreKnownByName) {
  EXPECT_EQ(cost_table_names().size(), 4u);
  for (const std::string& name : cost_table_names()) {
    const VmParameters parameters{name};
    EXPECT_EQ(parameters.table(), name);
    for (const kit::ParameterBase* each : parameters.all())
      EXPECT_TRUE(each->kind() != "time" || each->name() == "copy_kib" || each->source().kind() != kit::Source::Kind::choice)
          << name << ": " << each->name() << " has no source";
  }
  try {
    VmParameters{"epic-2020"};
    FAIL() << "accepted";
  } catch (const kit::ConfigError& error) {
    EXPECT_NE(std::string{error.what()}.find("epyc-2020"), std::string::npos);
  }
}

TEST(CostTables, MayBeChanged) {
  VmParameters parameters{"tcg"};
  parameters.set("exit", "2us");
  EXPECT_EQ(parameters.exit(), Duration::from_us(2));
  EXPECT_EQ(parameters.find("exit")->default_text(), "0ps");
}

TEST(CostTables, AnOlderHostRunsTheGuestAndItsFilesSlower) {
  const CpuParameters fresh;
  for (const auto& [table, factor] : {std::pair{"epyc-2020", 1.0}, std::pair{"kvm-2012", 1.5}, std::pair{"atom-2010", 4.0}}) {
    CpuParameters guest;
    CacheCosts guest_cache, host_cache;
    MemoryFileParameters tmpfs;
    const double copied = guest_cache.copy().bytes_per_second, call = tmpfs.call().us(), add = host_cache.add_page().us();
    set_software_costs(table, {guest, guest_cache, host_cache, tmpfs, true});
    EXPECT_NEAR(guest.submit().us() / fresh.submit().us(), factor, 1e-6) << table;
    EXPECT_NEAR(guest.wake().us() / fresh.wake().us(), factor, 1e-6) << table;
    EXPECT_NEAR(copied / guest_cache.copy().bytes_per_second, factor, 1e-6) << table;
    EXPECT_NEAR(host_cache.add_page().us() / add, factor, 1e-6) << table;
    EXPECT_NEAR(tmpfs.call().us() / call, factor, 1e-6) << table;
    EXPECT_EQ(guest.submit.source().kind(), kit::Source::Kind::assumed) << table;
    EXPECT_EQ(guest.restart.source().kind(), kit::Source::Kind::choice) << table;
  }
}

TEST(CacheModeNames, AreFiveAndDiffer) {
  for (const NamedCacheMode& a : cache_modes) {
    EXPECT_EQ(cache_mode_of(a.name), a.mode);
    for (const NamedCacheMode& b : cache_modes) EXPECT_EQ(a.mode == b.mode, a.name == b.name);
  }
  EXPECT_THROW(cache_mode_of("writeback2"), kit::ConfigError);
}

struct Work final : LoopWork {
  explicit Work(Emulator& e, Duration cost = {}) : emulator{e}, spends{cost} {}
  void run_in_loop(Duration at) override {
    ran = at;
    emulator.spend(spends);
  }
  Emulator& emulator;
  Duration spends, ran;
};

struct Vcpu final : VcpuThread {
  void device_code_until(Duration at) override { until = at; }
  Duration until;
};

struct Call final : HostCall {
  void begin_call(Duration at) override { began = at; }
  Duration began = Duration::never();
};

struct EmulatorTest : ::testing::Test {
  kit::Context context;
  VmParameters costs{"epyc-2020"};
  std::function<void()> action;
  void act(std::uint64_t) { action(); }
  void at(Duration when, std::function<void()> what) {
    action = std::move(what);
    context.calendar.at<&EmulatorTest::act>(when, this);
    sc_core::sc_start();
  }
};

TEST_F(EmulatorTest, SleepingLoopIsWokenRunningOneIsNot) {
  Emulator emulator{"emulator", context, costs};
  Work first{emulator, Duration::from_us(5)}, second{emulator, Duration::from_us(1)};
  at(Duration::from_us(100), [&] {
    emulator.post(first, context.calendar.now());
    emulator.post(second, context.calendar.now() + Duration::from_us(1));
  });
  EXPECT_EQ(first.ran, Duration::from_us(100) + costs.loop_wake());
  EXPECT_EQ(second.ran, first.ran + Duration::from_us(5));
  EXPECT_EQ(emulator.statistics().loop_wakes.value(), 1u);
  EXPECT_EQ(emulator.statistics().loop_runs.value(), 2u);
  EXPECT_EQ(emulator.statistics().loop_time.value(), Duration::from_us(6));
  EXPECT_EQ(emulator.statistics().vcpu_time.value(), Duration{});
}

TEST_F(EmulatorTest, LoopWaitsForTheBigLock) {
  Emulator emulator{"emulator", context, costs};
  Work work{emulator};
  Vcpu vcpu;
  at(Duration::from_us(100), [&] {
    const Duration now = context.calendar.now();
    emulator.enter_vcpu(vcpu, {now, now, now}, Duration::from_us(2));
    EXPECT_EQ(emulator.spend(Duration::from_us(8)), now + Duration::from_us(10));
    emulator.post(work, now);
  });
  EXPECT_EQ(vcpu.until, Duration::from_us(110));
  EXPECT_EQ(work.ran, Duration::from_us(110));
  EXPECT_EQ(emulator.statistics().lock_waits.value(), 1u);
  EXPECT_EQ(emulator.statistics().lock_wait.value(), Duration::from_us(10) - costs.loop_wake());
  EXPECT_EQ(emulator.statistics().vcpu_time.value(), costs.dispatch() + Duration::from_us(10));
}

TEST_F(EmulatorTest, BusyWorkersTakeTheNextCallWithoutSleeping) {
  costs.workers.set(1);
  Emulator emulator{"emulator", context, costs};
  Call first, second;
  Duration told;
  at(Duration::from_us(100), [&] {
    emulator.call(first);
    emulator.call(second);
  });
  const Duration handed_over = Duration::from_us(100) + costs.signal();
  EXPECT_EQ(first.began, handed_over + costs.worker_wake() + costs.system_call());
  EXPECT_EQ(second.began, Duration::never());
  at(Duration::from_us(200), [&] { told = emulator.call_returned(); });
  EXPECT_EQ(told, Duration::from_us(200) + costs.signal());
  EXPECT_EQ(second.began, told + costs.system_call());
  EXPECT_EQ(emulator.statistics().calls_queued.value(), 1u);
}

}  // namespace
}  // namespace ahcisim::host
