// SPDX-License-Identifier: MIT
// Between medium and link: frames leave in the order of readiness, completions are gathered, times add up.
#include <map>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using ::testing::ElementsAre;
constexpr auto D2H = FisType::register_d2h;
constexpr auto DATA = FisType::data;
constexpr auto SETUP = FisType::dma_setup;
constexpr auto SDB = FisType::set_device_bits;

/// A medium whose answers a test writes down beforehand: by LBA, the time from submission until data may move, and from
/// the end of the transfer until the command is done. Works with decisions where `decides` is set.
class ScriptedMedium final : public Medium {
 public:
  struct Answer {
    double ready_us = 0, done_us = 0;
    bool done_beforehand = false;  ///< complete() comes with may_transfer()
  };
  std::map<std::uint64_t, Answer> script;
  std::vector<MediaRequest> submitted;
  bool write_cache = true, look_ahead = true, decides = false;
  unsigned stopped = 0, abandoned = 0, decisions = 0;
  Duration last_now;

  MediumFacts facts() const override { return {Bench::sectors, 7200, true, 3, 2, 0, cached_at_first, true}; }
  bool cached_at_first = true;
  void submit(MediaRequest& request, Duration now) override {
    check(now);
    submitted.push_back(request);
    const Answer answer = script[request.range.lba];
    const Duration ready = now + Duration::from_us(answer.ready_us);
    const bool moves = request.op == MediaOp::read || request.op == MediaOp::write;
    if (!moves) return client_->complete(request, ready);
    if (decides) {
      waiting_.emplace(ready.ps(), &request);
      return;
    }
    client_->may_transfer(request, ready);
    if (answer.done_beforehand) client_->complete(request, ready + Duration::from_us(answer.done_us));
  }
  void transferred(MediaRequest& request, Duration now) override {
    check(now);
    client_->complete(request, now + Duration::from_us(script[request.range.lba].done_us));
  }
  Duration next_decision() const override {
    return waiting_.empty() ? Duration::never() : Duration::from_ps(waiting_.begin()->first);
  }
  void advance(Duration now) override {
    check(now);
    ++decisions;
    while (!waiting_.empty() && waiting_.begin()->first <= now.ps()) {
      MediaRequest* request = waiting_.begin()->second;
      EXPECT_EQ(waiting_.begin()->first, now.ps());
      waiting_.erase(waiting_.begin());
      client_->may_transfer(*request, now);
    }
  }
  void set_write_cache(bool on) override { write_cache = on; }
  void set_look_ahead(bool on) override { look_ahead = on; }
  void abandon_all(Duration now) override {
    check(now);
    ++abandoned;
    waiting_.clear();
  }
  void stop_spindle(Duration) override { ++stopped; }
  void attach(MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return none_; }

 private:
  void check(Duration now) {
    EXPECT_GE(now, last_now) << "the device told the medium a time that runs backwards";
    last_now = now;
  }
  MediumClient* client_ = nullptr;
  kit::StatSet none_;
  std::multimap<std::int64_t, MediaRequest*> waiting_;
};

std::vector<unsigned> setup_order(const FakeHost& host) {
  std::vector<unsigned> tags;
  for (const Seen& seen : host.seen)
    if (seen.type() == SETUP) tags.push_back(seen.as<wire::DmaSetup>().buffer_identifier_low[0]);
  return tags;
}

class AtaOrder : public ::testing::TestWithParam<bool> {};

TEST_P(AtaOrder, QueuedCommandsFinishInOrderOfReadiness) {
  ScriptedMedium medium;
  medium.decides = GetParam();
  medium.script = {{0, {900, 0}}, {100, {300, 0}}, {200, {600, 0}}, {300, {100, 0}}};
  Bench bench{&medium};
  bench.start();
  std::mt19937_64 random{1};
  const auto content = random_bytes(random, 400 * 512);
  bench.store.write(0, 400, content.data());
  bench.host.clear();
  for (unsigned tag = 0; tag < 4; ++tag) bench.host.command(Bench::queued(false, tag, tag * 100, 8));
  bench.run(Duration::from_ms(3));
  EXPECT_THAT(setup_order(bench.host), ElementsAre(3, 1, 2, 0));
  EXPECT_EQ(bench.host.done, 15u);
  for (unsigned tag = 0; tag < 4; ++tag)
    EXPECT_TRUE(std::equal(bench.host.buffer[tag].begin(), bench.host.buffer[tag].end(), content.begin() + tag * 100 * 512));
  EXPECT_EQ(medium.decisions, GetParam() ? 4u : 0u);
}
INSTANTIATE_TEST_SUITE_P(Ata, AtaOrder, ::testing::Bool(), [](const auto& info) { return info.param ? "decided_late" : "known_ahead"; });

