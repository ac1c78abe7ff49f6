// SPDX-License-Identifier: MIT
// One client's socket: bytes and descriptors in, messages out. Neither direction ever waits.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include <ahcisim/models/vfio_user/decoder.hpp>

namespace ahcisim::vfio_user {

class Connection {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  explicit Connection(Socket socket);

  enum class Received { nothing, something, closed };
  /// Takes what has arrived, at most a buffer of it.
  Received receive();
  /// Sends a message made of a header with up to two parts behind it. False where the client has not taken most_waiting bytes
  /// or is gone: close then.
  bool send(const Header& header, const void* first, std::size_t first_bytes, const void* second = nullptr, std::size_t second_bytes = 0);
  /// Sends what the socket did not take before; false as above.
  bool send_rest();
  /// Bytes that the client has not taken: nothing more should be read from it.
  std::size_t waiting() const { return rest_.size() - rest_begin_; }
  Decoder& decoder() { return decoder_; }
  Socket& socket() { return socket_; }

  static constexpr std::size_t most_waiting = 4 << 20;

 private:
  bool keep(const void* data, std::size_t bytes);
  Socket socket_;
  Decoder decoder_;
  std::vector<std::uint8_t> rest_;
  std::size_t rest_begin_ = 0;
};

}  // namespace ahcisim::vfio_user
