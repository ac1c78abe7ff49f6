// SPDX-License-Identifier: MIT
// What a request asks for, and whether it may (VIRTIO 1.1, 5.2.6).
#include <algorithm>
#include <cstring>

#include <ahcisim/models/virtio/block_device.hpp>

namespace ahcisim::virtio {

using kit::Duration;

/// Reads the header, and finds data and status in the buffers, wherever they are cut (2.6.4). Returns the rule broken
/// by a chain in which they are not.
const char* BlockDevice::open(BlkRequest& request, Duration& when) {
  const Chain& chain = request.chain;
  if (chain.empty_buffer) transport_->complain("descriptor of length 0: left out (VIRTIO 1.1, 2.6.5)", when);
  if (chain.readable_bytes < RequestHeader::size) return "request without a header of 16 bytes (VIRTIO 1.1, 5.2.6)";
  if (chain.writable_bytes == 0) return "request without a status byte (VIRTIO 1.1, 5.2.6)";
  if (request.media.tag) request.media.tag->stamp(wire::Stage::fetched, when.ps());
  std::uint8_t raw[RequestHeader::size];
  Cursor cursor{0, 0};
  const Duration begin = when;
  if (!gather(request, cursor, raw, sizeof raw, begin, when, statistics_.header_reads))
    return "request header where there is no memory (VIRTIO 1.1, 5.2.6)";
  if (request.media.tag) request.media.tag->stamp(wire::Stage::received, when.ps());
  const RequestHeader header = RequestHeader::parse(raw);
  request.type = header.type;
  request.media.range = {header.sector, 0};
  request.status = VIRTIO_BLK_S_OK;
  request.moved = false;
  request.given = 0;
  request.ranges.clear();
  request.next_range = 0;
  const Chain::Buffer& last = chain.buffers.back();
  request.status_address = last.address + last.bytes - 1;
  const bool in = header.type == VIRTIO_BLK_T_IN || header.type == VIRTIO_BLK_T_GET_ID;
  request.first = in ? chain.readable : cursor.buffer;
  request.first_skip = in ? 0 : cursor.skip;
  request.data_bytes = in ? chain.writable_bytes - 1 : chain.readable_bytes - RequestHeader::size;
  if (const char* rule = limit_broken(request)) {
    request.status = VIRTIO_BLK_S_IOERR;
    transport_->complain(rule, when);
  } else if (request.ranged()) {
    read_ranges(request, when);
  }
  return nullptr;
}

/// What the driver agreed to in negotiation and does not keep, or null. The rings are sound, so this ends the request alone: with
/// VIRTIO_BLK_S_IOERR, which stands for a driver error too (5.2.6). A segment is what a buffer holds of the data.
const char* BlockDevice::limit_broken(const BlkRequest& request) const {
  if (!(accepted_ & (VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX))) return nullptr;
  std::uint64_t left = request.data_bytes;
  std::uint32_t segments = 0, longest = 0, skip = request.first_skip;
  for (unsigned i = request.first; left != 0; ++i, skip = 0) {
    const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, request.chain.buffers[i].bytes - skip));
    left -= bytes;
    longest = std::max(longest, bytes);
    ++segments;
  }
  if ((accepted_ & VIRTIO_BLK_F_SIZE_MAX) && longest > configuration_.size_max.value())
    return "segment longer than size_max (VIRTIO 1.1, 5.2.3)";
  if ((accepted_ & VIRTIO_BLK_F_SEG_MAX) && segments > configuration_.seg_max.value())
    return "request of more than seg_max segments (VIRTIO 1.1, 5.2.3)";
  return nullptr;
}

/// Discard and write zeroes: the data says which sectors.
void BlockDevice::read_ranges(BlkRequest& request, Duration& when) {
  if (request.data_bytes == 0 || request.data_bytes % RangeEntry::size ||
      request.data_bytes / RangeEntry::size > max_ranges_) {
    request.status = VIRTIO_BLK_S_IOERR;
    return transport_->complain("ranges that are none, no multiple of 16 bytes or too many (VIRTIO 1.1, 5.2.6.1)",
                                when);
  }
  const auto bytes = static_cast<std::uint32_t>(request.data_bytes);
  Cursor cursor{request.first, request.first_skip};
  const Duration begin = when;
  if (!gather(request, cursor, bounce_.get(), bytes, begin, when, statistics_.data_accesses)) {
    request.status = VIRTIO_BLK_S_IOERR;
    return transport_->complain("data where there is no memory (VIRTIO 1.1, 5.2.6)", when);
  }
  const std::uint32_t known = request.type == VIRTIO_BLK_T_WRITE_ZEROES ? RangeEntry::UNMAP : 0;
  request.unmap = facts_.trim;
  for (std::uint32_t at = 0; at < bytes; at += RangeEntry::size) {
    const RangeEntry entry = RangeEntry::parse(bounce_.get() + at);
    if (entry.flags & ~known) {  // 5.2.6.2
      request.status = VIRTIO_BLK_S_UNSUPP;
      return;
    }
    if (entry.num_sectors > max_range_ || !range_exists(entry.sector, entry.num_sectors)) {
      request.status = VIRTIO_BLK_S_IOERR;
      return transport_->complain("range too long, off the blocks or beyond the capacity (VIRTIO 1.1, 5.2.6.1)", when);
    }
    if (!(entry.flags & RangeEntry::UNMAP) && known) request.unmap = false;
    if (entry.num_sectors != 0) request.ranges.push_back({entry.sector, entry.num_sectors});
  }
}