TEST(AtaTiming, OneQueuedReadIsTheSumOfItsParts) {
  ScriptedMedium medium;
  medium.script = {{8, {50, 7}}};
  Bench bench{&medium};
  bench.start();
  bench.host.clear();
  const Duration issued = bench.context.calendar.now();
  wire::RequestTag tag;
  tag.open(1);
  bench.host.tag = &tag;
  bench.host.command(Bench::queued(false, 0, 8, 8));
  bench.run();
  const auto wire_ps = [](std::int64_t bytes) { return (bytes + 12) * 1667; };
  const std::int64_t handshake = 200'000;
  const std::int64_t received = issued.ps() + wire_ps(20), decoded = received + 300'000;
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H, SETUP, DATA, SDB));
  EXPECT_EQ(bench.host.seen[0].at.ps(), decoded + wire_ps(20));
  const std::int64_t ready = decoded + 50'000'000;
  EXPECT_EQ(bench.host.seen[1].at.ps(), ready + wire_ps(28));
  EXPECT_EQ(bench.host.seen[2].at.ps(), ready + wire_ps(28) + handshake + wire_ps(4 + 4096));
  const std::int64_t moved = ready + wire_ps(28) + handshake + wire_ps(4100) + handshake;
  EXPECT_EQ(bench.host.seen[3].at.ps(), moved + 7'000'000 + wire_ps(8));
  EXPECT_EQ(tag.when(wire::Stage::received), received);
  EXPECT_EQ(tag.when(wire::Stage::transferred), moved);
  EXPECT_EQ(bench.device.statistics().service.count(), 1u);
  EXPECT_EQ(bench.device.statistics().service.mean().ps(), moved + 7'000'000 - received);
  EXPECT_EQ(bench.device.statistics().read_bytes.value(), 4096u);
}

/// A medium that tells its completion beforehand saves an event and changes no time.
TEST(AtaTiming, CompletionToldBeforehandIsReportedAfterTheData) {
  ScriptedMedium medium;
  medium.script = {{8, {50, 0, true}}, {16, {50, 400, true}}};
  Bench bench{&medium};
  bench.start();
  bench.host.clear();
  const std::uint64_t before = bench.context.calendar.events();
  bench.host.command(Bench::queued(false, 0, 8, 8));
  bench.run();
  EXPECT_EQ(bench.context.calendar.events() - before, 2u + 0u);
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H, SETUP, DATA, SDB));
  EXPECT_EQ((bench.host.seen[3].at - bench.host.seen[2].at).ps(), 200'000 + 20 * 1667);
  bench.host.clear();
  bench.host.command(Bench::queued(false, 0, 16, 8));
  bench.run();
  EXPECT_EQ((bench.host.seen[3].at - bench.host.seen[0].at).ps(), 450'000'000 + (20 - 32) * 1667);
}

TEST(AtaTiming, CommandsDoneTogetherShareOneSetDeviceBits) {
  ScriptedMedium medium;
  medium.script = {{0, {10, 500}}, {100, {20, 460}}, {200, {30, 420}}};
  Bench bench{&medium};
  bench.start();
  for (unsigned tag = 0; tag < 3; ++tag) bench.host.buffer[tag].assign(4096, 1);
  // The last is a long data phase during which the others become done.
  medium.script[300] = {400, 0};
  bench.host.clear();
  for (unsigned tag = 0; tag < 3; ++tag) bench.host.command(Bench::queued(true, tag, tag * 100, 8));
  bench.host.command(Bench::queued(false, 3, 300, 400));
  bench.run(Duration::from_ms(3));
  unsigned frames = 0;
  for (const Seen& seen : bench.host.seen)
    if (seen.type() == SDB) ++frames;
  EXPECT_EQ(bench.host.done, 15u);
  EXPECT_EQ(frames, 1u);
  EXPECT_EQ(bench.device.statistics().status_frames.value(), 1u);
}

