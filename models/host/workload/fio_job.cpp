// SPDX-License-Identifier: MIT
// From the jobs of a fio file to streams on a disk.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/fio_job.hpp>
#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <set>

namespace ahcisim::host {
namespace {

[[noreturn]] void refuse(const FioJob& job, const std::string& what) {
  throw kit::ConfigError{fmt::format("{}: {}", job.where, what)};
}

std::uint64_t bytes_of(const FioSize& size, std::uint64_t disk_bytes) {
  return size.percent == 0 ? size.bytes
                           : disk_bytes / 100 * size.percent + disk_bytes % 100 * size.percent / 100;
}

/// The part of the disk a job works on, and how many requests it makes. fio's `size` is both the length of
/// the region and the amount of I/O; a percentage is of the whole disk, and ends at the disk's end.
void place(const FioJob& job, std::uint64_t disk_sectors, Pattern& pattern) {
  const std::uint64_t disk_bytes = disk_sectors * sector_bytes;
  std::uint64_t offset = bytes_of(job.offset, disk_bytes);
  if (job.offset.percent != 0) offset -= offset % job.block_bytes;
  if (offset % sector_bytes != 0) refuse(job, "the offset is no multiple of 512 bytes; round it");
  if (offset >= disk_bytes)
    refuse(job, fmt::format("the offset lies beyond the disk of {} bytes; take a smaller one", disk_bytes));
  std::uint64_t size = bytes_of(job.size, disk_bytes);
  if (job.size.percent != 0) size = std::min(size, disk_bytes - offset);
  if (size > disk_bytes - offset)
    refuse(job, fmt::format("offset + size lie beyond the disk of {} bytes; take less, or a percentage",
                            disk_bytes));
  pattern.first = offset / sector_bytes;
  pattern.sectors = static_cast<std::uint32_t>(job.block_bytes / sector_bytes);
  pattern.span = size / sector_bytes;
  pattern.count = job.time_based ? Pattern::endless : size / job.block_bytes;
  pattern.count = std::min(pattern.count, job.number_ios);
}

Pattern pattern_of(const FioJob& job, std::uint64_t disk_sectors, std::uint64_t seed) {
  Pattern pattern = job.pattern;
  place(job, disk_sectors, pattern);
  if (job.mixed) pattern.read_percent = job.read_percent;
  pattern.seed = seed;
  pattern.order = job.sequential    ? Pattern::Order::sequential
                  : job.zipf        ? Pattern::Order::zipf
                  : job.norandommap ? Pattern::Order::uniform
                                    : Pattern::Order::shuffled;
  return pattern;
}

}  // namespace

std::vector<Stream> open_fio_jobs(const std::string& path, std::uint64_t disk_sectors, std::uint64_t seed) {
  const std::vector<FioJob> jobs = read_fio_jobs(path);
  std::vector<Stream> streams;
  std::set<std::string> names;
  std::string file;
  std::uint32_t phase = 0;
  for (const FioJob& job : jobs) {
    if (!file.empty() && !job.file.empty() && job.file != file)
      refuse(job, fmt::format("filename={} beside {}; there is one disk, so name one file",
                              printable(job.file), printable(file)));
    if (file.empty()) file = job.file;
    if (job.time_based && job.runtime == kit::Duration::never())
      refuse(job, "time_based without a runtime; add runtime=");
    if (job.stonewall && !streams.empty()) ++phase;
    for (std::uint32_t clone = 0; clone < job.clones; ++clone) {
      if (streams.size() == 4096) refuse(job, "more than 4096 jobs in all; take fewer");
      Stream stream;
      stream.name = job.clones == 1 ? job.name : fmt::format("{}.{}", job.name, clone);
      for (int copy = 2; !names.insert(stream.name).second; ++copy)
        stream.name = fmt::format("{}#{}", job.name, copy);
      const std::uint64_t own_seed =
          job.has_seed ? job.seed + clone : Permutation::mix(seed) + streams.size();
      stream.source = std::make_unique<Generator>(pattern_of(job, disk_sectors, own_seed), job.where);
      stream.depth =
          job.synchronous ? 1 : job.depth;  // fio caps the depth of synchronous engines in the same way
      stream.byte_rate = job.byte_rate;
      stream.request_rate = job.request_rate;
      stream.runtime = job.runtime;
      stream.phase = phase;
      streams.push_back(std::move(stream));
    }
  }
  return streams;
}

}  // namespace ahcisim::host