bool BlockDevice::range_exists(std::uint64_t sector, std::uint64_t count) const {
  return sector <= capacity_ && count <= capacity_ - sector && sector % block_sectors_ == 0 &&
         count % block_sectors_ == 0;
}

void BlockDevice::end(BlkRequest& request, std::uint8_t status, const char* complaint) {
  if (complaint) transport_->complain(complaint, now());
  request.status = status;
  end_at(request, now());
}

/// The request has been read; now the device acts on it.
void BlockDevice::start(BlkRequest& request) {
  if (request.orphan || request.status != VIRTIO_BLK_S_OK) return end_at(request, now());
  switch (request.type) {
    case VIRTIO_BLK_T_IN:
      statistics_.reads.add();
      return start_transfer(request);
    case VIRTIO_BLK_T_OUT:
      statistics_.writes.add();
      return start_transfer(request);
    case VIRTIO_BLK_T_FLUSH:
      if (!(accepted_ & VIRTIO_BLK_F_FLUSH)) break;
      statistics_.flushes.add();
      request.media.op = disk::MediaOp::flush;
      request.media.fua = false;
      request.media.range = {};
      return hand_over(request);
    case VIRTIO_BLK_T_DISCARD:
      if (!(accepted_ & VIRTIO_BLK_F_DISCARD)) break;
      statistics_.discards.add();
      return start_ranges(request);
    case VIRTIO_BLK_T_WRITE_ZEROES:
      if (!(accepted_ & VIRTIO_BLK_F_WRITE_ZEROES)) break;
      statistics_.write_zeroes.add();
      return start_ranges(request);
    case VIRTIO_BLK_T_GET_ID:
      statistics_.get_ids.add();
      return start_get_id(request);
  }
  end(request, VIRTIO_BLK_S_UNSUPP);
}

void BlockDevice::start_transfer(BlkRequest& request) {
  const std::uint64_t sectors = request.data_bytes / disk::sector_bytes;
  if (request.data_bytes % disk::sector_bytes || !range_exists(request.media.range.lba, sectors))
    return end(request, VIRTIO_BLK_S_IOERR,
               "data that is no multiple of a block, off the blocks or beyond the capacity (VIRTIO 1.1, 5.2.6.1)");
  if (request.data_bytes > max_request_) return end(request, VIRTIO_BLK_S_IOERR, "request larger than max_request");
  if (request.writes() && store_.read_only())
    return end(request, VIRTIO_BLK_S_IOERR, "write to a read-only device (VIRTIO 1.1, 5.2.6.1)");
  if (sectors == 0) return end(request, VIRTIO_BLK_S_OK);
  request.media.op = request.writes() ? disk::MediaOp::write : disk::MediaOp::read;
  request.media.fua = request.writes() && write_through_;
  request.media.range.count = sectors;
  hand_over(request);
}

/// All at once where the medium can deallocate, else a write for each range.
void BlockDevice::start_ranges(BlkRequest& request) {
  if (request.ranges.empty()) return end(request, VIRTIO_BLK_S_OK);
  for (const disk::LbaRange& range : request.ranges) store_.trim(range.lba, range.count);
  if (!request.unmap) return next_range(request);
  request.next_range = static_cast<unsigned>(request.ranges.size());
  request.media.op = disk::MediaOp::trim;
  request.media.fua = false;
  request.media.range = request.ranges.front();
  request.media.trims = request.ranges.data();
  request.media.trim_count = request.next_range;
  hand_over(request);
}

void BlockDevice::next_range(BlkRequest& request) {
  request.moved = false;
  request.media.op = disk::MediaOp::write;
  request.media.fua = write_through_;
  request.media.range = request.ranges[request.next_range++];
  hand_over(request);
}

/// Shorter strings end with a zero byte, one of 20 characters does not (5.2.6).
void BlockDevice::start_get_id(BlkRequest& request) {
  std::uint8_t id[id_bytes] = {};
  std::memcpy(id, serial_.data(), serial_.size());
  Cursor cursor{request.first, request.first_skip};
  Duration when = now();
  const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(request.data_bytes, id_bytes));
  if (!scatter(request, cursor, id, bytes, now(), when)) {
    transport_->complain("data where there is no memory (VIRTIO 1.1, 5.2.6)", when);
    request.status = VIRTIO_BLK_S_IOERR;
  }
  end_at(request, when);
}

}  // namespace ahcisim::virtio
