// SPDX-License-Identifier: MIT
// recvmsg() with SCM_RIGHTS, sendmsg() without a copy, and what a full socket leaves over.
#include <ahcisim/models/vfio_user/connection.hpp>

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace ahcisim::vfio_user {
namespace {

/// All descriptors that came along, more than a message may carry included: none must be left open.
std::vector<Descriptor> take_descriptors(msghdr& message) {
  std::vector<Descriptor> taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

}  // namespace

Connection::Connection(Socket socket) : socket_{std::move(socket)} {}

Connection::Received Connection::receive() {
  const Decoder::Room room = decoder_.room();
  iovec part{room.data, room.size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(max_fds * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t bytes = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (bytes < 0) return errno == EAGAIN || errno == EINTR ? Received::nothing : Received::closed;
  if (bytes == 0) return Received::closed;
  decoder_.put(static_cast<std::size_t>(bytes), message.msg_controllen ? take_descriptors(message) : std::vector<Descriptor>{});
  return Received::something;
}

bool Connection::send(const Header& header, const void* first, std::size_t first_bytes, const void* second, std::size_t second_bytes) {
  std::array<iovec, 3> parts{iovec{const_cast<Header*>(&header), sizeof header}, iovec{const_cast<void*>(first), first_bytes},
                             iovec{const_cast<void*>(second), second_bytes}};
  std::size_t sent = 0;
  if (waiting() == 0) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t bytes = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (bytes < 0 && errno != EAGAIN && errno != EINTR) return false;
    sent = bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
  }
  for (const iovec& part : parts) {
    const std::size_t done = std::min(sent, part.iov_len);
    sent -= done;
    if (done < part.iov_len && !keep(static_cast<const char*>(part.iov_base) + done, part.iov_len - done)) return false;
  }
  return true;
}

bool Connection::keep(const void* data, std::size_t bytes) {
  if (waiting() + bytes > most_waiting) return false;
  const auto* from = static_cast<const std::uint8_t*>(data);
  rest_.insert(rest_.end(), from, from + bytes);
  return true;
}

bool Connection::send_rest() {
  if (waiting() == 0) return true;
  const ssize_t bytes = ::send(socket_.native_handle(), rest_.data() + rest_begin_, waiting(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (bytes < 0) return errno == EAGAIN || errno == EINTR;
  rest_begin_ += static_cast<std::size_t>(bytes);
  if (waiting() == 0) {
    rest_.clear();
    rest_begin_ = 0;
  }
  return true;
}

}  // namespace ahcisim::vfio_user
