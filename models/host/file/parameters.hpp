// SPDX-License-Identifier: MIT
// The parameters of a file on a journalling file system, and of one in memory.
#pragma once

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

struct HostFileParameters : kit::ParameterSet {
  kit::Choice layout{*this, "layout", "contiguous", {"contiguous", "sparse"},
      kit::choice("an image made beforehand and written once, or one that grows"),
      "contiguous: everything allocated in one piece; sparse: blocks are allocated at their first write"};
  kit::Parameter<kit::Bytes> extent{*this, "extent", kit::Bytes{256 << 10},
      kit::assumed("an allocator that reserves ahead gives a growing file pieces of some hundred KiB"),
      "piece in which a sparse file is allocated; the pieces lie in an order drawn from the run's seed",
      {{kit::Bytes{4096}, kit::Bytes{256 << 10}}}};
  kit::Parameter<kit::Bytes> journal_offset{*this, "journal_offset", kit::Bytes{1 << 20}, kit::choice("behind a partition table"),
      "where the journal begins on the disk; the file begins behind it", {{kit::Bytes{0}, kit::Bytes{std::int64_t{1} << 56}}}};
  kit::Parameter<kit::Bytes> journal_size{*this, "journal_size", kit::Bytes{64 << 20},
      kit::assumed("mke2fs makes journals of 4 MiB to 1 GiB, growing with the disk"), "length of the journal",
      {{kit::Bytes{64 << 10}, kit::Bytes{std::int64_t{1} << 40}}}};
  kit::Parameter<kit::Duration> commit_interval{*this, "commit_interval", kit::Duration::from_ms(5'000),
      kit::cited("Linux 6.12 include/linux/jbd2.h JBD2_DEFAULT_MAX_COMMIT_AGE 5 s"),
      "age at which a transaction is committed without being asked for", {{kit::Duration::from_ms(1), kit::Duration::from_seconds(1e6)}}};
  kit::Parameter<kit::Duration> map{*this, "map", kit::Duration::from_ps(200'000),
      kit::assumed("looking up an extent in memory, and for a write joining the running transaction"),
      "processor time of the file system, per request"};
  kit::Parameter<kit::Duration> hole{*this, "hole", kit::Duration::from_ps(550'000),
      kit::derived("pread of cached pages on an AMD EPYC, Linux 6.18: 550 ns; a hole needs no disk either"),
      "reading nothing but holes, per request"};
};

/// A file on tmpfs: a request takes call + bytes / copy, a flush nothing but the system call.
struct MemoryFileParameters : kit::ParameterSet {
  kit::Parameter<kit::Duration> syscall{*this, "syscall", kit::Duration::from_ps(132'000),
      kit::measured("null system call on an AMD EPYC, Linux 6.18"), "entering and leaving the kernel: all that a flush takes"};
  kit::Parameter<kit::Duration> call{*this, "call", kit::Duration::from_ps(700'000),
      kit::derived("pread and pwrite on tmpfs on an AMD EPYC, Linux 6.18, fitted: 700 ns + 0.11 ns/B"), "per request, system call included"};
  kit::Parameter<kit::Rate> copy{*this, "copy", kit::Rate{1e9 / 0.11},
      kit::derived("pread and pwrite on tmpfs on an AMD EPYC, Linux 6.18, fitted: 0.11 ns/B"),
      "copying between file and program by one thread"};
  kit::Parameter<kit::Rate> memory{*this, "memory", kit::Rate{1e9 / 0.11},
      kit::assumed("one thread comes near to what the memory moves"), "what the memory moves for the copies of all threads"};
};

}  // namespace ahcisim::host
