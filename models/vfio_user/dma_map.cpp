// SPDX-License-Identifier: MIT
// Mapping and unmapping of the client's files, and the look-up of an address.
#include <ahcisim/models/vfio_user/dma_map.hpp>

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>
#include <sys/stat.h>

namespace ahcisim::vfio_user {

int DmaMap::map(const DmaMapRequest& request, const Descriptor& file) {
  const std::uint64_t last = request.address + (request.size - 1);
  if (request.size == 0 || last < request.address || (request.flags & ~(DmaMapRequest::readable | DmaMapRequest::writable))) return EINVAL;
  const auto next = behind(request.address);
  if (next != ranges_.end() && next->address <= last) return EEXIST;
  if (next != ranges_.begin() && std::prev(next)->holds(request.address)) return EEXIST;
  if (ranges_.size() >= most_ranges) return ENOSPC;
  Range range;
  range.address = request.address;
  range.size = request.size;
  range.flags = request.flags;
  if (file)
    if (const int error = map_file(range, request.offset, file)) return error;
  ranges_.insert(next, range);
  return 0;
}

int DmaMap::map_file(Range& range, std::uint64_t offset, const Descriptor& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return errno;
  // Beyond its end a file's mapping is there and its pages are not.
  if (!S_ISREG(status.st_mode)) return EINVAL;
  const auto length = static_cast<std::uint64_t>(status.st_size);
  if (offset > length || range.size > length - offset) return EINVAL;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t lead = offset % page;
  const int protection = (range.flags & DmaMapRequest::readable ? PROT_READ : 0) | (range.flags & DmaMapRequest::writable ? PROT_WRITE : 0);
  range.mapped = range.size + lead;
  range.mapping = ::mmap(nullptr, range.mapped, protection, MAP_SHARED, file.get(), static_cast<off_t>(offset - lead));
  if (range.mapping == MAP_FAILED) return errno;
  range.direct = static_cast<std::uint8_t*>(range.mapping) + lead;
  return 0;
}

void DmaMap::release(const Range& range) {
  if (range.mapping) ::munmap(range.mapping, range.mapped);
}

int DmaMap::unmap(const DmaUnmapRequest& request) {
  if (request.flags & ~DmaUnmapRequest::all) return EINVAL;
  if (request.flags & DmaUnmapRequest::all) {
    if (request.address != 0 || request.size != 0) return EINVAL;
    clear();
    return 0;
  }
  const std::uint64_t last = request.address + (request.size - 1);
  if (request.size == 0 || last < request.address) return EINVAL;
  const auto first = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.address + (r.size - 1) >= request.address; });
  const auto end = std::find_if(first, ranges_.end(), [&](const Range& r) { return r.address > last; });
  if (first == end) return ENOENT;
  if (first->address < request.address || std::prev(end)->address + (std::prev(end)->size - 1) > last) return EINVAL;
  std::for_each(first, end, release);
  ranges_.erase(first, end);
  return 0;
}

void DmaMap::clear() {
  std::for_each(ranges_.begin(), ranges_.end(), release);
  ranges_.clear();
}

std::vector<DmaMap::Range>::iterator DmaMap::behind(std::uint64_t address) {
  return std::upper_bound(ranges_.begin(), ranges_.end(), address, [](std::uint64_t at, const Range& range) { return at < range.address; });
}

DmaMap::Place DmaMap::find(std::uint64_t address, bool write) const {
  if (recent_ >= ranges_.size() || !ranges_[recent_].holds(address)) {
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [address](const Range& range) { return range.holds(address); });
    if (found == ranges_.end()) return {};
    recent_ = static_cast<std::size_t>(found - ranges_.begin());
  }
  const Range& range = ranges_[recent_];
  if (!(range.flags & (write ? DmaMapRequest::writable : DmaMapRequest::readable))) return {};
  const std::uint64_t into = address - range.address;
  return {true, range.direct ? range.direct + into : nullptr, range.size - into};
}

}  // namespace ahcisim::vfio_user
