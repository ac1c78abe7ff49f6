// SPDX-License-Identifier: MIT
// A call on the image that fails is a command that fails: what the guest's registers and driver see of it.
#include "bench.hpp"

namespace ahcisim::host {
namespace {

class FailedCalls : public ::testing::TestWithParam<bool> {
 protected:
  FailedCalls() : bench{"epyc-2020", "writethrough", [](Bench& b) { b.driver_parameters.ncq.set(GetParam()); }} {}
  /// One request, whose calls all fail, and one after it, whose calls succeed.
  Request& fail_one(Op op, std::uint64_t lba, std::uint32_t sectors) {
    bench.file.status = RequestStatus::media_error;
    Request& failed = bench.submit(op, lba, sectors);
    bench.run();
    bench.file.status = RequestStatus::ok;
    const Request& next = bench.submit(Op::read, 8, 8);
    bench.run();
    EXPECT_EQ(bench.done.size(), 2u);
    EXPECT_EQ(next.status, RequestStatus::ok) << "the disk goes on";
    EXPECT_EQ(bench.context.diagnostics.count(), 0u) << "nobody broke a rule";
    EXPECT_EQ(bench.device->outstanding(), 0u);
    return failed;
  }
  Bench bench;
};
INSTANTIATE_TEST_SUITE_P(Queued, FailedCalls, ::testing::Bool(), [](const auto& info) { return info.param ? "Ncq" : "OneByOne"; });

TEST_P(FailedCalls, AReadEndsAsAnUnreadableSectorDoes) {
  const Request& request = fail_one(Op::read, 1000, 8);
  EXPECT_EQ(request.status, RequestStatus::media_error);
  EXPECT_TRUE(request.ata_status & wire::status::ERR);
  EXPECT_EQ(request.ata_error, wire::error::UNC);
  EXPECT_EQ(request.error_lba, 1000u);
  EXPECT_EQ(bench.image->counts().errors.value(), 1u) << "libata does not try an unreadable sector again";
}

TEST_P(FailedCalls, AWriteIsAbortedAndTriedAgain) {
  const Request& request = fail_one(Op::write, 1000, 8);
  EXPECT_EQ(request.status, RequestStatus::device_error);
  EXPECT_TRUE(request.ata_status & wire::status::ERR);
  EXPECT_EQ(request.ata_error, wire::error::ABRT);
  EXPECT_EQ(bench.image->counts().errors.value(), static_cast<std::uint64_t>(bench.driver_parameters.tries()));
}

TEST_P(FailedCalls, ATrimIsAborted) {
  EXPECT_EQ(fail_one(Op::trim, 1000, 8).status, RequestStatus::device_error);
}

TEST(FailedFlush, IsAborted) {
  Bench bench;
  bench.boot();
  bench.submit(Op::write, 1000, 8);
  bench.run();
  bench.file.status = RequestStatus::device_error;
  const Request& flush = bench.submit(Op::flush, 0, 0);
  bench.run();
  EXPECT_EQ(flush.status, RequestStatus::device_error);
  EXPECT_EQ(flush.ata_error, wire::error::ABRT);
}

/// Of many commands at once that fail together each is told of, and those that succeed are not dragged along.
TEST(FailedQueue, OnlyWhatFailedIsFailed) {
  Bench bench;
  bench.boot();
  for (unsigned i = 0; i < 16; ++i) bench.submit(Op::write, 100 * i, 8);
  bench.file.fails = [](const Request& call) { return call.op == Op::write && call.lba / 100 % 3 == 1; };
  bench.run();
  ASSERT_EQ(bench.done.size(), 16u);
  for (const Request& request : bench.requests)
    EXPECT_EQ(request.status, request.lba / 100 % 3 == 1 ? RequestStatus::device_error : RequestStatus::ok) << request.lba;
}

}  // namespace
}  // namespace ahcisim::host
