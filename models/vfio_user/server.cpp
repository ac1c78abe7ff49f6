// SPDX-License-Identifier: MIT
// The socket, its client coming and going, and which message goes where.
#include <ahcisim/models/vfio_user/server.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::vfio_user {
namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

[[noreturn]] void fail(const std::string& path, const std::string& why) { throw kit::ConfigError{path + ": " + why}; }

/// Removes a socket that nobody listens on.
void remove_stale(boost::asio::io_context& io, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "exists and is no socket; give another path");
  Protocol::socket probe{io};
  error_code error;
  probe.connect(Protocol::endpoint{path}, error);
  if (error != boost::asio::error::connection_refused) fail(path, "another server listens there; give another path");
  ::unlink(path.c_str());
}

}  // namespace

const Server::Row Server::rows[] = {
    {Command::VERSION, sizeof(Version), &Server::version},
    {Command::DMA_MAP, sizeof(DmaMapRequest), &Server::dma_map},
    {Command::DMA_UNMAP, sizeof(DmaUnmapRequest), &Server::dma_unmap},
    {Command::DEVICE_GET_INFO, sizeof(DeviceInfo), &Server::device_info},
    {Command::DEVICE_GET_REGION_INFO, sizeof(RegionInfo), &Server::region_info},
    {Command::DEVICE_GET_IRQ_INFO, sizeof(IrqInfo), &Server::irq_info},
    {Command::DEVICE_SET_IRQS, sizeof(SetIrqs), &Server::set_irqs},
    {Command::REGION_READ, sizeof(RegionAccess), &Server::region_read},
    {Command::REGION_WRITE, sizeof(RegionAccess), &Server::region_write},
    {Command::DEVICE_RESET, 0, &Server::device_reset},
};

Server::Server(Loop& loop, std::string path, Device& device)
    : loop_{loop}, path_{std::move(path)}, device_{device}, acceptor_{loop.io()}, interrupts_{device.vectors()} {
  listen();
  device_.attach(*this);
  loop_.add(*this);
  accept();
}

Server::~Server() {
  loop_.remove(*this);
  ::unlink(path_.c_str());
}

void Server::listen() {
  if (path_.empty() || path_.size() >= sizeof sockaddr_un{}.sun_path)
    fail(path_.empty() ? "\"\"" : path_, fmt::format("a socket's path has 1 to {} characters; give a shorter one", sizeof sockaddr_un{}.sun_path - 1));
  remove_stale(loop_.io(), path_);
  error_code error;
  acceptor_.open(Protocol{}, error);
  const mode_t before = ::umask(0177);  // whoever may connect owns the guest's disk
  if (!error) acceptor_.bind(Protocol::endpoint{path_}, error);
  ::umask(before);
  if (!error) acceptor_.listen(8, error);
  if (error) fail(path_, error.message() + "; give a path in a folder that exists and that you may write to");
}

void Server::accept() {
  if (accepting_) return;
  accepting_ = true;
  acceptor_.async_accept([this](const error_code& error, Protocol::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    accepting_ = false;
    if (error) accept();
    else accepted(std::move(socket));
  });
}

void Server::accepted(Connection::Socket socket) {
  ++clients_;
  connection_.emplace(std::move(socket));
  armed_ = greeted_ = closing_ = false;
  most_data_ = max_data;
}

/// The client is gone, or to be rid of. Where the device is in the middle of its DMA, pump() finishes this later.
void Server::drop() {
  closing_ = true;
  awaited_.active = false;
  if (within_dma_ > 0) return;
  connection_.reset();
  later_.clear();
  later_bytes_ = 0;
  memory_.clear();
  device_.reset();
  interrupts_.clear();
  accept();
}

bool Server::pump() {
  if (!connection_) return false;
  if (within_dma_ == 0) {
    if (closing_) {
      drop();
      return true;
    }
    catch_up();
  } else if (closing_) {
    return false;
  }
  if (!connection_->send_rest()) {
    drop();
    return true;
  }
  if (connection_->waiting() > 0) return false;
  const Connection::Received received = connection_->receive();
  bool any = received != Connection::Received::nothing;
  // Messages may lie in the decoder though nothing has arrived: one before them put the device into its DMA, and waits.
  for (Message message; !closing_ && connection_->decoder().next(message); any = true) handle(message);
  if (received == Connection::Received::closed || closing_ || connection_->decoder().broken()) drop();
  return any;
}

void Server::arm() {
  if (!connection_ || armed_ || closing_) return;
  armed_ = true;
  const auto what = connection_->waiting() > 0 ? Connection::Socket::wait_write : Connection::Socket::wait_read;
  connection_->socket().async_wait(what, [this, client = clients_](const error_code&) {
    if (client == clients_) armed_ = false;
  });
}

void Server::handle(Message& message) {
  ++messages_;
  if (message.header.reply()) return answered(message);
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& each) { return each.command == message.header.command; });
  if (row == std::end(rows)) return refuse(message, ENOTSUP);
  const bool greeting = row->command == Command::VERSION;
  if (greeting == greeted_ || message.length < row->least) {
    refuse(message, EINVAL);
    closing_ |= !greeted_;
    return;
  }
  (this->*row->handler)(message);
}

void Server::reply(const Message& message, const void* first, std::size_t first_bytes, const void* second, std::size_t second_bytes) {
  if (!message.header.wants_reply()) return;
  Header header = message.header;
  header.flags = Header::is_reply;
  header.error = 0;
  header.size = static_cast<std::uint32_t>(sizeof header + first_bytes + second_bytes);
  closing_ |= !connection_->send(header, first, first_bytes, second, second_bytes);
}

void Server::refuse(const Message& message, int error) {
  ++refused_;
  if (!message.header.wants_reply()) return;
  Header header = message.header;
  header.flags = Header::is_reply | Header::Error;
  header.error = static_cast<std::uint32_t>(error);
  header.size = sizeof header;
  closing_ |= !connection_->send(header, nullptr, 0);
}

}  // namespace ahcisim::vfio_user
