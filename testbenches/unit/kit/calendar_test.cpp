// SPDX-License-Identifier: MIT
// The calendar: order, running ahead, and identical results when every event goes through the kernel.
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <systemc>

#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/reserve.hpp>

namespace ahcisim::kit {
namespace {

struct Recorder {
  Calendar& calendar;
  std::vector<std::pair<std::int64_t, std::uint64_t>> seen;
  void note(std::uint64_t id) { seen.emplace_back(calendar.now().ps(), id); }
  void chain(std::uint64_t left) {
    note(left);
    if (left) calendar.at<&Recorder::chain>(calendar.now() + 3_ns, this, left - 1);
  }
};

struct Foreigner : sc_core::sc_module {
  SC_HAS_PROCESS(Foreigner);
  Foreigner(sc_core::sc_module_name name, Recorder& r) : sc_module{name}, recorder{r} { SC_THREAD(work); }
  void work() {
    for (int i = 0; i < 100; ++i) {
      wait(sc_core::sc_time(7, sc_core::SC_NS));
      EXPECT_EQ(recorder.calendar.now().ps(), static_cast<std::int64_t>(sc_core::sc_time_stamp().value()));
      recorder.note(1000 + i);
      if (i == 50) recorder.calendar.at<&Recorder::note>(recorder.calendar.now() + 1_ns, &recorder, 5555);
    }
  }
  Recorder& recorder;
};

std::vector<std::pair<std::int64_t, std::uint64_t>> run(bool kernel_steps, std::uint64_t* activations) {
  Calendar calendar{"calendar"};
  calendar.set_kernel_steps(kernel_steps);
  Recorder recorder{calendar, {}};
  Foreigner foreigner{"foreigner", recorder};
  std::mt19937_64 random{42};
  for (int i = 0; i < 2000; ++i)
    calendar.at<&Recorder::note>(Duration::from_ps(static_cast<std::int64_t>(random() % 2'000'000)), &recorder, i);
  calendar.at<&Recorder::chain>(5_ns, &recorder, 200);
  sc_core::sc_start();
  *activations = calendar.activations();
  return recorder.seen;
}

void expect_in_order(const std::vector<std::pair<std::int64_t, std::uint64_t>>& seen) {
  ASSERT_EQ(seen.size(), 2000u + 201u + 100u + 1u);
  for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_LE(seen[i - 1].first, seen[i].first) << i;
}

TEST(Calendar, RunsAheadInOrderAndStopsShortOfForeignProcesses) {
  std::uint64_t activations = 0;
  expect_in_order(run(false, &activations));
  EXPECT_LT(activations, 350u) << "it did not run ahead";
}

TEST(Calendar, StepsThroughTheKernelInTheSameOrder) {
  std::uint64_t activations = 0;
  const auto seen = run(true, &activations);
  expect_in_order(seen);
  EXPECT_GT(activations, 1500u);
}

TEST(Calendar, EqualTimesRunInTheOrderTheyWereScheduled) {
  Calendar calendar{"calendar"};
  Recorder recorder{calendar, {}};
  for (int i = 0; i < 100; ++i) calendar.at<&Recorder::note>(10_ns, &recorder, i);
  sc_core::sc_start();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(recorder.seen[i].second, static_cast<std::uint64_t>(i));
  EXPECT_EQ(calendar.activations(), 1u) << "nobody else is in this simulation";
}

TEST(Calendar, ATimeInThePastMeansNow) {
  Calendar calendar{"calendar"};
  struct Late {
    Calendar& calendar;
    std::int64_t at = -1;
    void first(std::uint64_t) { calendar.at<&Late::second>(1_ns, this); }
    void second(std::uint64_t) { at = calendar.now().ps(); }
  } late{calendar};
  calendar.at<&Late::first>(9_ns, &late);
  sc_core::sc_start();
  EXPECT_EQ(late.at, 9'000);
}

/// A chain that goes on at once where it may, and by a callback where it may not.
struct Walker {
  Calendar& calendar;
  Recorder& recorder;
  unsigned at_once = 0;
  std::uint64_t left = 300;
  void step(std::uint64_t) {
    for (;;) {
      recorder.note(7000 + left);
      if (--left == 0) return;
      const Duration next = calendar.now() + 5_ns;
      if (!calendar.advance(next)) return calendar.at<&Walker::step>(next, this);
      ++at_once;
    }
  }
};

TEST(Calendar, AdvancesOnlyWhereItsCallbackWouldBeNext) {
  std::vector<std::pair<std::int64_t, std::uint64_t>> seen[2];
  static Calendar* calendar = nullptr;  // both halves of the test in one simulation, one after the other
  calendar = new Calendar{"calendar"};
  for (const bool steps : {false, true}) {
    calendar->set_kernel_steps(steps);
    Recorder recorder{*calendar, {}};
    Walker walker{*calendar, recorder};
    const Duration begin = calendar->now() + 1_us;
    EXPECT_FALSE(calendar->advance(begin)) << "nothing runs";
    const std::uint64_t before = calendar->events();
    std::mt19937_64 random{7};
    // Multiples of 2.5 ns: many fall on a step of the walker, and were scheduled first.
    for (int i = 0; i < 200; ++i) calendar->at<&Recorder::note>(begin + Duration::from_ps(static_cast<std::int64_t>(random() % 600) * 2500), &recorder, i);
    calendar->at<&Walker::step>(begin, &walker);
    sc_core::sc_start();
    EXPECT_EQ(calendar->events() - before, 200u + 300u) << "a step counts, however it came";
    if (steps) EXPECT_EQ(walker.at_once, 0u);
    else EXPECT_GT(walker.at_once, 100u);
    for (auto& [at, id] : recorder.seen) seen[steps].emplace_back(at - begin.ps(), id);
  }
  EXPECT_EQ(seen[0].size(), 500u);
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Calendar, RunsAheadWithoutALimitFromWhereverItBegins) {
  Calendar calendar{"calendar"};
  calendar.set_run_ahead_limit(Duration::never());
  Recorder recorder{calendar, {}};
  calendar.at<&Recorder::note>(5_ms, &recorder, 1);  // the kernel is at 5 ms when it comes
  calendar.at<&Recorder::note>(Duration::from_seconds(3600), &recorder, 2);
  sc_core::sc_start();
  ASSERT_EQ(recorder.seen.size(), 2u);
  EXPECT_EQ(calendar.activations(), 1u) << "an hour ahead of the kernel";
}

TEST(Reserve, FillsGapsAndNeverOverlaps) {
  std::mt19937_64 random{7};
  Reserve reserve;
  std::vector<Reserve::Interval> booked;
  std::int64_t now = 0, sum = 0;
  for (int i = 0; i < 3000; ++i) {
    now += static_cast<std::int64_t>(random() % 50);
    const auto earliest = Duration::from_ps(now + static_cast<std::int64_t>(random() % 500));
    const auto length = Duration::from_ps(1 + static_cast<std::int64_t>(random() % 60));
    const Duration expected = reserve.first_fit(earliest, length);
    const auto interval = reserve.book(Duration::from_ps(now), earliest, length);
    ASSERT_EQ(interval.begin, expected);
    ASSERT_EQ(interval.end - interval.begin, length);
    ASSERT_GE(interval.begin, earliest);
    for (const auto& other : booked) ASSERT_TRUE(interval.end <= other.begin || other.end <= interval.begin);
    booked.push_back(interval);
    sum += length.ps();
  }
  EXPECT_EQ(reserve.busy_time().ps(), sum);
}

// Against a map of every picosecond: what is filled is free time, the first there is.
TEST(Reserve, FillsFreeTimeInPieces) {
  std::mt19937_64 random{8};
  Reserve reserve;
  std::vector<bool> busy(40'000);
  std::int64_t now = 0, sum = 0;
  for (int i = 0; i < 1000; ++i) {
    now += static_cast<std::int64_t>(random() % 40);
    std::int64_t at = now + static_cast<std::int64_t>(random() % 400), left = 1 + static_cast<std::int64_t>(random() % 60);
    const auto earliest = Duration::from_ps(at), length = Duration::from_ps(left);
    if (random() % 3 == 0) {
      const auto booked = reserve.book(Duration::from_ps(now), earliest, length);
      for (std::int64_t t = booked.begin.ps(); t < booked.end.ps(); ++t) {
        ASSERT_FALSE(busy[static_cast<std::size_t>(t)]) << "at " << t;
        busy[static_cast<std::size_t>(t)] = true;
      }
    } else {
      const auto filled = reserve.fill(Duration::from_ps(now), earliest, length);
      while (busy[static_cast<std::size_t>(at)]) ++at;
      ASSERT_EQ(filled.begin.ps(), at);
      for (; left > 0; ++at) {
        left -= !busy[static_cast<std::size_t>(at)];
        busy[static_cast<std::size_t>(at)] = true;
      }
      ASSERT_EQ(filled.end.ps(), at);
    }
    sum += length.ps();
  }
  EXPECT_EQ(reserve.busy_time().ps(), sum);
}

TEST(Reserve, TakesTheFirstGapThatFits) {
  Reserve reserve;
  reserve.book(0_ns, 100_ns, 50_ns);
  EXPECT_EQ(reserve.book(0_ns, 0_ns, 100_ns).begin, 0_ns);
  EXPECT_EQ(reserve.book(0_ns, 120_ns, 10_ns).begin, 150_ns);
}

}  // namespace
}  // namespace ahcisim::kit
