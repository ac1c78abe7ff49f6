// SPDX-License-Identifier: MIT
// The kernel in slices: paced time that falls behind the wall, and a model that lets sockets be served from within.
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/vfio_user/kernel.hpp>

namespace ahcisim::vfio_user {
namespace {

using namespace kit::literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// Takes its time on the wall, as a model that is slower than what it models.
struct Slow {
  void work(std::uint64_t ms) {
    std::this_thread::sleep_for(milliseconds{ms});
    ++done;
  }
  unsigned done = 0;
};

void run_until(Kernel& kernel, const unsigned& count, unsigned wanted) {
  while (count < wanted)
    if (!kernel.advance()) std::this_thread::sleep_for(std::chrono::microseconds{100});
}

TEST(Kernel, TellsWhenPacedTimeFallsBehindTheWall) {
  kit::Context context;
  Kernel kernel{context.calendar, Kernel::Time::paced};
  std::vector<nanoseconds> told;
  kernel.on_behind([&](nanoseconds behind) { told.push_back(behind); });
  Slow slow;
  kernel.start();
  context.calendar.at<&Slow::work>(1_ms, &slow, 30);
  run_until(kernel, slow.done, 1);
  EXPECT_GE(kernel.most_behind(), milliseconds{29});
  EXPECT_EQ(kernel.times_behind(), told.size());
  ASSERT_FALSE(told.empty());
  EXPECT_GE(told.front(), milliseconds{29});
  EXPECT_EQ(kernel.given_up().count(), 0) << "it catches up";
  const kit::Duration now = context.calendar.now();
  EXPECT_LE(now, 3_ms) << "what is due is not left out, however late";
}

TEST(Kernel, GivesUpWhatCannotBeCaughtUp) {
  kit::Context context;
  Kernel kernel{context.calendar, Kernel::Time::paced};
  Slow slow;
  kernel.start();
  context.calendar.at<&Slow::work>(1_ms, &slow, 1100);
  run_until(kernel, slow.done, 1);
  EXPECT_GT(kernel.given_up(), milliseconds{1050});
  const std::uint64_t before = kernel.times_behind();
  context.calendar.at<&Slow::work>(context.calendar.now() + 50_ms, &slow, 0);
  run_until(kernel, slow.done, 2);
  EXPECT_GT(kernel.given_up(), milliseconds{1050});
  EXPECT_LE(kernel.times_behind(), before + 1) << "a loaded machine may be late once, not by a second any more";
}

/// A model that waits for a client and has the sockets' handlers run meanwhile, of which one wants time to go on.
struct Waiting {
  void wait(std::uint64_t) { refused = !kernel.advance(), ++done; }
  Kernel& kernel;
  bool refused = false;
  unsigned done = 0;
};

struct KernelInTime : testing::TestWithParam<Kernel::Time> {
  kit::Context context;
  Kernel kernel{context.calendar, GetParam()};
  void SetUp() override { kernel.start(); }
};
INSTANTIATE_TEST_SUITE_P(Both, KernelInTime, testing::Values(Kernel::Time::free, Kernel::Time::paced));

TEST_P(KernelInTime, IsNotEnteredFromWithinItself) {
  Waiting waiting{kernel};
  context.calendar.at<&Waiting::wait>(1_ms, &waiting);
  run_until(kernel, waiting.done, 1);
  EXPECT_TRUE(waiting.refused);
}

/// One that has let a client wait, and what is due soon after it.
struct Yielding {
  void first(std::uint64_t) { kernel.yield(), ++begun; }
  void second(std::uint64_t) { ++ended; }
  Kernel& kernel;
  unsigned begun = 0, ended = 0;
};

TEST_P(KernelInTime, AYieldEndsTheSliceWithItsCallback) {
  Yielding model{kernel};
  context.calendar.at<&Yielding::first>(1_ms, &model);
  context.calendar.at<&Yielding::second>(1_ms + 1_us, &model);
  run_until(kernel, model.begun, 1);
  EXPECT_EQ(model.ended, 0u) << "the client's access takes effect first";
  run_until(kernel, model.ended, 1);
}

}  // namespace
}  // namespace ahcisim::vfio_user
