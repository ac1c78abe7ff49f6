// SPDX-License-Identifier: MIT
// Parameters: a value needs a unit, an unknown key is answered with the nearest, print and parse agree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::kit {
namespace {

struct Example : ParameterSet {
  Parameter<Duration> settle{*this, "settle", 600_us, assumed("an example"), "time to settle", {{1_us, 10_ms}}};
  Parameter<Bytes> buffer{*this, "buffer", 8_MiB, choice("size"), "buffer size"};
  Parameter<std::int64_t> depth{*this, "depth", 32, cited("Serial ATA 3.x, 13.6"), "queue depth", {{1, 32}}};
  Choice order{*this, "order", "fifo", {"fifo", "sptf"}, choice("queue order"), "queue order"};
};

std::string error_of(Example& set, const char* key, const char* value) {
  try {
    set.set(key, value);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Parameters, AcceptAValueWithItsUnit) {
  Example set;
  set.set("settle", "0.6ms");
  EXPECT_EQ(set.settle(), 600_us);
  set.set("buffer", "64KiB");
  EXPECT_EQ(set.buffer(), 64_KiB);
  set.set("order", "sptf");
  EXPECT_EQ(set.order.index(), 1u);
}

TEST(Parameters, RefuseWhatHasNoUnitAndChangeNothing) {
  Example set;
  EXPECT_THAT(error_of(set, "settle", "600"), ::testing::Not("")) << "accepted";
  EXPECT_NE(error_of(set, "settle", "600").find("no unit"), std::string::npos);
  EXPECT_NE(error_of(set, "depth", "33").find("outside 1 … 32"), std::string::npos);
  EXPECT_NE(error_of(set, "order", "lifo").find("fifo|sptf"), std::string::npos);
  EXPECT_EQ(set.settle(), 600_us);
}

TEST(Parameters, ADefaultFromInsideBringsItsSource) {
  Example set;
  set.settle.set(700_us);
  EXPECT_EQ(set.settle.default_text(), TextOf<Duration>::print(600_us));
  EXPECT_EQ(set.settle.source().kind(), Source::Kind::assumed);
  set.settle.set(800_us, cited("a data sheet"));
  EXPECT_EQ(set.settle(), 800_us);
  EXPECT_EQ(set.settle.default_text(), TextOf<Duration>::print(800_us));
  EXPECT_EQ(set.settle.source().kind(), Source::Kind::cited);
  EXPECT_EQ(set.settle.source().text(), "a data sheet");
  set.set("settle", "0.9ms");
  EXPECT_EQ(set.settle.default_text(), TextOf<Duration>::print(800_us));
}

TEST(Parameters, NameTheNearestKnownKey) {
  Example set;
  EXPECT_EQ(error_of(set, "setle", "1ms"), "unknown key \"setle\"; did you mean \"settle\"?");
}

TEST(Parameters, PrintWhatParsesBackToTheSameValue) {
  for (const std::int64_t ps : {1ll, 999ll, 1'000ll, 26'667ll, 600'000'000ll, 8'333'333'333ll, 12'345'678'901'234ll}) {
    const Duration value = Duration::from_ps(ps);
    EXPECT_EQ(TextOf<Duration>::parse(to_text(value)), value) << to_text(value);
  }
  for (const std::int64_t bytes : {0ll, 1ll, 512ll, 4096ll, 1ll << 40, 500107862016ll})
    EXPECT_EQ(TextOf<Bytes>::parse(to_text(Bytes{bytes})).value, bytes) << to_text(Bytes{bytes});
}

}  // namespace
}  // namespace ahcisim::kit
