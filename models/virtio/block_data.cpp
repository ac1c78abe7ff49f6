// SPDX-License-Identifier: MIT
// Bytes between the driver's buffers and the store, without a copy where the store has them in one piece.
#include <algorithm>

#include <ahcisim/models/virtio/block_device.hpp>

namespace ahcisim::virtio {

using kit::Duration;

namespace {
// bounce_ holds as much; pieces are aligned to it, as those of the default store.
constexpr std::uint64_t piece_sectors = 128;
}

/// The medium has the data, or room for it. Transfers of one request overlap, as far as the way to memory lets them.
void BlockDevice::transfer(BlkRequest& request) {
  Duration end = now();
  const bool moves = request.reads() || request.writes();
  if (request.media.failed) {
    request.status = VIRTIO_BLK_S_IOERR;
  } else if (moves && !request.orphan) {
    if (!move(request, end)) {
      request.status = VIRTIO_BLK_S_IOERR;
      transport_->complain("data where there is no memory (VIRTIO 1.1, 5.2.6)", now());
    }
    if (request.media.tag) request.media.tag->stamp(wire::Stage::transferred, end.ps());
  }
  request.moved = true;
  request.moved_at = end;
  if (!request.at_medium) return end_at(request, kit::max(end, request.done_at));
  agenda_.add(end, Step::transferred, request.media.index);
}

bool BlockDevice::move(BlkRequest& request, Duration& end) {
  const Duration start = end;
  const bool in = request.reads();
  (in ? statistics_.read_bytes : statistics_.written_bytes).add(request.data_bytes);
  Cursor cursor{request.first, request.first_skip};
  std::uint64_t lba = request.media.range.lba;
  for (std::uint64_t left = request.media.range.count; left != 0;) {
    const auto sectors = static_cast<std::uint32_t>(std::min(left, piece_sectors - lba % piece_sectors));
    const auto bytes = sectors * static_cast<std::uint32_t>(disk::sector_bytes);
    if (in) {
      const std::uint8_t* from = store_.peek(lba, sectors);
      if (!from) {
        store_.read(lba, sectors, bounce_.get());
        from = bounce_.get();
      }
      if (!scatter(request, cursor, from, bytes, start, end)) return false;
    } else {
      std::uint8_t* const to = store_.poke(lba, sectors);
      if (!gather(request, cursor, to ? to : bounce_.get(), bytes, start, end, statistics_.data_accesses)) return false;
      if (!to) store_.write(lba, sectors, bounce_.get());
    }
    lba += sectors;
    left -= sectors;
  }
  return true;
}

bool BlockDevice::gather(const BlkRequest& request, Cursor& cursor, std::uint8_t* to, std::uint32_t bytes,
                         Duration start, Duration& end, kit::Counter& touches) {
  while (bytes != 0) {
    const Chain::Buffer& buffer = request.chain.buffers[cursor.buffer];
    const std::uint32_t run = std::min(bytes, buffer.bytes - cursor.skip);
    Duration when = start;
    if (!memory_.read(buffer.address + cursor.skip, to, run, when, touches)) return false;
    end = kit::max(end, when);
    to += run;
    bytes -= run;
    cursor.skip += run;
    if (cursor.skip == buffer.bytes) cursor = {cursor.buffer + 1, 0};
  }
  return true;
}

bool BlockDevice::scatter(BlkRequest& request, Cursor& cursor, const std::uint8_t* from, std::uint32_t bytes,
                          Duration start, Duration& end) {
  while (bytes != 0) {
    const Chain::Buffer& buffer = request.chain.buffers[cursor.buffer];
    const std::uint32_t run = std::min(bytes, buffer.bytes - cursor.skip);
    Duration when = start;
    if (!memory_.write(buffer.address + cursor.skip, from, run, when, statistics_.data_accesses)) return false;
    end = kit::max(end, when);
    request.given += run;
    from += run;
    bytes -= run;
    cursor.skip += run;
    if (cursor.skip == buffer.bytes) cursor = {cursor.buffer + 1, 0};
  }
  return true;
}

}  // namespace ahcisim::virtio
