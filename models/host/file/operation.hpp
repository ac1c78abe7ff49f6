// SPDX-License-Identifier: MIT
// What a file has under way: the operations of its users, and its requests to the disk.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

struct FileOperation {
  enum class Step : std::uint8_t { sync, body, sync_after, done };
  Request* request = nullptr;
  Step step = Step::body;
  bool flush_too = false;    ///< sync: the device is to be flushed after the commit that was under way
  bool padding = false;      ///< nobody else may come near the blocks it zeroes the rest of
  bool maps = false;         ///< changes the mapping
  bool sync_after = false;   ///< FUA: with a sync of its own
  std::uint32_t open = 0;    ///< requests below
  std::uint64_t awaited = 0; ///< transaction
  kit::Duration time;
};

/// One request to the disk.
struct FileIo {
  enum class Kind : std::uint8_t { data, zeros, flush, journal, commit };
  Request request;
  Kind kind = Kind::data;
  std::uint32_t number = 0;
  std::int64_t offset = 0;  ///< of its first byte in the operation's request; negative where zeros come before that
  FileOperation* operation = nullptr;
  std::vector<Segment> segments;
};

}  // namespace ahcisim::host