TEST(AtaMedium, HearsOfFuaPriorityCacheAndSpindle) {
  ScriptedMedium medium;
  Bench bench{&medium};
  bench.start();
  auto fis = Bench::queued(false, 2, 77, 8, true);
  fis.count_15_8 = 0x80;  // PRIO: high
  bench.host.command(fis);
  bench.run();
  ASSERT_EQ(medium.submitted.size(), 1u);
  EXPECT_TRUE(medium.submitted[0].fua);
  EXPECT_EQ(medium.submitted[0].priority, 2);
  bench.execute(Bench::fis(0xec));
  EXPECT_TRUE(bench.data()[2 * 76 + 1] & 0x10) << "NCQ priority information";
  bench.execute(Bench::fis(0x2f, 0x30 | 8u << 8, 1));
  EXPECT_TRUE(bench.data()[9] & 8) << "the same in log 30h";
  EXPECT_EQ(medium.submitted[0].range.lba, 77u);
  EXPECT_EQ(medium.submitted[0].range.count, 8u);
  bench.execute(Bench::fis(0x3d, 5, 1), std::vector<std::uint8_t>(512));
  EXPECT_TRUE(medium.submitted.back().fua);
  bench.execute(Bench::fis(0x35, 5, 1), std::vector<std::uint8_t>(512));
  EXPECT_FALSE(medium.submitted.back().fua);
  bench.execute(Bench::fis(0xef, 0, 0, 0x82));
  EXPECT_FALSE(medium.write_cache);
  EXPECT_EQ(medium.submitted.back().op, MediaOp::flush);
  bench.execute(Bench::fis(0xef, 0, 0, 0x55));
  EXPECT_FALSE(medium.look_ahead);
  bench.execute(Bench::fis(0xe0));
  EXPECT_EQ(medium.submitted.back().op, MediaOp::flush);
  EXPECT_EQ(medium.stopped, 1u);
  bench.execute(Bench::fis(0x40, 9, 3));
  EXPECT_EQ(medium.submitted.back().op, MediaOp::verify);
  EXPECT_EQ(medium.submitted.back().range.count, 3u);
}

TEST(AtaMedium, KeepsTheWriteCacheSettingItWasConfiguredWith) {
  ScriptedMedium medium;
  medium.cached_at_first = medium.write_cache = false;
  Bench bench{&medium};
  bench.start();
  EXPECT_FALSE(medium.write_cache);
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data()[170] & 0x20, 0);  // word 85
  bench.execute(Bench::fis(0xef, 0, 0, 0x02));
  EXPECT_TRUE(medium.write_cache);
}

TEST(AtaMedium, IsToldWhenEverythingIsDropped) {
  ScriptedMedium medium;
  medium.script[0] = {500, 0};
  Bench bench{&medium};
  bench.start();
  const unsigned before = medium.abandoned;
  bench.host.clear();
  bench.host.command(Bench::queued(false, 0, 0, 8));
  bench.run(Duration::from_us(100));
  bench.host.phy_lost();
  EXPECT_GT(medium.abandoned, before);
  bench.host.phy_ready();
  bench.run(Duration::from_ms(20));
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H, D2H));  // acceptance, signature; no data
}

/// Data of a long read is sent in pieces of a chain, but leaves without a gap and whole.
TEST(AtaTiming, LongReadsKeepTheLinkBusy) {
  Bench bench;
  bench.start();
  bench.host.clear();
  bench.host.command(Bench::queued(false, 0, 0, 4096));
  bench.run(Duration::from_ms(10));
  std::vector<Duration> arrivals;
  for (const Seen& seen : bench.host.seen)
    if (seen.type() == DATA) arrivals.push_back(seen.at);
  ASSERT_EQ(arrivals.size(), 256u);
  for (std::size_t i = 1; i < arrivals.size(); ++i)
    EXPECT_EQ((arrivals[i] - arrivals[i - 1]).ps(), 200'000 + (8192 + 4 + 12) * 1667);
}

// Where others compete for what takes the data in, they could not have their turns before what is sent ahead.
TEST(AtaTiming, DataIsNotSentAheadOfItsTimeToAHostThatOthersWantToo) {
  Bench bench;
  bench.start();
  Duration took[2];
  for (const bool contended : {false, true}) {
    bench.host.contended = contended;
    bench.host.clear();
    const Duration begin = bench.context.calendar.now();
    bench.host.command(Bench::queued(false, 3, 1000, 80));  // five Data FISes
    bench.run();
    std::vector<const Seen*> data;
    for (const Seen& seen : bench.host.seen)
      if (seen.type() == DATA) data.push_back(&seen);
    ASSERT_EQ(data.size(), 5u);
    for (std::size_t i = 1; i < data.size(); ++i) {
      EXPECT_GT(data[i]->at, data[i - 1]->at);
      if (contended)
        EXPECT_GT(data[i]->handed_over, data[i - 1]->at) << "frame " << i;
      else
        EXPECT_LT(data[i]->handed_over, data[i - 1]->at) << "frame " << i;
    }
    took[contended] = bench.host.seen.back().at - begin;
    EXPECT_EQ(bench.host.done, 1u << 3);
  }
  EXPECT_EQ(took[1], took[0]);  // when they cross the link is the same
}

}  // namespace
}  // namespace ahcisim::disk
