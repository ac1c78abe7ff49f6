// SPDX-License-Identifier: MIT
// From the user's words to streams: parameters of a workload, recognition of a file's format, opening.
#pragma once

#include <ahcisim/models/host/workload/stream.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ahcisim::host {

/// A workload as an experiment describes it: a file, or else a pattern made up.
struct WorkloadParameters : kit::ParameterSet {
  kit::Parameter<std::string> file{
      *this, "file", "", kit::choice("input"),
      "fio job file, blkparse text, fio iolog or DiskSim trace (plain, .xz or .gz); empty: pattern"};
  kit::Choice loop{*this,
                   "loop",
                   "recorded",
                   {"recorded", "closed"},
                   kit::choice("replay"),
                   "traces: at the recorded times and pauses, or closed loop, which ignores them and keeps "
                   "`depth` outstanding"};
  kit::Parameter<std::int64_t> depth{
      *this,
      "depth",
      0,
      kit::choice("queue depth"),
      "requests outstanding at most; 0: as the file says (iodepth; no bound in open loop), else 1",
      {{0, 65536}}};
  kit::Parameter<std::int64_t> requests{*this,
                                        "requests",
                                        0,
                                        kit::choice("length"),
                                        "requests of each stream at most; 0: all there are",
                                        {{0, INT64_MAX}}};
  kit::Parameter<kit::Duration> runtime{*this, "runtime", kit::Duration{}, kit::choice("length"),
                                        "time in which a stream issues; 0s: as the file says, else no bound"};
  kit::Parameter<kit::Ratio> time_scale{
      *this,
      "time_scale",
      kit::Ratio{1},
      kit::choice("replay"),
      "recorded times and pauses are multiplied by it (\"50%\": twice as fast)",
      {{{1e-6}, {1e6}}}};
  kit::Choice beyond_disk{
      *this,
      "beyond_disk",
      "refuse",
      {"refuse", "fold", "scale"},
      kit::choice("replay"),
      "requests of a trace beyond the disk: an error, wrapped around, or all addresses shrunk in proportion"};
  kit::Parameter<std::string> device{
      *this, "device", "", kit::choice("input"),
      "which device (\"8,0\"; DiskSim: a number; iolog: a file) of a trace with several"};
  kit::Parameter<std::int64_t> seed{*this,
                                    "seed",
                                    1,
                                    kit::choice("random numbers"),
                                    "of random patterns and fio jobs without randseed",
                                    {{0, INT64_MAX}}};
  kit::Choice pattern{
      *this,
      "pattern",
      "randread",
      {"read", "write", "rw", "randread", "randwrite", "randrw", "trim", "randtrim"},
      kit::choice("pattern"),
      "without a file: direction and order, in fio's words; random is independent of the past"};
  kit::Parameter<kit::Bytes> block{
      *this, "block", kit::Bytes{4096}, kit::choice("pattern"), "size of a request", {{{512}, {32 << 20}}}};
  kit::Parameter<kit::Bytes> offset{*this, "offset", kit::Bytes{0}, kit::choice("pattern"),
                                    "where on the disk the pattern starts"};
  kit::Parameter<kit::Bytes> span{*this, "span", kit::Bytes{0}, kit::choice("pattern"),
                                  "length of the part that the pattern covers; 0B: to the end of the disk"};
  kit::Parameter<kit::Ratio> reads{*this,
                                   "reads",
                                   kit::Ratio{0.5},
                                   kit::choice("pattern"),
                                   "share of reads in rw and randrw, in whole percent",
                                   {{{0}, {1}}}};
  kit::Parameter<kit::Ratio> zipf{*this,
                                  "zipf",
                                  kit::Ratio{0},
                                  kit::choice("pattern"),
                                  "exponent of a Zipf distribution of random blocks (\"1.1x\"); 0x: uniform",
                                  {{{0}, {100}}}};
  kit::Parameter<std::int64_t> flush_every{*this,
                                           "flush_every",
                                           0,
                                           kit::choice("pattern"),
                                           "a flush after every so many writes; 0: none",
                                           {{0, INT64_MAX}}};
  kit::Parameter<kit::Duration> think{*this, "think", kit::Duration{}, kit::choice("pattern"),
                                      "pause between a completion and the next request"};
  kit::Parameter<std::int64_t> power_cuts{
      *this,
      "power_cuts",
      0,
      kit::choice("power cuts"),
      "above 0: `requests` writes of up to `block` in `span`, which overlap and say what they are, with flushes; then "
      "the power is cut so often, at random instants, and what is left is judged",
      {{0, 10'000'000}}};
};

/// The formats of workload files.
enum class WorkloadFormat : std::uint8_t {
  fio_job,
  fio_iolog,
  blkparse,
  disksim_validation,
  disksim_arrival
};
/// "fio job file", "blkparse text" …
const char* name_of(WorkloadFormat format);

/// Recognises a file by its content (and .fio by its name). Throws kit::ConfigError where it is missing,
/// empty or of no known format; a binary blktrace file is told apart, with the command that makes it
/// readable.
WorkloadFormat format_of(const std::string& path);

/// Opens a workload on a disk of `disk_sectors` sectors (512 B, above 0). A relative `file` is looked for in
/// `folder` first (that of the experiment), then in the current folder. Throws kit::ConfigError for
/// everything that cannot be meant. Parameters that say nothing about the kind of workload at hand are left
/// unused.
std::vector<Stream> open_workload(const WorkloadParameters& parameters, std::uint64_t disk_sectors,
                                  const std::filesystem::path& folder = {});

}  // namespace ahcisim::host
