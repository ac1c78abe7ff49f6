// SPDX-License-Identifier: MIT
// The messages of the vfio-user protocol as they lie on the socket (QEMU, docs/interop/vfio-user.rst; the numbers of regions,
// interrupts and flags are those of Linux, include/uapi/linux/vfio.h). Plain C++.
//
// Every structure has the layout of the wire on a little-endian machine; both ends run on the same one.
#pragma once

#include <cstdint>
#include <cstring>

namespace ahcisim::vfio_user {

enum class Command : std::uint16_t {
  VERSION = 1,
  DMA_MAP = 2,
  DMA_UNMAP = 3,
  DEVICE_GET_INFO = 4,
  DEVICE_GET_REGION_INFO = 5,
  DEVICE_GET_REGION_IO_FDS = 6,
  DEVICE_GET_IRQ_INFO = 7,
  DEVICE_SET_IRQS = 8,
  REGION_READ = 9,
  REGION_WRITE = 10,
  DMA_READ = 11,
  DMA_WRITE = 12,
  DEVICE_RESET = 13,
};

struct Header {
  static constexpr std::uint32_t type_mask = 0xf, is_command = 0, is_reply = 1;
  static constexpr std::uint32_t No_reply = 0x10, Error = 0x20;
  std::uint16_t id = 0;
  Command command{};
  std::uint32_t size = 0;  ///< bytes of the message, header included
  std::uint32_t flags = 0;
  std::uint32_t error = 0;  ///< errno; with Error only

  bool reply() const { return (flags & type_mask) == is_reply; }
  bool wants_reply() const { return !(flags & No_reply); }
};
static_assert(sizeof(Header) == 16);

/// VERSION, both ways; a JSON text ended by a zero byte may follow.
struct Version {
  std::uint16_t major = 0, minor = 0;
};

struct DmaMapRequest {
  static constexpr std::uint32_t readable = 1, writable = 2;  ///< by the device
  std::uint32_t argsz, flags;
  std::uint64_t offset;  ///< in the file whose descriptor comes along
  std::uint64_t address, size;
};
static_assert(sizeof(DmaMapRequest) == 32);

/// Its reply repeats it.
struct DmaUnmapRequest {
  static constexpr std::uint32_t dirty_bitmap = 1, all = 2;
  std::uint32_t argsz, flags;
  std::uint64_t address, size;
};
static_assert(sizeof(DmaUnmapRequest) == 24);

struct DeviceInfo {
  static constexpr std::uint32_t RESET = 1, PCI = 2;
  std::uint32_t argsz, flags, num_regions, num_irqs;
};
static_assert(sizeof(DeviceInfo) == 16);

struct RegionInfo {
  static constexpr std::uint32_t READ = 1, WRITE = 2;
  std::uint32_t argsz, flags, index, cap_offset;
  std::uint64_t size, offset;
};
static_assert(sizeof(RegionInfo) == 32);

struct IrqInfo {
  static constexpr std::uint32_t EVENTFD = 1, MASKABLE = 2, AUTOMASKED = 4;
  std::uint32_t argsz, flags, index, count;
};
static_assert(sizeof(IrqInfo) == 16);

struct SetIrqs {
  static constexpr std::uint32_t DATA_NONE = 1, DATA_BOOL = 2, DATA_EVENTFD = 4, data_mask = 7;
  static constexpr std::uint32_t MASK = 8, UNMASK = 16, TRIGGER = 32, action_mask = 56;
  std::uint32_t argsz, flags, index, start, count;
};
static_assert(sizeof(SetIrqs) == 20);

/// REGION_READ and REGION_WRITE, both ways; data follows in a write and in the reply to a read.
struct RegionAccess {
  std::uint64_t offset;
  std::uint32_t region, count;
};
static_assert(sizeof(RegionAccess) == 16);

/// DMA_READ and DMA_WRITE, sent by the server; data follows in a write and in the reply to a read.
struct DmaAccess {
  std::uint64_t address, count;
};
static_assert(sizeof(DmaAccess) == 16);

/// Region indexes of a PCI device: BAR 0 to 5, the expansion ROM, configuration space, VGA.
namespace region {
inline constexpr std::uint32_t bars = 6, configuration = 7, count = 9;
}

/// Interrupt indexes of a PCI device; errors and requests (3 and 4) are not offered.
namespace irq {
inline constexpr std::uint32_t intx = 0, msi = 1, msix = 2, count = 5;
}

/// What a message may carry at most; `max_data_xfer_size` in the capabilities.
inline constexpr std::uint32_t max_data = 1 << 20;
inline constexpr std::uint32_t max_message = sizeof(Header) + sizeof(RegionAccess) + max_data;
/// Descriptors that one message may carry; `max_msg_fds`.
inline constexpr unsigned max_fds = 8;

/// Reads a structure from the beginning of `bytes`; false where there are too few.
template <class T> bool load(T& to, const std::uint8_t* bytes, std::size_t length) {
  if (length < sizeof to) return false;
  std::memcpy(&to, bytes, sizeof to);
  return true;
}

}  // namespace ahcisim::vfio_user
