// SPDX-License-Identifier: MIT
// Recognising workload files, and opening them as streams.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/adapted_source.hpp>
#include <ahcisim/models/host/workload/blkparse_trace.hpp>
#include <ahcisim/models/host/workload/disksim_trace.hpp>
#include <ahcisim/models/host/workload/fio_iolog.hpp>
#include <ahcisim/models/host/workload/fio_job.hpp>
#include <ahcisim/models/host/workload/generator.hpp>
#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/host/workload/open.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

namespace ahcisim::host {
namespace {

constexpr const char* formats = "a fio job file, a fio iolog, blkparse text, or a DiskSim trace";

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::unique_ptr<RequestSource> open_trace(WorkloadFormat format, const std::string& path,
                                          const std::string& device) {
  switch (format) {
    case WorkloadFormat::fio_iolog:
      return std::make_unique<FioIolog>(path, device);
    case WorkloadFormat::blkparse:
      return std::make_unique<BlkparseTrace>(path, device);
    case WorkloadFormat::disksim_arrival: {
      if (device.empty()) return std::make_unique<DisksimArrivalTrace>(path);
      std::uint64_t number = 0;
      const auto [end, error] = std::from_chars(device.data(), device.data() + device.size(), number);
      if (error != std::errc{} || end != device.data() + device.size())
        throw kit::ConfigError{fmt::format(
            "device \"{}\": a DiskSim trace numbers its devices; write for example \"0\"", device)};
      return std::make_unique<DisksimArrivalTrace>(path, number);
    }
    default:
      return std::make_unique<DisksimValidationTrace>(path);
  }
}

/// Whether a replay at recorded times is possible: iologs of version 2 have no times.
bool has_times(WorkloadFormat format, const RequestSource& source) {
  if (format == WorkloadFormat::fio_iolog) return static_cast<const FioIolog&>(source).version() == 3;
  return format == WorkloadFormat::blkparse || format == WorkloadFormat::disksim_arrival;
}

Stream trace_stream(const WorkloadParameters& p, WorkloadFormat format, const std::string& path,
                    std::uint64_t disk_sectors) {
  auto source = open_trace(format, path, p.device());
  const bool closed = p.loop() == "closed";
  Stream stream;
  stream.name = std::filesystem::path{path}.filename().string();
  stream.loop = !closed && has_times(format, *source) ? Stream::Loop::open : Stream::Loop::closed;
  stream.depth = stream.loop == Stream::Loop::open ? 0 : 1;
  Adaptation adaptation;
  adaptation.where = path;
  adaptation.disk_sectors = disk_sectors;
  adaptation.without_times = closed;
  adaptation.time_scale = p.time_scale().value;
  if (p.requests() != 0) adaptation.limit = static_cast<std::uint64_t>(p.requests());
  if (p.beyond_disk() == "fold") adaptation.beyond = Adaptation::Beyond::fold;
  if (p.beyond_disk() == "scale") {
    adaptation.beyond = Adaptation::Beyond::scale;
    adaptation.source_sectors = span_of(*source);
  }
  stream.source = std::make_unique<AdaptedSource>(std::move(source), std::move(adaptation));
  return stream;
}

Stream pattern_stream(const WorkloadParameters& p, std::uint64_t disk_sectors) {
  const std::string& words = p.pattern();
  const auto is = [&](const char* word) { return words.find(word) != std::string::npos; };
  const auto sectors = [](const char* key, kit::Bytes bytes) {
    if (bytes.value % sector_bytes != 0)
      throw kit::ConfigError{
          fmt::format("{} = \"{}\": is no multiple of 512 B; round it", key, kit::to_text(bytes))};
    return static_cast<std::uint64_t>(bytes.value) / sector_bytes;
  };
  Pattern pattern;
  pattern.order = !is("rand")          ? Pattern::Order::sequential
                  : p.zipf().value > 0 ? Pattern::Order::zipf
                                       : Pattern::Order::uniform;
  if (p.zipf().value > 0) pattern.zipf_exponent = p.zipf().value;
  pattern.read_percent = is("rw")     ? static_cast<unsigned>(std::lround(p.reads().value * 100))
                         : is("read") ? 100
                                      : 0;
  pattern.trim = is("trim");
  pattern.sectors = static_cast<std::uint32_t>(sectors("block", p.block()));
  pattern.first = sectors("offset", p.offset());
  pattern.span = sectors("span", p.span());
  if (pattern.first >= disk_sectors)
    throw kit::ConfigError{fmt::format("offset = \"{}\": beyond the disk of {} sectors; take less, or a larger disk",
                                       p.offset.text(), disk_sectors)};
  if (pattern.span > disk_sectors - pattern.first)
    throw kit::ConfigError{fmt::format(
        "span = \"{}\": from the offset of {} it reaches beyond the disk of {} sectors; take less, or a larger disk",
        p.span.text(), p.offset.text(), disk_sectors)};
  if (pattern.span == 0) pattern.span = disk_sectors - pattern.first;
  if (p.requests() != 0)
    pattern.count = static_cast<std::uint64_t>(p.requests());
  else if (p.runtime() == kit::Duration{})
    throw kit::ConfigError{fmt::format("pattern = \"{}\": has no end; set requests or runtime", words)};
  pattern.seed = static_cast<std::uint64_t>(p.seed());
  pattern.flush_every = static_cast<std::uint64_t>(p.flush_every());
  pattern.think = p.think();
  Stream stream;
  stream.name = words;
  stream.source = std::make_unique<Generator>(pattern, "pattern = \"" + words + "\"");
  return stream;
}

std::string located(const std::string& file, const std::filesystem::path& folder) {
  const std::filesystem::path path{file};
  std::error_code ignored;
  if (path.is_relative() && !folder.empty() && std::filesystem::exists(folder / path, ignored))
    return (folder / path).string();
  return file;
}

}  // namespace

const char* name_of(WorkloadFormat format) {
  switch (format) {
    case WorkloadFormat::fio_job:
      return "fio job file";
    case WorkloadFormat::fio_iolog:
      return "fio iolog";
    case WorkloadFormat::blkparse:
      return "blkparse text";
    case WorkloadFormat::disksim_validation:
      return "DiskSim validation trace";
    case WorkloadFormat::disksim_arrival:
      return "DiskSim arrival trace";
  }
  return "";
}

WorkloadFormat format_of(const std::string& path) {
  LineReader reader{path, LineReader::LastLine::may_be_open};
  if (path.size() > 4 && path.compare(path.size() - 4, 4, ".fio") == 0) return WorkloadFormat::fio_job;
  std::string_view line;
  while (reader.next(line)) {
    // A binary trace begins with the magic 0x65617407, little-endian (version 7 of struct blk_io_trace).
    if (line.size() >= 4 && line.substr(1, 3) == "tae")
      throw kit::ConfigError{fmt::format("{}: is a binary blktrace; convert it: blkparse -i {} > {}.blkparse",
                                         path, path, path)};
    LineFields fields{reader, line};
    if (fields.at_end()) continue;
    if (line.substr(0, 12) == "fio version ") return WorkloadFormat::fio_iolog;
    const std::string_view first = fields.word("a workload");
    if (first[0] == '[' || first[0] == ';' || first[0] == '#') return WorkloadFormat::fio_job;
    const bool device = first.find(',') != std::string_view::npos && first[0] >= '0' && first[0] <= '9';
    if (device || first == "Input") return WorkloadFormat::blkparse;
    if (first == "R" || first == "W") return WorkloadFormat::disksim_validation;
    if (is_number(first)) return WorkloadFormat::disksim_arrival;
    reader.fail(1, fmt::format("expected {}", formats));
  }
  throw kit::ConfigError{fmt::format("{}: is empty; give {}", path, formats)};
}

std::vector<Stream> open_workload(const WorkloadParameters& parameters, std::uint64_t disk_sectors,
                                  const std::filesystem::path& folder) {
  std::vector<Stream> streams;
  bool is_job = false;
  if (parameters.file().empty()) {
    streams.push_back(pattern_stream(parameters, disk_sectors));
  } else {
    const std::string path = located(parameters.file(), folder);
    const WorkloadFormat format = format_of(path);
    is_job = format == WorkloadFormat::fio_job;
    if (is_job)
      streams = open_fio_jobs(path, disk_sectors, static_cast<std::uint64_t>(parameters.seed()));
    else
      streams.push_back(trace_stream(parameters, format, path, disk_sectors));
  }
  for (Stream& stream : streams) {
    if (parameters.depth() != 0) stream.depth = static_cast<std::uint32_t>(parameters.depth());
    if (parameters.runtime() != kit::Duration{}) stream.runtime = parameters.runtime();
    if (is_job && parameters.requests() != 0) {
      Adaptation adaptation;
      adaptation.limit = static_cast<std::uint64_t>(parameters.requests());
      stream.source = std::make_unique<AdaptedSource>(std::move(stream.source), adaptation);
    }
  }
  return streams;
}

}  // namespace ahcisim::host
