// SPDX-License-Identifier: MIT
// Random requests of every size, alignment and fragmentation against a copy of what the disk must hold.
#pragma once

#include <cstdint>
#include <string>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {

struct IntegrityOptions {
  std::uint64_t requests = 20000;
  std::uint64_t seed = 1;
  unsigned depth = 32;      ///< 1 … 32 outstanding
  std::uint64_t span = 64 << 20;  ///< bytes at the end of the disk that are used, a multiple of 256 KiB
  bool trims = true;        ///< off for a disk that has none
  bool scattered = true;    ///< off for programs that read and write through a page cache: no scatter lists
};

struct IntegrityRun {
  std::uint64_t requests = 0;        ///< completed
  std::uint64_t right = 0;           ///< of these, ended without error and with every byte as it must be
  std::uint64_t bytes_compared = 0;
  std::uint64_t prds = 0;            ///< pieces of buffers in all
  std::uint64_t reads = 0, writes = 0, trims = 0, flushes = 0;
  std::uint64_t diagnostics = 0;     ///< findings of the checkers
  double wall_seconds = 0;
  char first_wrong[200] = {};        ///< what was wrong first; empty: nothing
};

/// Reads, writes, trims and flushes of 512 B … 256 KiB in the last part of the disk, through scatter lists of even, odd-sized
/// and out-of-order pieces with gaps between them. Checked: every byte read, every gap, and at the end, after a flush, the whole
/// span in the disk's store and, of an image on a drive whose flushes are not ignored, in the drive's. Requests that are outstanding together never touch what
/// another one writes. Once in a process.
IntegrityRun run_integrity(const Settings& settings, const IntegrityOptions& options);
IntegrityRun run_integrity_apart(const Settings& settings, const IntegrityOptions& options);
/// Seed, requests of each kind and bytes compared, in a line.
std::string summary_of(const IntegrityRun& run, const IntegrityOptions& options);

}  // namespace ahcisim::measure
