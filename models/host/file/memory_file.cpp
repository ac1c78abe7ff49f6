// SPDX-License-Identifier: MIT
// A file in memory.
#include <ahcisim/models/host/file/memory_file.hpp>

#include <algorithm>

namespace ahcisim::host {

namespace {
constexpr std::uint32_t run_sectors = 128;
}  // namespace

MemoryFile::MemoryFile(const sc_core::sc_module_name& name, kit::Context& context, const MemoryFileParameters& parameters,
                       disk::Store& store)
    : sc_module{name}, calendar_{context.calendar}, parameters_{parameters}, store_{store}, sector_run_(run_sectors * sector_bytes) {
  context.stats.add(this->name(), statistics_);
}

void MemoryFile::submit(Request& request, kit::Duration at) {
  at = kit::max(at, calendar_.now());
  if (request.tag.when(wire::Stage::submitted) < 0) request.tag.stamp(wire::Stage::submitted, at.ps());
  calendar_.at<&MemoryFile::arrive>(at, this, reinterpret_cast<std::uintptr_t>(&request));
}

void MemoryFile::arrive(std::uint64_t address) {
  Request& request = *reinterpret_cast<Request*>(static_cast<std::uintptr_t>(address));
  const kit::Duration now = calendar_.now();
  request.status = serve(request);
  const bool copies = request.status == RequestStatus::ok && (request.op == IoRequest::Op::read || request.op == IoRequest::Op::write);
  const kit::Duration call = copies ? parameters_.call() : parameters_.syscall();
  const std::int64_t bytes = copies ? std::int64_t{request.sectors} * sector_bytes : 0;
  const kit::Duration copy = parameters_.copy().time_for(bytes);
  const kit::Duration work = call + copy;
  statistics_.requests.add();
  statistics_.kernel_time.add(work);
  kit::Duration end = processor_ ? processor_->charge(now, work) : now + work;
  if (copies) end = kit::max(end, memory_.book(now, now + call, parameters_.memory().time_for(bytes)).end);
  request.tag.stamp(wire::Stage::entered, now.ps());
  request.tag.stamp(wire::Stage::woken, end.ps());
  request.tag.stamp(wire::Stage::completed, end.ps());
  request.owner->completed(request, end);
}

RequestStatus MemoryFile::serve(Request& request) {
  if (request.op == IoRequest::Op::flush) return RequestStatus::ok;
  if (request.lba > capacity() || request.sectors > capacity() - request.lba) return RequestStatus::out_of_range;
  if (request.sectors == 0 || request.segments) return RequestStatus::unsupported;
  if (request.op != IoRequest::Op::read && store_.read_only()) return RequestStatus::unsupported;
  if (request.op == IoRequest::Op::trim)
    store_.trim(request.lba, request.sectors);
  else if (request.with_data)
    move(request);
  return RequestStatus::ok;
}

void MemoryFile::move(Request& request) {
  for (std::uint32_t done = 0; done < request.sectors;) {
    const std::uint32_t run = std::min(request.sectors - done, run_sectors);
    const std::uint64_t offset = std::uint64_t{done} * sector_bytes;
    if (request.op == IoRequest::Op::write) {
      request.owner->fill(request, sector_run_.data(), offset, run * sector_bytes);
      store_.write(request.lba + done, run, sector_run_.data());
    } else {
      store_.read(request.lba + done, run, sector_run_.data());
      request.owner->inspect(request, sector_run_.data(), offset, run * sector_bytes);
    }
    done += run;
  }
}

}  // namespace ahcisim::host
