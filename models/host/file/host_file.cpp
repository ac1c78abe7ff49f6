// SPDX-License-Identifier: MIT
// The way of a request through a file's mapping.
#include <ahcisim/models/host/file/host_file.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ahcisim::host {
namespace {

constexpr std::array<std::uint8_t, 4096> zeros{};

std::uint64_t sectors(kit::Bytes bytes) { return static_cast<std::uint64_t>(bytes.value) / sector_bytes; }

}  // namespace

HostFile::HostFile(const sc_core::sc_module_name& name, kit::Context& context, const HostFileParameters& parameters, std::uint64_t sectors,
                   BlockDevice& data, BlockDevice& journal)
    : sc_module{name},
      context_{context},
      calendar_{context.calendar},
      parameters_{parameters},
      data_{data},
      journal_{journal},
      wanted_{sectors / block_sectors * block_sectors} {
  context.stats.add(this->name(), statistics_);
  data_.listen(*this);
}

void HostFile::listen(DeviceListener& listener) {
  listeners_.add(listener, is_ready(), calendar_.now());
}

void HostFile::ready(kit::Duration at) {
  const std::uint64_t first = (sectors(parameters_.journal_offset()) + sectors(parameters_.journal_size())) / block_sectors * block_sectors;
  const std::uint64_t disk = data_.capacity(), room = disk > first ? (disk - first) / block_sectors * block_sectors : 0;
  const std::uint64_t extent = std::max<std::uint64_t>(sectors(parameters_.extent()) / block_sectors, 1) * block_sectors;
  const bool sparse = parameters_.layout() == "sparse";
  // A sparse file's places are whole extents.
  const std::uint64_t usable = sparse ? room / extent * extent : room;
  sectors_ = wanted_ ? wanted_ : usable;
  if (sectors_ == 0 || sectors_ > usable)
    return failed(fmt::format("{}: a file of {} sectors does not fit on a disk of {}, of which {} are behind the journal; choose "
                              "a larger disk, a smaller file or a smaller journal",
                              name(), std::max(sectors_, wanted_), disk, usable),
                  at);
  map_.emplace(first, sectors_, static_cast<std::uint32_t>(extent / block_sectors), sparse, context_.seed);
  if (remember_commits_) map_->remember_commits();
  release_early(at);
  listeners_.ready(at);
}

void HostFile::failed(const std::string& reason, kit::Duration at) {
  listeners_.fail(reason);
  release_early(at);
  listeners_.announce_failure(at);
}

void HostFile::release_early(kit::Duration at) {
  for (Operation* operation : early_)
    calendar_.at<&HostFile::arrive>(kit::max(operation->time, at), this, reinterpret_cast<std::uintptr_t>(operation));
  early_.clear();
}

void HostFile::submit(Request& request, kit::Duration at) {
  if (free_operations_.empty()) {
    operations_.emplace_back();
    free_operations_.push_back(&operations_.back());
  }
  Operation& operation = *free_operations_.back();
  free_operations_.pop_back();
  operation = Operation{};
  operation.request = &request;
  operation.time = kit::max(at, calendar_.now());
  request.status = RequestStatus::ok;
  request.ata_status = request.ata_error = 0;
  if (request.tag.when(wire::Stage::submitted) < 0) request.tag.stamp(wire::Stage::submitted, operation.time.ps());
  if (!map_ && listeners_.failure().empty()) return early_.push_back(&operation);
  calendar_.at<&HostFile::arrive>(operation.time, this, reinterpret_cast<std::uintptr_t>(&operation));
}

void HostFile::arrive(std::uint64_t address) {
  Operation& operation = *reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(address));
  Request& request = *operation.request;
  operation.time = calendar_.now();
  request.tag.stamp(wire::Stage::entered, operation.time.ps());
  request.status = verdict(request);
  if (request.status != RequestStatus::ok) return finish(operation);
  operation.step = request.op == IoRequest::Op::flush || request.flush_first ? Step::sync : Step::body;
  const kit::Duration work = parameters_.map();
  operation.time = processor_ ? processor_->charge(operation.time, work) : operation.time + work;
  run(operation);
}

RequestStatus HostFile::verdict(const Request& request) const {
  if (!listeners_.failure().empty()) return RequestStatus::gone;
  if (request.op != IoRequest::Op::read && aborted_ != RequestStatus::ok) return aborted_;
  if (request.op == IoRequest::Op::flush) return RequestStatus::ok;
  if (request.lba > sectors_ || request.sectors > sectors_ - request.lba) return RequestStatus::out_of_range;
  return request.sectors == 0 ? RequestStatus::unsupported : RequestStatus::ok;
}

void HostFile::run(Operation& operation) {
  switch (operation.step) {
    case Step::sync:
    case Step::sync_after: return sync(operation);
    case Step::body:
      if (!body(operation)) return;
      break;
    case Step::done: break;
  }
  finish(operation);
}

void HostFile::finish(Operation& operation) {
  Request& request = *operation.request;
  const kit::Duration at = operation.time;
  request.tag.stamp(wire::Stage::woken, at.ps());
  request.tag.stamp(wire::Stage::completed, at.ps());
  free_operations_.push_back(&operation);
  request.owner->completed(request, at);
}

/// Sends what the request needs. True where that is nothing, or it is refused.
bool HostFile::body(Operation& operation) {
  if (padding_) {
    excluded_.push_back(&operation);
    return false;
  }
  Request& request = *operation.request;
  switch (request.op) {
    case IoRequest::Op::read: request.status = read(operation); break;
    case IoRequest::Op::write: request.status = write(operation); break;
    default: request.status = punch(operation); break;
  }
  if (operation.open) return false;
  if (request.op == IoRequest::Op::read && request.status == RequestStatus::ok) operation.time += parameters_.hole();
  return true;
}

