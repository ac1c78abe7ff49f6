// SPDX-License-Identifier: MIT
// A client's own small AHCI driver, and a client that has shared its memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include <support/vfio_user_client.hpp>

namespace ahcisim::test {

/// The least that a driver does (AHCI 1.3.1, 10.1.2, 5.5), on port 0 with one command at a time.
class ServedAhciDriver {
 public:
  /// With `memory` the device reaches it by pointer, without by messages.
  ServedAhciDriver(VfioUserClient& client, std::uint8_t* memory) : client_{client}, memory_{memory} {}

  static constexpr std::uint32_t abar = 5;
  static constexpr std::uint64_t list = 0x1000, fis_area = 0x2000, table = 0x3000, data = 0x8000;
  static constexpr unsigned GHC = 0x04, IS = 0x08, port = 0x100;
  static constexpr unsigned PxCLB = port + 0x00, PxFB = port + 0x08, PxIS = port + 0x10, PxIE = port + 0x14, PxCMD = port + 0x18, PxTFD = port + 0x20,
                            PxSSTS = port + 0x28, PxSERR = port + 0x30, PxSACT = port + 0x34, PxCI = port + 0x38;

  void enable() { client_.write(vfio_user::region::configuration, 4, 0x0007, 2); }
  std::uint32_t read(unsigned offset) { return client_.read(abar, offset); }
  void write(unsigned offset, std::uint32_t value) { client_.post(abar, offset, value); }
  bool until(unsigned offset, std::uint32_t mask, std::uint32_t value) {
    for (unsigned tries = 0; tries < 5000; ++tries)
      if ((read(offset) & mask) == value) return true;
    return false;
  }
  bool bring_up() {
    enable();
    write(GHC, 0x80000000);
    if (!until(PxSSTS, 0xf, 3)) return false;
    write(PxCLB, static_cast<std::uint32_t>(list));
    write(PxCLB + 4, 0);
    write(PxFB, static_cast<std::uint32_t>(fis_area));
    write(PxFB + 4, 0);
    write(PxSERR, ~0u);
    write(PxCMD, 0x10);  // FRE
    if (!until(PxTFD, 0x88, 0)) return false;
    write(PxCMD, 0x11);  // ST
    write(PxIS, ~0u);
    write(IS, ~0u);
    return true;
  }
  /// A command as its registers have it (ACS-3), with its data in one PRD.
  struct Order {
    std::uint8_t command;
    std::uint64_t lba = 0;
    std::uint16_t count = 0;
    std::uint16_t features = 0;
    std::uint8_t device = 0x40;
    bool to_device = false;
    std::uint32_t bytes = 0;  ///< 0: no data
    bool queued = false;
  };
  /// Writes it into slot 0 and issues it.
  void issue(const Order& order) {
    std::memset(memory_ + list, 0, 32);
    std::memset(memory_ + table, 0, 0x90);
    const std::uint32_t header[] = {5u | (order.to_device ? 1u << 6 : 0u) | (order.bytes != 0 ? 1u << 16 : 0u), 0, static_cast<std::uint32_t>(table), 0};
    std::memcpy(memory_ + list, header, sizeof header);
    const auto byte = [](std::uint64_t value, unsigned n) { return static_cast<std::uint8_t>(value >> 8 * n); };
    const std::uint8_t fis[] = {0x27, 0x80, order.command, byte(order.features, 0),
                                byte(order.lba, 0), byte(order.lba, 1), byte(order.lba, 2), order.device,
                                byte(order.lba, 3), byte(order.lba, 4), byte(order.lba, 5), byte(order.features, 1),
                                byte(order.count, 0), byte(order.count, 1)};
    std::memcpy(memory_ + table, fis, sizeof fis);
    const std::uint32_t prd[] = {static_cast<std::uint32_t>(data), 0, 0, order.bytes - 1};
    if (order.bytes != 0) std::memcpy(memory_ + table + 0x80, prd, sizeof prd);
    if (order.queued) write(PxSACT, 1);
    write(PxCI, 1);
  }
  void issue(std::uint8_t command, std::uint64_t lba, std::uint16_t sectors, bool to_device, std::uint32_t bytes) {
    Order order{command};
    order.lba = lba, order.count = sectors, order.to_device = to_device, order.bytes = bytes;
    issue(order);
  }
  bool done() { return until(PxCI, 1, 0) && until(PxSACT, 1, 0); }
  static constexpr std::uint8_t READ_DMA_EXT = 0x25, WRITE_DMA_EXT = 0x35, IDENTIFY_DEVICE = 0xec;

  void fill(std::uint8_t with, std::uint32_t bytes) {
    for (std::uint32_t i = 0; i < bytes; ++i) memory_[data + i] = static_cast<std::uint8_t>(with + i * 7);
  }
  bool holds(std::uint8_t with, std::uint32_t bytes) const {
    for (std::uint32_t i = 0; i < bytes; ++i)
      if (memory_[data + i] != static_cast<std::uint8_t>(with + i * 7)) return false;
    return true;
  }
  /// Writes 32 KiB, clears the memory, reads them back.
  bool round_trip(std::uint8_t with) {
    constexpr std::uint32_t bytes = 32768;
    fill(with, bytes);
    issue(WRITE_DMA_EXT, 1000, bytes / 512, true, bytes);
    if (!done()) return false;
    std::memset(memory_ + data, 0, bytes);
    issue(READ_DMA_EXT, 1000, bytes / 512, false, bytes);
    return done() && holds(with, bytes);
  }

 private:
  VfioUserClient& client_;
  std::uint8_t* memory_;
};

/// Bytes from address 0 on.
inline constexpr std::size_t served_memory_bytes = 1 << 20;

/// A client whose memory is reached by messages.
struct ServedAhciMessenger {
  explicit ServedAhciMessenger(const std::string& path) : client{path}, driver{client, memory_of(client)} {
    client.version();
    client.map(0, served_memory_bytes, -1);
  }
  VfioUserClient client;
  ServedAhciDriver driver;

 private:
  static std::uint8_t* memory_of(VfioUserClient& client) {
    client.memory.resize(served_memory_bytes);
    return client.memory.data();
  }
};

/// A client that has shared its memory.
struct ServedAhciGuest {
  static constexpr std::size_t memory_bytes = served_memory_bytes;
  explicit ServedAhciGuest(const std::string& path) : client{path}, driver{client, memory.data()} {
    client.version();
    client.map(0, memory_bytes, memory.descriptor());
  }
  VfioUserClient client;
  SharedMemory memory{memory_bytes};
  ServedAhciDriver driver;
};

}  // namespace ahcisim::test
