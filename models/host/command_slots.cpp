// SPDX-License-Identifier: MIT
// Layout of the driver's memory.
#include <ahcisim/models/host/command_slots.hpp>

#include <algorithm>

namespace ahcisim::host {

CommandSlots::CommandSlots(Memory& memory, std::uint32_t buffer_bytes, std::uint32_t segment) : segment_{segment} {
  constexpr std::uint64_t list_bytes = 32 * count, table_bytes = 0x80 + 16 * max_prds, page = 4096;
  buffer_bytes_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(buffer_bytes, std::uint64_t{segment} * max_prds));
  buffer_bytes_ &= ~511u;
  command_list_ = memory.allocate(list_bytes, 1024);   // AHCI 1.3.1, 3.3.1
  received_ = memory.allocate(256, 256);               // 3.3.3
  received_data_ = memory.at(received_, 256);
  const std::uint64_t tables = memory.allocate(table_bytes * (count + 1), 128);  // 4.2.2: CTBA is 128-byte aligned
  std::uint8_t* const list = memory.at(command_list_, list_bytes);
  for (unsigned i = 0; i <= count; ++i) {
    Slot& slot = slots_[i];
    const std::uint64_t bytes = i == internal ? page : std::max<std::uint64_t>(buffer_bytes_, page);
    slot.header = list + 32 * (i % count);
    slot.table_address = tables + table_bytes * i;
    slot.table = memory.at(slot.table_address, table_bytes);
    // A page more each: buffers that lie a multiple of a large power of two apart would share a few sets of the caches, those
    // of the machine that simulates included, and every transfer would miss them.
    slot.buffer_address = memory.allocate(bytes + page, page);
    slot.buffer = memory.at(slot.buffer_address, bytes);
  }
}

}  // namespace ahcisim::host
