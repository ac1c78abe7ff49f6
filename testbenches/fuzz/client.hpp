// SPDX-License-Identifier: MIT
// The fuzzer's client: never waits, takes no notice of answers.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ahcisim/models/vfio_user/messages.hpp>

#include "script.hpp"

namespace ahcisim::fuzz {

/// What the guest's memory is: 64 KiB that the device reaches at address 0 by pointer.
class Memory {
 public:
  static constexpr std::size_t size = 64 << 10;
  Memory() : descriptor_{::memfd_create("fuzz", MFD_CLOEXEC)} {
    if (descriptor_ < 0 || ::ftruncate(descriptor_, size) != 0) std::abort();
    data_ = static_cast<std::uint8_t*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0));
    if (data_ == MAP_FAILED) std::abort();
  }
  int descriptor() const { return descriptor_; }
  void clear() { std::memset(data_, 0, size); }
  void poke(std::size_t at, const std::uint8_t* from, std::size_t length) { std::memcpy(data_ + at, from, std::min(length, size - at)); }

 private:
  int descriptor_;
  std::uint8_t* data_;
};

class Client {
 public:
  Client(const std::string& path, Memory& memory) : memory_{memory}, socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Agrees on the version, maps the memory, lets the function decode and master. Inputs may begin with other greetings in `bytes`.
  void greet() {
    using namespace vfio_user;
    message(Command::VERSION, "\0\0\0\0{}", 7);
    const DmaMapRequest map{sizeof map, DmaMapRequest::readable | DmaMapRequest::writable, 0, 0, Memory::size};
    message(Command::DMA_MAP, &map, sizeof map, 0, true);
    access(region::configuration, 4, 7, 2);
  }

  void take(const Step& step) {
    using Kind = Step::Kind;
    switch (step.kind) {
      case Kind::write: return access(step.region, step.offset, step.value, step.width);
      case Kind::read: return read(step);
      case Kind::poke: return memory_.poke(step.offset, step.data, step.length);
      case Kind::run: return;
      case Kind::message: return free_message(step);
      case Kind::configuration: return access(vfio_user::region::configuration, step.offset % 4096u, step.value, step.width);
      case Kind::bytes: return stray(step);
      case Kind::bell: return access(5, 0x138u + 0x80u * step.offset, step.value, 4);  // PxCI
    }
  }

  void drop_answers() {
    std::uint8_t rest[4096];
    while (::recv(socket_, rest, sizeof rest, MSG_DONTWAIT) > 0) {}
  }

 private:
  void access(std::uint32_t region, std::uint64_t offset, std::uint32_t value, unsigned width) {
    std::uint8_t payload[sizeof(vfio_user::RegionAccess) + 8] = {};
    const vfio_user::RegionAccess access{offset, region, width};
    std::memcpy(payload, &access, sizeof access);
    std::memcpy(payload + sizeof access, &value, sizeof value);
    message(vfio_user::Command::REGION_WRITE, payload, sizeof access + width);
  }
  void read(const Step& step) {
    const vfio_user::RegionAccess access{step.offset, step.region, step.width};
    message(vfio_user::Command::REGION_READ, &access, sizeof access);
  }
  /// Memory without a descriptor would make each transfer a message, whose answer the server awaits for seconds.
  void free_message(const Step& step) {
    const auto command = static_cast<vfio_user::Command>(step.command);
    message(command, step.data, step.length, step.flags & 0x7f, step.flags & 0x80 || command == vfio_user::Command::DMA_MAP);
  }
  /// Bytes that need not be messages. Nothing comes after them: the server need not wait for the rest of one.
  void stray(const Step& step) {
    send(step.data, step.length, false);
    ::shutdown(socket_, SHUT_WR);
  }
  void message(vfio_user::Command command, const void* payload, std::size_t length, std::uint32_t flags = 0, bool descriptor = false) {
    vfio_user::Header header;
    header.id = ++id_;
    header.command = command;
    header.size = static_cast<std::uint32_t>(sizeof header + length);
    header.flags = flags;
    std::vector<std::uint8_t> whole(sizeof header + length);
    std::memcpy(whole.data(), &header, sizeof header);
    if (length != 0) std::memcpy(whole.data() + sizeof header, payload, length);
    send(whole.data(), whole.size(), descriptor);
  }
  void send(const void* bytes, std::size_t length, bool descriptor) {
    iovec part{const_cast<void*>(bytes), length};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      const int fd = memory_.descriptor();
      std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);  // the server may have closed
  }

  Memory& memory_;
  int socket_;
  std::uint16_t id_ = 0;
};

}  // namespace ahcisim::fuzz
