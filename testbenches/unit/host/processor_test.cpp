// SPDX-License-Identifier: MIT
// A processor's steps: what an interrupt may come between, what is put off by it, and work beside the steps.
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;

Duration us(double value) { return Duration::from_us(value); }

/// A step of `step` from `when` on, of which `closed` lets no interrupt in; handlers of 3 us, then a part of 4 us that does.
struct Program final : Software, ProcessorPlatform {
  Duration wanted() override { return when; }
  void run(Duration at) override {
    when = next;
    next = Duration::never();
    steps.push_back(at);
    processor->release(at + step, at + closed);
  }
  void interrupt(unsigned, Duration at) override {
    handlers.push_back(at);
    const Duration left = at + us(3);
    bottom.push_back(processor->bottom_half(left));
    processor->release(bottom.back() + us(4), left);
  }
  Duration interrupt_taken(Duration now) override { return now; }
  const TrapLog& traps() const override { return log; }
  TrapLog log;
  Processor* processor = nullptr;
  Duration when = us(10), next = us(10), step = us(20), closed;
  std::vector<Duration> steps, handlers, bottom;
};

struct ProcessorTest : ::testing::Test {
  kit::Context context;
  Program program;
  Processor processor{context.calendar, program};
  std::function<void()> action;
  void act(std::uint64_t) { action(); }
  void start(std::uint64_t) { processor.poke(); }
  void run(bool is_virtual, Duration at = us(1), std::function<void()> what = [] {}) {
    program.processor = &processor;
    if (is_virtual) processor.attach(program);
    action = std::move(what);
    context.calendar.at<&ProcessorTest::start>(us(0.5), this);
    context.calendar.at<&ProcessorTest::act>(at, this);
    sc_core::sc_start();
  }
};

TEST_F(ProcessorTest, AStepOfHardwareIsNotDivided) {
  processor.raise(0, us(15));
  run(false);
  EXPECT_EQ(program.handlers, std::vector<Duration>{us(30)});
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(37)}));
  EXPECT_EQ(processor.busy_time(), us(47));
}

TEST_F(ProcessorTest, AVirtualOneTakesInterruptsInTheMiddleOfAStep) {
  processor.raise(0, us(15));
  run(true);
  EXPECT_EQ(program.handlers, std::vector<Duration>{us(15)});
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(37)})) << "the step is put off by 7 us";
  EXPECT_EQ(processor.busy_time(), us(47)) << "nothing is counted twice";
}

TEST_F(ProcessorTest, NotWhereInterruptsAreDisabled) {
  program.closed = us(8);
  processor.raise(0, us(15));
  run(true);
  EXPECT_EQ(program.handlers, std::vector<Duration>{us(18)});
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(37)}));
}

TEST_F(ProcessorTest, AHandlersOpenPartComesBeforeThatOfTheNext) {
  processor.raise(0, us(15));
  processor.raise(1, us(20));  // the first handler ended at 18, and 2 of 4 us are done
  run(true);
  EXPECT_EQ(program.handlers, (std::vector<Duration>{us(15), us(20)}));
  EXPECT_EQ(program.bottom, (std::vector<Duration>{us(18), us(25)})) << "2 us of the first are left when the second's handler ends";
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(44)}));
  EXPECT_EQ(processor.busy_time(), us(54));
}

TEST_F(ProcessorTest, HoldPutsOffWhatIsLeft) {
  run(true, us(15), [this] { processor.hold(us(21)); });
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(36)}));
}

TEST_F(ProcessorTest, WorkBesideTheStepsWaitsForThemAndTheyForIt) {
  Duration first, second;
  run(true, us(15), [&] { first = processor.occupy(us(15), us(5)), second = processor.occupy(us(16), us(2)); });
  EXPECT_EQ(first, us(35)) << "the step ends at 30";
  EXPECT_EQ(second, us(37));
  EXPECT_EQ(program.steps, (std::vector<Duration>{us(10), us(37)}));
  EXPECT_EQ(processor.busy_time(), us(47));
}

TEST_F(ProcessorTest, WorkThatComesWithinAHandlerIsDoneAfterIt) {
  program.when = program.next = Duration::never();
  struct Handler final : Software {
    Duration wanted() override { return Duration::never(); }
    void run(Duration) override {}
    void interrupt(unsigned, Duration at) override {
      processor->occupy(at, us(5));
      processor->release(at + us(3));
    }
    Processor* processor = nullptr;
  } handler;
  Processor one{context.calendar, handler};
  handler.processor = &one;
  one.raise(0, us(10));
  run(true, us(11), [&] { EXPECT_TRUE(one.running(us(17.9))); EXPECT_FALSE(one.running(us(18))); });
  EXPECT_EQ(one.busy_time(), us(8));
}

}  // namespace
}  // namespace ahcisim::host
