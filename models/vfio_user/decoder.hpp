// SPDX-License-Identifier: MIT
// From a stream of bytes and descriptors to messages. Nothing that arrives is trusted. Plain C++.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include <ahcisim/models/vfio_user/descriptor.hpp>
#include <ahcisim/models/vfio_user/messages.hpp>

namespace ahcisim::vfio_user {

/// A whole message. The payload lies in the decoder's buffer until more bytes are put there.
struct Message {
  Header header;
  const std::uint8_t* payload = nullptr;
  std::uint32_t length = 0;  ///< of the payload
  std::vector<Descriptor> descriptors;
};

/// Bytes are put where room() says, then announced by put(); next() takes out the messages they complete. A header that no
/// message can have leaves the stream without a beginning to go on from: broken() from then on.
class Decoder {
 public:
  struct Room {
    std::uint8_t* data;
    std::size_t size;  ///< at least 1
  };
  Room room();
  /// `bytes` have been written to room(). Descriptors belong to the last message that begins in them: the kernel ends a
  /// read behind the piece that carries descriptors, and a sender attaches them to one message.
  void put(std::size_t bytes, std::vector<Descriptor> descriptors);
  /// False where no further message is complete.
  bool next(Message& message);
  bool broken() const { return broken_; }

 private:
  struct Carried {
    std::uint64_t begin;  // of their message, counted from the first byte of the stream
    std::vector<Descriptor> descriptors;
  };
  std::uint64_t last_begin() const;
  bool header_at(std::size_t at, Header& header) const;

  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(initial_size);
  std::size_t begin_ = 0, end_ = 0;  // what has not been taken out
  std::uint64_t position_ = 0;       // of begin_ in the stream
  std::deque<Carried> carried_;
  bool broken_ = false;
  static constexpr std::size_t initial_size = 64 << 10;
};

}  // namespace ahcisim::vfio_user
