// SPDX-License-Identifier: MIT
// A file's requests to its disk.
#include <ahcisim/models/host/file/host_file.hpp>

#include <algorithm>
#include <cstring>

#include <ahcisim/models/host/request_copy.hpp>

namespace ahcisim::host {

HostFile::Io& HostFile::new_io(Io::Kind kind, Operation* operation) {
  if (free_ios_.empty()) {
    ios_.emplace_back();
    ios_.back().number = static_cast<std::uint32_t>(ios_.size() - 1);
    free_ios_.push_back(&ios_.back());
  }
  Io& io = *free_ios_.back();
  free_ios_.pop_back();
  io.kind = kind;
  io.operation = operation;
  io.offset = 0;
  Request& request = io.request;
  request.fua = request.flush_first = request.with_data = false;
  request.priority = 0;
  request.error_lba = 0;
  request.segments = nullptr;
  request.segment_count = 0;
  request.owner = this;
  request.context = &io;
  request.tag.open(0);
  return io;
}

void HostFile::completed(Request& request, kit::Duration at) {
  calendar_.at<&HostFile::finish_io>(at, this, static_cast<Io*>(request.context)->number);
}

/// Zeros where the piece reaches beyond the request that it belongs to.
void HostFile::fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  const Io& io = *static_cast<Io*>(request.context);
  if (io.kind == Io::Kind::zeros) {
    std::memset(data, 0, bytes);
    return;
  }
  const Request& whole = *io.operation->request;
  const auto length = std::int64_t{whole.sectors} * static_cast<std::int64_t>(sector_bytes);
  const std::int64_t begin = io.offset + static_cast<std::int64_t>(offset), end = begin + bytes;
  const std::int64_t from = std::clamp<std::int64_t>(begin, 0, length), to = std::clamp<std::int64_t>(end, 0, length);
  std::memset(data, 0, static_cast<std::size_t>(from < to ? from - begin : bytes));
  if (from >= to) return;
  whole.owner->fill(whole, data + (from - begin), static_cast<std::uint64_t>(from), static_cast<std::uint32_t>(to - from));
  std::memset(data + (to - begin), 0, static_cast<std::size_t>(end - to));
}

void HostFile::inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  const Io& io = *static_cast<Io*>(request.context);
  const Request& whole = *io.operation->request;
  whole.owner->inspect(whole, data, static_cast<std::uint64_t>(io.offset) + offset, bytes);
}

void HostFile::finish_io(std::uint64_t number) {
  Io& io = ios_[number];
  const kit::Duration now = calendar_.now();
  const RequestStatus status = io.request.status;
  free_ios_.push_back(&io);
  if (io.kind == Io::Kind::journal || io.kind == Io::Kind::commit) {
    if (status != RequestStatus::ok) aborted_ = status;
    return io.kind == Io::Kind::journal && status == RequestStatus::ok ? write_commit_block(now) : end_commit(now);
  }
  Operation& operation = *io.operation;
  Request& request = *operation.request;
  operation.time = kit::max(operation.time, now);
  copy_stages(io.request.tag, request.tag);
  if (status != RequestStatus::ok) {
    copy_result(io.request, request);
    // Its sector is one of the disk, and is told as one of the file.
    if (io.kind == Io::Kind::data && io.request.error_lba >= io.request.lba)
      request.error_lba = request.lba + static_cast<std::uint64_t>(io.offset / static_cast<std::int64_t>(sector_bytes)) +
                          (io.request.error_lba - io.request.lba);
  }
  if (io.kind != Io::Kind::flush) {
    if (--operation.open == 0) body_done(operation);
    return;
  }
  if (status == RequestStatus::ok) return synced(operation);
  operation.step = Step::done;
  run(operation);
}

}  // namespace ahcisim::host
