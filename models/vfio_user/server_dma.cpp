// SPDX-License-Identifier: MIT
// The device's accesses to the client's memory, and what the client sends while one of them waits for its answer.
#include <algorithm>
#include <cstring>

#include <ahcisim/models/vfio_user/guarded_copy.hpp>
#include <ahcisim/models/vfio_user/server.hpp>

namespace ahcisim::vfio_user {

bool Server::dma(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length) {
  while (length > 0) {
    const DmaMap::Place place = memory_.find(address, write);
    if (!place.mapped) return false;
    const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, place.length));
    if (!place.direct) {
      if (!by_message(write, address, data, bytes)) return false;
    } else if (!(write ? guarded_copy(place.direct, data, bytes) : guarded_copy(data, place.direct, bytes))) {
      return false;
    }
    address += bytes;
    data += bytes;
    length -= bytes;
  }
  return true;
}

bool Server::by_message(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length) {
  while (length > 0) {
    if (!connection_ || closing_) return false;
    const DmaAccess access{address, std::min(length, most_data_)};
    const auto bytes = static_cast<std::uint32_t>(access.count);
    Header header;
    header.id = ++next_id_;
    header.command = write ? Command::DMA_WRITE : Command::DMA_READ;
    header.size = static_cast<std::uint32_t>(sizeof header + sizeof access) + (write ? bytes : 0);
    awaited_ = {header.id, true, false, write ? nullptr : data, bytes};
    if (!connection_->send(header, &access, sizeof access, data, write ? bytes : 0)) closing_ = true;
    if (!await_answer()) return false;
    address += bytes;
    data += bytes;
    length -= bytes;
  }
  return true;
}

/// The client may need answers of its own before it can give this one: a processor that reads a register holds the lock under
/// which its memory is read.
bool Server::await_answer() {
  const Loop::Clock::time_point deadline = Loop::Clock::now() + answer_timeout;
  ++within_dma_;
  while (awaited_.active && !closing_) {
    if (loop_.pump_all()) continue;
    if (Loop::Clock::now() >= deadline) closing_ = true;
    else loop_.wait(deadline);
  }
  --within_dma_;
  awaited_.active = false;
  return awaited_.ok && !closing_;
}

void Server::answered(const Message& message) {
  if (!awaited_.active || message.header.id != awaited_.id) {
    closing_ = true;  // an answer to nothing
    return;
  }
  awaited_.active = false;
  if (message.header.flags & Header::Error) return;
  if (awaited_.to) {
    if (message.length != sizeof(DmaAccess) + awaited_.length) return;
    std::memcpy(awaited_.to, message.payload + sizeof(DmaAccess), awaited_.length);
  }
  awaited_.ok = true;
}

void Server::do_later(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) {
  constexpr std::size_t most_writes = 4096, most_bytes = 1 << 20;
  later_bytes_ += bytes;
  if (later_.size() >= most_writes || later_bytes_ > most_bytes) {
    closing_ = true;
    return;
  }
  later_.push_back({region, offset, {from, from + bytes}});
  loop_.kernel().yield();
}

std::vector<kit::PendingWrite> Server::waiting_for(std::uint32_t region) const {
  std::vector<kit::PendingWrite> writes;
  for (const Later& each : later_)
    if (each.region == region && !each.bytes.empty()) writes.push_back({each.offset, each.bytes.data(), static_cast<std::uint32_t>(each.bytes.size())});
  return writes;
}

/// In the order in which they came. One of them may put the device into its DMA again: what comes then is behind them.
void Server::catch_up() {
  while (!later_.empty() && !closing_) {
    const Later each = std::move(later_.front());
    later_.pop_front();
    later_bytes_ -= each.bytes.size();
    if (each.bytes.empty()) {
      device_.reset();
      interrupts_.reset();
    } else {
      device_.write(each.region, each.offset, each.bytes.data(), static_cast<std::uint32_t>(each.bytes.size()));
    }
  }
}

}  // namespace ahcisim::vfio_user
