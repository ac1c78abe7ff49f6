// SPDX-License-Identifier: MIT
// Message boundaries, descriptors and their messages, headers that cannot be.
#include <cstring>
#include <random>

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <ahcisim/models/vfio_user/decoder.hpp>

namespace ahcisim::vfio_user {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes message(std::uint16_t id, std::size_t payload, std::uint32_t flags = 0) {
  Header header;
  header.id = id;
  header.command = Command::REGION_READ;
  header.size = static_cast<std::uint32_t>(sizeof header + payload);
  header.flags = flags;
  Bytes bytes(header.size);
  std::memcpy(bytes.data(), &header, sizeof header);
  for (std::size_t i = 0; i < payload; ++i) bytes[sizeof header + i] = static_cast<std::uint8_t>(id + i);
  return bytes;
}

/// Puts bytes as one read would bring them, or in several where there is less room.
void put(Decoder& decoder, const std::uint8_t* bytes, std::size_t length, std::vector<Descriptor> descriptors = {}) {
  do {
    const Decoder::Room room = decoder.room();
    ASSERT_GT(room.size, 0u);
    const std::size_t now = std::min(length, room.size);
    std::memcpy(room.data, bytes, now);
    decoder.put(now, std::move(descriptors));
    descriptors.clear();
    bytes += now;
    length -= now;
  } while (length > 0);
}
void put(Decoder& decoder, const Bytes& bytes, std::vector<Descriptor> descriptors = {}) {
  put(decoder, bytes.data(), bytes.size(), std::move(descriptors));
}
std::vector<Descriptor> one_descriptor() {
  std::vector<Descriptor> all;
  all.emplace_back(::eventfd(0, 0));
  return all;
}
void expect(const Message& message, std::uint16_t id, std::size_t payload) {
  EXPECT_EQ(message.header.id, id);
  ASSERT_EQ(message.length, payload);
  for (std::size_t i = 0; i < payload; ++i) ASSERT_EQ(message.payload[i], static_cast<std::uint8_t>(id + i));
}

TEST(Decoder, AMessageByteByByte) {
  Decoder decoder;
  Message got;
  const Bytes bytes = message(7, 33);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decoder.next(got)) << "after " << i << " bytes";
    put(decoder, &bytes[i], 1);
  }
  ASSERT_TRUE(decoder.next(got));
  expect(got, 7, 33);
  EXPECT_FALSE(decoder.next(got));
  EXPECT_FALSE(decoder.broken());
}

TEST(Decoder, TheLargestMessage) {
  Decoder decoder;
  Message got;
  put(decoder, message(1, 5));
  put(decoder, message(2, max_message - sizeof(Header)));
  ASSERT_TRUE(decoder.next(got));
  expect(got, 1, 5);
  ASSERT_TRUE(decoder.next(got));
  expect(got, 2, max_message - sizeof(Header));
}

TEST(Decoder, HeadersThatCannotBe) {
  for (const std::uint32_t size : {0u, 15u, max_message + 1, ~0u}) {
    Decoder decoder;
    Message got;
    Bytes bytes = message(1, 0);
    std::memcpy(bytes.data() + offsetof(Header, size), &size, sizeof size);
    put(decoder, bytes);
    EXPECT_FALSE(decoder.next(got));
    EXPECT_TRUE(decoder.broken()) << size;
    put(decoder, message(2, 0));
    EXPECT_FALSE(decoder.next(got)) << "nothing comes after it";
  }
  Decoder decoder;
  Message got;
  put(decoder, message(1, 0, 2));
  EXPECT_FALSE(decoder.next(got));
  EXPECT_TRUE(decoder.broken()) << "neither command nor reply";
}

TEST(Decoder, DescriptorsBelongToTheLastMessageOfARead) {
  Decoder decoder;
  Message got;
  Bytes three = message(1, 8);
  const Bytes second = message(2, 8), third = message(3, 40);
  three.insert(three.end(), second.begin(), second.end());
  three.insert(three.end(), third.begin(), third.begin() + 5);  // not even its header
  put(decoder, three, one_descriptor());
  ASSERT_TRUE(decoder.next(got));
  EXPECT_TRUE(got.descriptors.empty());
  ASSERT_TRUE(decoder.next(got));
  EXPECT_TRUE(got.descriptors.empty());
  EXPECT_FALSE(decoder.next(got));
  put(decoder, third.data() + 5, third.size() - 5);
  ASSERT_TRUE(decoder.next(got));
  expect(got, 3, 40);
  EXPECT_EQ(got.descriptors.size(), 1u);
  put(decoder, message(4, 0), one_descriptor());
  put(decoder, message(5, 0), one_descriptor());
  for (unsigned id : {4, 5}) {
    ASSERT_TRUE(decoder.next(got));
    EXPECT_EQ(got.header.id, id);
    EXPECT_EQ(got.descriptors.size(), 1u);
  }
}

unsigned seed() {
  const char* given = std::getenv("AHCISIM_SEED");
  return given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
}

TEST(Decoder, RandomMessagesCutAnywhere) {
  const unsigned chosen = seed();
  SCOPED_TRACE("AHCISIM_SEED=" + std::to_string(chosen));
  std::mt19937 random{chosen};
  Bytes stream;
  std::vector<std::pair<std::uint16_t, std::size_t>> sent;
  for (std::uint16_t id = 0; id < 300; ++id) {
    const std::size_t payload = random() % 16 == 0 ? random() % 200'000 : random() % 64;
    sent.emplace_back(id, payload);
    const Bytes one = message(id, payload);
    stream.insert(stream.end(), one.begin(), one.end());
  }
  Decoder decoder;
  Message got;
  std::size_t next = 0;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t piece = std::min<std::size_t>(stream.size() - at, 1 + random() % (random() % 2 ? 100'000 : 40));
    put(decoder, &stream[at], piece);
    at += piece;
    while (decoder.next(got)) {
      ASSERT_LT(next, sent.size());
      expect(got, sent[next].first, sent[next].second);
      ++next;
    }
  }
  EXPECT_EQ(next, sent.size());
}

TEST(Decoder, RandomBytes) {
  const unsigned chosen = seed();
  SCOPED_TRACE("AHCISIM_SEED=" + std::to_string(chosen));
  std::mt19937 random{chosen};
  for (unsigned round = 0; round < 200; ++round) {
    Decoder decoder;
    Message got;
    std::size_t messages = 0;
    for (unsigned piece = 0; piece < 50 && !decoder.broken(); ++piece) {
      Bytes bytes = random() % 3 ? message(1, random() % 50) : Bytes(1 + random() % 100);
      if (random() % 2) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      put(decoder, bytes, random() % 4 ? std::vector<Descriptor>{} : one_descriptor());
      while (decoder.next(got)) {
        ++messages;
        ASSERT_LE(got.length, max_message);
      }
    }
    ASSERT_LE(messages, 50u * 7u);
  }
}

}  // namespace
}  // namespace ahcisim::vfio_user
