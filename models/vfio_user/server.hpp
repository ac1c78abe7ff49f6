// SPDX-License-Identifier: MIT
// Serves one device on one socket: a client at a time, the next one when it has gone.
//
// Whatever a client sends is answered, with an error where it is nonsense; a stream that has lost its message boundaries, a
// client that does not take its answers or does not answer is closed. The device is reset before the next client is served.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include <ahcisim/models/vfio_user/connection.hpp>
#include <ahcisim/models/vfio_user/device.hpp>
#include <ahcisim/models/vfio_user/dma_map.hpp>
#include <ahcisim/models/vfio_user/interrupt_table.hpp>
#include <ahcisim/models/vfio_user/loop.hpp>
#include <ahcisim/models/vfio_user/messages.hpp>

namespace ahcisim::vfio_user {

class Server final : public Client, private Served {
 public:
  /// Listens on `path`, readable and writable for its owner only; a socket that a server of the past has left there is
  /// replaced. Throws kit::ConfigError where that cannot be. `loop` and `device` must outlive it.
  Server(Loop& loop, std::string path, Device& device);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  bool dma(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length) override;
  void intx(bool high) override { interrupts_.level(high); }
  void message(std::uint32_t index, std::uint32_t vector) override { interrupts_.message(index, vector); }

  const std::string& path() const { return path_; }
  bool connected() const { return connection_.has_value(); }
  /// Clients so far.
  std::uint64_t clients() const { return clients_; }
  /// Messages so far, and among them those that were answered with an error.
  std::uint64_t messages() const { return messages_; }
  std::uint64_t refused() const { return refused_; }

  /// A client that owes the answer to a DMA message for longer is closed.
  static constexpr std::chrono::seconds answer_timeout{5};

 private:
  using Handler = void (Server::*)(Message&);
  struct Row {
    Command command;
    std::uint32_t least;  // bytes of payload
    Handler handler;
  };
  static const Row rows[];

  // Served, for the loop
  bool pump() override;
  void arm() override;
  void flush() override { interrupts_.flush(); }

  void listen();
  void accept();
  void accepted(Connection::Socket socket);
  void drop();
  void handle(Message& message);
  void answered(const Message& message);
  void reply(const Message& message, const void* first = nullptr, std::size_t first_bytes = 0, const void* second = nullptr, std::size_t second_bytes = 0);
  void refuse(const Message& message, int error);
  void finish(const Message& message, int error) { error ? refuse(message, error) : reply(message); }

  // server_commands.cpp
  void version(Message& message);
  void dma_map(Message& message);
  void dma_unmap(Message& message);
  void device_info(Message& message);
  void region_info(Message& message);
  void irq_info(Message& message);
  void set_irqs(Message& message);
  void region_read(Message& message);
  void region_write(Message& message);
  void device_reset(Message& message);
  bool inside(const RegionAccess& access) const;

  // server_dma.cpp
  bool by_message(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length);
  bool await_answer();
  void do_later(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes);
  std::vector<kit::PendingWrite> waiting_for(std::uint32_t region) const;
  void catch_up();

  /// A write, or a reset (no bytes), that came while the device was within dma().
  struct Later {
    std::uint32_t region;
    std::uint64_t offset;
    std::vector<std::uint8_t> bytes;
  };
  /// The DMA message whose answer is awaited.
  struct Awaited {
    std::uint16_t id = 0;
    bool active = false, ok = false;
    std::uint8_t* to = nullptr;  // a read's data
    std::uint32_t length = 0;
  };

  Loop& loop_;
  const std::string path_;
  Device& device_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::optional<Connection> connection_;
  std::uint64_t clients_ = 0, messages_ = 0, refused_ = 0;
  bool armed_ = false;
  bool accepting_ = false;
  bool greeted_ = false;       // VERSION was agreed on
  bool closing_ = false;       // the connection is to be dropped when the message has been dealt with
  std::uint32_t most_data_ = max_data;  // that the client takes in a DMA message
  DmaMap memory_;
  InterruptTable interrupts_;
  unsigned within_dma_ = 0;
  Awaited awaited_;
  std::uint16_t next_id_ = 0;
  std::deque<Later> later_;
  std::size_t later_bytes_ = 0;
};

}  // namespace ahcisim::vfio_user
