// SPDX-License-Identifier: MIT
// A vfio-user client for tests: blocking, in a thread of its own beside the server's. It can send nonsense.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <ahcisim/models/vfio_user/messages.hpp>

namespace ahcisim::test {

/// The server closed the connection.
struct Closed : std::runtime_error {
  Closed() : std::runtime_error{"the server closed the connection"} {}
};

struct Answer {
  vfio_user::Header header;
  std::vector<std::uint8_t> payload;
  /// 0 where it was no error.
  std::uint32_t error() const { return header.flags & vfio_user::Header::Error ? header.error : 0; }
};

class VfioUserClient {
 public:
  using Bytes = std::vector<std::uint8_t>;
  /// Connects; throws std::runtime_error where that or any later step fails or takes more than ten seconds.
  explicit VfioUserClient(const std::string& path);
  ~VfioUserClient();
  VfioUserClient(const VfioUserClient&) = delete;
  VfioUserClient& operator=(const VfioUserClient&) = delete;

  void send(const void* bytes, std::size_t length, const std::vector<int>& descriptors = {});
  /// A command as it lies on the socket.
  static Bytes message(vfio_user::Command command, std::uint16_t id, const Bytes& payload, std::uint32_t flags = 0);
  /// Sends a command; returns its id.
  std::uint16_t command(vfio_user::Command command, const Bytes& payload, const std::vector<int>& descriptors = {}, std::uint32_t flags = 0);
  /// The next message. Throws Closed.
  Answer receive();
  /// The answer to a command; what the server asks for meanwhile goes to on_dma.
  Answer answer(std::uint16_t id);
  Answer call(vfio_user::Command command, const Bytes& payload, const std::vector<int>& descriptors = {}) {
    return answer(this->command(command, payload, descriptors));
  }
  /// Replies to a command of the server.
  void reply(const vfio_user::Header& to, const Bytes& payload, std::uint32_t flags = 0, std::uint32_t error = 0);
  /// Whether the server closes the connection now; throws where it sends something instead.
  bool closed();

  // Commands
  Answer version(const std::string& json = R"({"capabilities":{"max_msg_fds":16,"max_data_xfer_size":1048576,"migration":{"pgsize":4096}}})");
  Answer map(std::uint64_t address, std::uint64_t size, int descriptor, std::uint64_t offset = 0, std::uint32_t flags = 3);
  Answer unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0);
  Answer set_irqs(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count, const std::vector<int>& descriptors = {});
  /// 0xffffffff where the server refused it.
  std::uint32_t read(std::uint32_t region, std::uint64_t offset, std::uint32_t bytes = 4);
  void write(std::uint32_t region, std::uint64_t offset, std::uint32_t value, std::uint32_t bytes = 4);
  void post(std::uint32_t region, std::uint64_t offset, std::uint32_t value, std::uint32_t bytes = 4);

  /// What to do with DMA_READ and DMA_WRITE: by default they are served from `memory`, and refused outside of it.
  std::function<void(const Answer&)> on_dma;
  Bytes memory;
  std::uint64_t dma_messages = 0;

  template <class T> static Bytes bytes_of(const T& value) {
    const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
    return {from, from + sizeof value};
  }

 private:
  void serve_memory(const Answer& request);
  void receive_exactly(void* to, std::size_t length);
  int socket_ = -1;
  std::uint16_t next_id_ = 100;
};

/// Memory that a client shares: a memfd and its mapping here.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  int descriptor() const { return fd_; }
  std::uint8_t* data() { return data_; }
  std::size_t size() const { return size_; }

 private:
  int fd_;
  std::size_t size_;
  std::uint8_t* data_;
};

/// An eventfd as a client gives it to the server.
class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  int descriptor() const { return fd_; }
  /// How often it was signalled since, at most `milliseconds` after now; 0 where it was not.
  std::uint64_t wait(int milliseconds = 5000);

 private:
  int fd_;
};

}  // namespace ahcisim::test
