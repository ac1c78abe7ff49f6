// SPDX-License-Identifier: MIT
// SET_IRQS (VFIO_DEVICE_SET_IRQS of linux/vfio.h), and the writing of eventfds.
#include <ahcisim/models/vfio_user/interrupt_table.hpp>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace ahcisim::vfio_user {
namespace {

/// Writing it must neither wait nor reach anything but an anonymous kernel object (an eventfd is one): what comes along may be
/// any file.
bool harmless(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || (status.st_mode & S_IFMT) != 0) return false;
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ((flags & O_NONBLOCK) || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}

/// Takes an eventfd's count away; false where the client has already done so. Never waits, whatever the client has made of the file
/// since it was sent.
bool take_back(int fd) {
  std::uint64_t count = 0;
  iovec into{&count, sizeof count};
  return ::preadv2(fd, &into, 1, -1, RWF_NOWAIT) == static_cast<ssize_t>(sizeof count);
}

}  // namespace

InterruptTable::InterruptTable(const std::array<std::uint32_t, 3>& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) vectors_[i].resize(counts[i]);
}

int InterruptTable::set(const SetIrqs& request, const std::uint8_t* data, std::uint32_t length, std::vector<Descriptor>& descriptors) {
  if (request.index >= vectors_.size() || (request.flags & ~(SetIrqs::data_mask | SetIrqs::action_mask))) return EINVAL;
  const std::uint32_t count = this->count(request.index);
  if (request.start > count || request.count > count - request.start) return EINVAL;
  const std::uint32_t kind = request.flags & SetIrqs::data_mask, action = request.flags & SetIrqs::action_mask;
  if (action == SetIrqs::TRIGGER) return trigger(request, data, length, descriptors);
  if (action != SetIrqs::MASK && action != SetIrqs::UNMASK) return EINVAL;
  if (request.index != irq::intx) return EINVAL;
  if (kind == SetIrqs::DATA_EVENTFD) return ENOTSUP;
  const bool chosen = kind == SetIrqs::DATA_NONE ? request.count == 1 : kind == SetIrqs::DATA_BOOL && request.count == 1 && length >= 1;
  if (!chosen) return EINVAL;
  if (kind == SetIrqs::DATA_BOOL && !data[0]) return 0;
  masked_ = action == SetIrqs::MASK;
  if (!masked_) told_ = false;
  update_level();
  return 0;
}

int InterruptTable::trigger(const SetIrqs& request, const std::uint8_t* data, std::uint32_t length, std::vector<Descriptor>& descriptors) {
  std::vector<Vector>& vectors = vectors_[request.index];
  switch (request.flags & SetIrqs::data_mask) {
    case SetIrqs::DATA_EVENTFD: return attach(vectors, request, descriptors);
    case SetIrqs::DATA_NONE:
      if (request.count == 0) disable(request.index);
      for (std::uint32_t i = 0; i < request.count; ++i) raise(vectors[request.start + i]);
      return 0;
    case SetIrqs::DATA_BOOL:
      if (length < request.count) return EINVAL;
      for (std::uint32_t i = 0; i < request.count; ++i)
        if (data[i]) raise(vectors[request.start + i]);
      return 0;
    default: return EINVAL;
  }
}

int InterruptTable::attach(std::vector<Vector>& vectors, const SetIrqs& request, std::vector<Descriptor>& descriptors) {
  if (request.count == 0 || (!descriptors.empty() && descriptors.size() != request.count)) return EINVAL;
  for (const Descriptor& each : descriptors)
    if (!harmless(each.get())) return EINVAL;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    Vector& vector = vectors[request.start + i];
    vector.event = descriptors.empty() ? Descriptor{} : std::move(descriptors[i]);
    due_ |= vector.pending && vector.event;
  }
  if (request.index == irq::intx) {
    masked_ = told_ = false;
    update_level();
  }
  return 0;
}

void InterruptTable::disable(std::uint32_t index) {
  for (Vector& vector : vectors_[index]) vector = Vector{};
  if (index == irq::intx) masked_ = told_ = false;
}

void InterruptTable::raise(Vector& vector) {
  vector.pending = true;
  due_ |= static_cast<bool>(vector.event);
}

void InterruptTable::update_level() {
  if (vectors_[irq::intx].empty()) return;
  Vector& line = vectors_[irq::intx].front();
  if (high_) {
    if (told_ || masked_ || !line.event) return;
    told_ = true;
    raise(line);
  } else if (told_) {
    const bool unread = line.event && take_back(line.event.get());
    if (unread || line.pending) line.pending = told_ = false;  // the client does not know of it: it will not unmask
  }
}

void InterruptTable::level(bool high) {
  high_ = high;
  update_level();
}

void InterruptTable::message(std::uint32_t index, std::uint32_t vector) {
  if (vector < count(index)) raise(vectors_[index][vector]);
}

void InterruptTable::flush() {
  if (!due_) return;
  due_ = false;
  for (std::vector<Vector>& vectors : vectors_)
    for (Vector& vector : vectors) {
      if (!vector.pending || !vector.event) continue;
      vector.pending = false;
      const std::uint64_t one = 1;
      // A counter at its end has not been read: the client knows already.
      [[maybe_unused]] const ssize_t written = ::write(vector.event.get(), &one, sizeof one);
    }
}

void InterruptTable::reset() {
  level(false);
  for (std::vector<Vector>& vectors : vectors_)
    for (Vector& vector : vectors) vector.pending = false;
}

void InterruptTable::clear() {
  reset();
  masked_ = told_ = due_ = false;
  for (std::vector<Vector>& vectors : vectors_)
    for (Vector& vector : vectors) vector = Vector{};
}

}  // namespace ahcisim::vfio_user
