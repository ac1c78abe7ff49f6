// SPDX-License-Identifier: MIT
// The client's side of the socket, written apart from the server's.
#include <support/vfio_user_client.hpp>

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ahcisim::test {

using namespace vfio_user;

namespace {
[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{what + ": " + std::strerror(errno)}; }

template <class T> void append(VfioUserClient::Bytes& to, const T& value) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), from, from + sizeof value);
}
}  // namespace

VfioUserClient::VfioUserClient(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const timeval limit{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    fail("connect");
  }
  on_dma = [this](const Answer& request) { serve_memory(request); };
}

VfioUserClient::~VfioUserClient() { ::close(socket_); }

void VfioUserClient::send(const void* bytes, std::size_t length, const std::vector<int>& descriptors) {
  iovec part{const_cast<void*>(bytes), length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  }
  const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) throw Closed{};
  if (sent != static_cast<ssize_t>(length)) fail("sendmsg");
}

VfioUserClient::Bytes VfioUserClient::message(Command command, std::uint16_t id, const Bytes& payload, std::uint32_t flags) {
  Header header;
  header.id = id;
  header.command = command;
  header.size = static_cast<std::uint32_t>(sizeof header + payload.size());
  header.flags = flags;
  Bytes all = bytes_of(header);
  all.insert(all.end(), payload.begin(), payload.end());
  return all;
}

std::uint16_t VfioUserClient::command(Command command, const Bytes& payload, const std::vector<int>& descriptors, std::uint32_t flags) {
  const std::uint16_t id = next_id_++;
  const Bytes all = message(command, id, payload, flags);
  send(all.data(), all.size(), descriptors);
  return id;
}

void VfioUserClient::receive_exactly(void* to, std::size_t length) {
  auto* at = static_cast<std::uint8_t*>(to);
  while (length > 0) {
    const ssize_t got = ::recv(socket_, at, length, 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) throw Closed{};
    if (got < 0) fail("recv");
    at += got;
    length -= static_cast<std::size_t>(got);
  }
}

Answer VfioUserClient::receive() {
  Answer answer;
  receive_exactly(&answer.header, sizeof answer.header);
  if (answer.header.size < sizeof(Header)) throw std::runtime_error{"the server sent a message shorter than its header"};
  answer.payload.resize(answer.header.size - sizeof(Header));
  receive_exactly(answer.payload.data(), answer.payload.size());
  return answer;
}

Answer VfioUserClient::answer(std::uint16_t id) {
  for (;;) {
    Answer next = receive();
    if (!next.header.reply()) on_dma(next);
    else if (next.header.id == id) return next;
    else throw std::runtime_error{"an answer to something else"};
  }
}

void VfioUserClient::reply(const Header& to, const Bytes& payload, std::uint32_t flags, std::uint32_t error) {
  Header header = to;
  header.flags = Header::is_reply | flags;
  header.error = error;
  header.size = static_cast<std::uint32_t>(sizeof header + payload.size());
  Bytes message = bytes_of(header);
  message.insert(message.end(), payload.begin(), payload.end());
  send(message.data(), message.size());
}

void VfioUserClient::serve_memory(const Answer& request) {
  ++dma_messages;
  DmaAccess access;
  load(access, request.payload.data(), request.payload.size());
  if (access.address > memory.size() || access.count > memory.size() - access.address) return reply(request.header, {}, Header::Error, EFAULT);
  if (request.header.command == Command::DMA_WRITE) {
    std::memcpy(memory.data() + access.address, request.payload.data() + sizeof access, access.count);
    return reply(request.header, {});
  }
  Bytes payload = bytes_of(access);
  payload.insert(payload.end(), memory.begin() + static_cast<std::ptrdiff_t>(access.address),
                 memory.begin() + static_cast<std::ptrdiff_t>(access.address + access.count));
  reply(request.header, payload);
}

bool VfioUserClient::closed() {
  try {
    receive();
  } catch (const Closed&) {
    return true;
  }
  throw std::runtime_error{"the server sent something instead of closing"};
}

Answer VfioUserClient::version(const std::string& json) {
  Bytes payload(4);
  payload.insert(payload.end(), json.begin(), json.end());
  payload.push_back(0);
  return call(Command::VERSION, payload);
}

Answer VfioUserClient::map(std::uint64_t address, std::uint64_t size, int descriptor, std::uint64_t offset, std::uint32_t flags) {
  const DmaMapRequest request{sizeof request, flags, offset, address, size};
  return call(Command::DMA_MAP, bytes_of(request), descriptor < 0 ? std::vector<int>{} : std::vector<int>{descriptor});
}

Answer VfioUserClient::unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags) {
  return call(Command::DMA_UNMAP, bytes_of(DmaUnmapRequest{sizeof(DmaUnmapRequest), flags, address, size}));
}

Answer VfioUserClient::set_irqs(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count,
                                const std::vector<int>& descriptors) {
  return call(Command::DEVICE_SET_IRQS, bytes_of(SetIrqs{sizeof(SetIrqs), flags, index, start, count}), descriptors);
}

std::uint32_t VfioUserClient::read(std::uint32_t region, std::uint64_t offset, std::uint32_t bytes) {
  const Answer answer = call(Command::REGION_READ, bytes_of(RegionAccess{offset, region, bytes}));
  if (answer.error() || answer.payload.size() != sizeof(RegionAccess) + bytes) return ~std::uint32_t{0};
  std::uint32_t value = 0;
  std::memcpy(&value, answer.payload.data() + sizeof(RegionAccess), bytes);
  return value;
}

void VfioUserClient::write(std::uint32_t region, std::uint64_t offset, std::uint32_t value, std::uint32_t bytes) {
  Bytes payload = bytes_of(RegionAccess{offset, region, bytes});
  append(payload, value);
  payload.resize(sizeof(RegionAccess) + bytes);
  if (const std::uint32_t error = call(Command::REGION_WRITE, payload).error()) throw std::runtime_error{"write refused: " + std::to_string(error)};
}

void VfioUserClient::post(std::uint32_t region, std::uint64_t offset, std::uint32_t value, std::uint32_t bytes) {
  Bytes payload = bytes_of(RegionAccess{offset, region, bytes});
  append(payload, value);
  payload.resize(sizeof(RegionAccess) + bytes);
  command(Command::REGION_WRITE, payload, {}, Header::No_reply);
}

SharedMemory::SharedMemory(std::size_t bytes) : fd_{::memfd_create("guest", MFD_CLOEXEC)}, size_{bytes} {
  if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) fail("memfd_create");
  data_ = static_cast<std::uint8_t*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
}

SharedMemory::~SharedMemory() {
  ::munmap(data_, size_);
  ::close(fd_);
}

Event::Event() : fd_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {}
Event::~Event() { ::close(fd_); }

std::uint64_t Event::wait(int milliseconds) {
  pollfd poll{fd_, POLLIN, 0};
  std::uint64_t count = 0;
  if (::poll(&poll, 1, milliseconds) == 1 && ::read(fd_, &count, sizeof count) != sizeof count) count = 0;
  return count;
}

}  // namespace ahcisim::test
