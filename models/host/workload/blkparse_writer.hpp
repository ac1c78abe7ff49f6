// SPDX-License-Identifier: MIT
// Block traces in blkparse's default text format, as BlkparseTrace reads them.
#pragma once

#include <ahcisim/models/host/workload/request.hpp>
#include <cstdint>
#include <string>

namespace ahcisim::host {

/// One line for each request: `8,0 cpu sequence seconds.ns pid action RWBS sector + n [guest]`, with the action D (issue) or R
/// (taken back). FUA and the preflush are among the letters, a flush is FF, a trim D.
///
/// The file holds whole lines at any time, 64 KiB behind what was given at most.
class BlkparseWriter {
 public:
  /// Creates the file, or empties it. Throws kit::ConfigError where it cannot be written.
  explicit BlkparseWriter(std::string path);
  BlkparseWriter(const BlkparseWriter&) = delete;
  BlkparseWriter& operator=(const BlkparseWriter&) = delete;
  ~BlkparseWriter();

  /// `at`: since any origin, not negative, to the nanosecond.
  void issue(const IoRequest& request, kit::Duration at) { ++requests_, line('D', request, at); }
  /// The request was issued, and will never complete.
  void take_back(const IoRequest& request, kit::Duration at) { --requests_, line('R', request, at); }
  /// Writes what is left. Throws kit::ConfigError where the file does not hold everything that was given.
  void close();

  const std::string& path() const { return path_; }
  /// Issued so far, but for those taken back.
  std::uint64_t requests() const { return requests_; }

 private:
  void line(char action, const IoRequest& request, kit::Duration at);
  void write_out();

  std::string path_, pending_;
  int file_ = -1;
  int error_ = 0;  // errno of the first write that failed
  std::uint64_t lines_ = 0, requests_ = 0;
};

}  // namespace ahcisim::host
