// SPDX-License-Identifier: MIT
// The client's memory as the device may reach it: by pointer where a file came along, by message where none did. Plain C++.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/vfio_user/descriptor.hpp>
#include <ahcisim/models/vfio_user/messages.hpp>

namespace ahcisim::vfio_user {

/// Pointers are good until unmap() or clear(): look them up for each access.
class DmaMap {
 public:
  DmaMap() = default;
  DmaMap(const DmaMap&) = delete;
  DmaMap& operator=(const DmaMap&) = delete;
  ~DmaMap() { clear(); }

  /// Maps a range; `file` may be none. Returns 0 or an errno: EINVAL for a range or a file that cannot be, EEXIST where part
  /// of the range is mapped, ENOSPC beyond most_ranges, or what mmap() says.
  int map(const DmaMapRequest& request, const Descriptor& file);
  /// Takes back all ranges that lie within the request's. EINVAL where one lies in it in part, ENOENT where none does.
  int unmap(const DmaUnmapRequest& request);
  void clear();

  /// What lies at an address.
  struct Place {
    bool mapped = false;             ///< the device may access it so
    std::uint8_t* direct = nullptr;  ///< null: by message
    std::uint64_t length = 0;        ///< bytes from the address on for which this holds
  };
  Place find(std::uint64_t address, bool write) const;
  std::size_t ranges() const { return ranges_.size(); }

  /// The kernel limits the mappings of a process (vm.max_map_count, 65530); several devices share them.
  static constexpr std::size_t most_ranges = 4096;

 private:
  struct Range {
    std::uint64_t address = 0, size = 0;
    std::uint32_t flags = 0;
    std::uint8_t* direct = nullptr;
    void* mapping = nullptr;  // begins at a page of the file
    std::size_t mapped = 0;
    bool holds(std::uint64_t at) const { return at - address < size; }
  };
  std::vector<Range>::iterator behind(std::uint64_t address);
  static int map_file(Range& range, std::uint64_t offset, const Descriptor& file);
  static void release(const Range& range);

  std::vector<Range> ranges_;       // by address
  mutable std::size_t recent_ = 0;  // where the last access was
};

}  // namespace ahcisim::vfio_user