RequestStatus HostFile::read(Operation& operation) {
  const Request& request = *operation.request;
  const std::uint64_t end = request.lba + request.sectors;
  statistics_.reads.add();
  if (request.segments)
    for (std::uint64_t at = request.lba; at < end;) {
      const ExtentMap::Run run = map_->find(at, end - at);
      if (run.hole) return RequestStatus::unsupported;
      at += run.sectors;
    }
  for (std::uint64_t at = request.lba; at < end;) {
    const ExtentMap::Run run = map_->find(at, end - at);
    if (!run.hole) send(operation, at, at + run.sectors, Io::Kind::data);
    if (run.hole && request.with_data)
      for (std::uint64_t byte = (at - request.lba) * sector_bytes, left = run.sectors * sector_bytes; left;) {
        const auto piece = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, zeros.size()));
        request.owner->inspect(request, zeros.data(), byte, piece);
        byte += piece, left -= piece;
      }
    at += run.sectors;
  }
  return RequestStatus::ok;
}

RequestStatus HostFile::write(Operation& operation) {
  const Request& request = *operation.request;
  std::uint64_t first = request.lba, end = request.lba + request.sectors;
  const std::uint64_t first_block = first / block_sectors, end_block = (end + block_sectors - 1) / block_sectors;
  if (first % block_sectors && !map_->written(first_block)) first = first_block * block_sectors;
  if (end % block_sectors && !map_->written(end_block - 1)) end = end_block * block_sectors;
  operation.padding = first != request.lba || end != request.lba + request.sectors;
  if (operation.padding && request.segments) return RequestStatus::unsupported;
  statistics_.writes.add();
  operation.maps = map_->allocate(first_block, end_block);
  if (operation.maps) statistics_.allocations.add();
  if (operation.padding) {
    statistics_.padded.add();
    padding_ = true;
  }
  operation.sync_after = request.fua && (operation.maps || running_.maps || committing_.maps);
  for (std::uint64_t at = first; at < end;) {
    const ExtentMap::Run run = map_->find(at, end - at);
    send(operation, at, at + run.sectors, Io::Kind::data);
    at += run.sectors;
  }
  return RequestStatus::ok;
}

RequestStatus HostFile::punch(Operation& operation) {
  const Request& request = *operation.request;
  const std::uint64_t end = request.lba + request.sectors;
  const std::uint64_t first_whole = (request.lba + block_sectors - 1) / block_sectors, end_whole = end / block_sectors;
  statistics_.trims.add();
  if (first_whole < end_whole && map_->punch(first_whole, end_whole)) join(true, operation.time);
  // What is less than a block stays allocated, and is written with zeros.
  if (first_whole > end_whole) {
    zero_part(operation, request.lba, end);
  } else {
    zero_part(operation, request.lba, first_whole * block_sectors);
    zero_part(operation, end_whole * block_sectors, end);
  }
  return RequestStatus::ok;
}

void HostFile::zero_part(Operation& operation, std::uint64_t sector, std::uint64_t end) {
  if (sector < end && map_->written(sector / block_sectors)) send(operation, sector, end, Io::Kind::zeros);
}

void HostFile::send(Operation& operation, std::uint64_t sector, std::uint64_t end, Io::Kind kind) {
  const Request& from = *operation.request;
  Io& io = new_io(kind, &operation);
  Request& request = io.request;
  io.offset = (static_cast<std::int64_t>(sector) - static_cast<std::int64_t>(from.lba)) * static_cast<std::int64_t>(sector_bytes);
  request.op = kind == Io::Kind::zeros ? IoRequest::Op::write : from.op;
  request.lba = *map_->place(sector);
  request.sectors = static_cast<std::uint32_t>(end - sector);
  request.with_data = kind == Io::Kind::zeros || from.with_data;
  request.fua = from.fua && from.op == IoRequest::Op::write && !operation.sync_after;
  request.priority = from.priority;
  request.tag.id = from.tag.id;
  if (from.segments && kind == Io::Kind::data)
    slice(io, from, static_cast<std::uint64_t>(io.offset), std::uint64_t{request.sectors} * sector_bytes);
  ++operation.open;
  data_.submit(request, operation.time);
}

/// The part of the scatter list that belongs to one piece of the request.
void HostFile::slice(Io& io, const Request& request, std::uint64_t offset, std::uint64_t bytes) {
  io.segments.clear();
  for (std::uint32_t i = 0; i < request.segment_count && bytes; ++i) {
    const Segment& segment = request.segments[i];
    if (offset >= segment.bytes) {
      offset -= segment.bytes;
      continue;
    }
    const auto piece = static_cast<std::uint32_t>(std::min<std::uint64_t>(segment.bytes - offset, bytes));
    io.segments.push_back({segment.address + offset, piece});
    bytes -= piece;
    offset = 0;
  }
  io.request.segments = io.segments.data();
  io.request.segment_count = static_cast<std::uint32_t>(io.segments.size());
}

/// Every request below has ended.
void HostFile::body_done(Operation& operation) {
  const Request& request = *operation.request;
  if (request.op == IoRequest::Op::write && request.status == RequestStatus::ok) {
    map_->complete(request.lba / block_sectors, (request.lba + request.sectors + block_sectors - 1) / block_sectors);
    join(operation.maps, operation.time);
  }
  operation.step = operation.sync_after && request.status == RequestStatus::ok ? Step::sync_after : Step::done;
  const bool padded = operation.padding;
  run(operation);
  if (!padded) return;
  padding_ = false;
  while (!excluded_.empty() && !padding_) {
    Operation& next = *excluded_.front();
    excluded_.pop_front();
    next.time = kit::max(next.time, calendar_.now());
    run(next);
  }
}

}  // namespace ahcisim::host
