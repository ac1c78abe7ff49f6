// SPDX-License-Identifier: MIT
// fio job files: a named subset with exact meaning; anything else is an error that names file, line and key.
#pragma once

#include <ahcisim/models/host/workload/fio_value.hpp>
#include <ahcisim/models/host/workload/generator.hpp>
#include <ahcisim/models/host/workload/stream.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace ahcisim::host {

/// What the keys of one job section say, after [global] and before the size of the disk is known. README.md
/// of this folder lists every key with its meaning here.
struct FioJob {
  std::string name, where;  ///< "randread"; "file:line" of its section
  Pattern pattern;          ///< but for first, span, count and seed
  std::uint64_t block_bytes = 4096;
  bool sequential = true, norandommap = false, zipf = false;
  bool mixed = false;
  unsigned read_percent = 50;
  std::uint32_t depth = 1, clones = 1;
  FioSize size{0, 100}, offset{};
  std::array<double, 3> byte_rate{}, request_rate{};
  kit::Duration runtime = kit::Duration::never();
  bool time_based = false, stonewall = false, synchronous = false;
  std::uint64_t number_ios = Pattern::endless;
  bool has_seed = false;
  std::uint64_t seed = 0;
  std::string file;
};

/// Reads a job file: one FioJob for each section but [global]. Throws kit::ConfigError "file:line: key=value:
/// fault".
std::vector<FioJob> read_fio_jobs(const std::string& path);

/// The streams of a job file on a disk of that many sectors, one per job and clone, in the file's order.
/// `seed` goes into every job that has no randseed. Throws kit::ConfigError as above, and for a job that
/// reaches beyond the disk.
std::vector<Stream> open_fio_jobs(const std::string& path, std::uint64_t disk_sectors, std::uint64_t seed);

}  // namespace ahcisim::host
