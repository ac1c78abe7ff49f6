// SPDX-License-Identifier: MIT
// Reading fio job files: sections, and one row per known key.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ahcisim/models/host/workload/fio_job.hpp>
#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <cstdlib>

namespace ahcisim::host {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw kit::ConfigError{what}; }

void set_rw(FioJob& job, std::string_view text) {
  struct Kind {
    std::string_view name;
    unsigned read_percent;
    bool sequential, mixed, trim;
  };
  constexpr Kind kinds[] = {{"read", 100, true, false, false},     {"write", 0, true, false, false},
                            {"trim", 0, true, false, true},        {"rw", 50, true, true, false},
                            {"readwrite", 50, true, true, false},  {"randread", 100, false, false, false},
                            {"randwrite", 0, false, false, false}, {"randtrim", 0, false, false, true},
                            {"randrw", 50, false, true, false}};
  for (const Kind& kind : kinds) {
    if (kind.name != text) continue;
    job.sequential = kind.sequential;
    job.mixed = kind.mixed;
    job.pattern.trim = kind.trim;
    job.pattern.read_percent = kind.read_percent;
    return;
  }
  refuse("expected read, write, trim, rw, readwrite, randread, randwrite, randtrim or randrw");
}

void set_block(FioJob& job, std::string_view text) {
  if (text.find_first_of(",-:") != std::string_view::npos)
    refuse("expected one block size; ranges and lists are not modelled");
  const std::uint64_t bytes = parse_fio_bytes(text);
  if (bytes == 0 || bytes % sector_bytes != 0 || bytes > most_sectors * sector_bytes)
    refuse("expected a multiple of 512 bytes up to 32m");
  job.block_bytes = bytes;
}

void set_engine(FioJob& job, std::string_view text) {
  for (std::string_view name :
       {"libaio", "io_uring", "io_uring_cmd", "posixaio", "windowsaio", "solarisaio", "sg"})
    if (text == name) return void(job.synchronous = false);
  for (std::string_view name : {"sync", "psync", "vsync", "pvsync", "pvsync2"})
    if (text == name) return void(job.synchronous = true);
  refuse("expected libaio, io_uring, posixaio, sync, psync or another engine of direct block I/O");
}

void set_distribution(FioJob& job, std::string_view text) {
  job.zipf = false;
  if (text == "random") return;
  constexpr std::string_view prefix = "zipf:";
  if (text.substr(0, prefix.size()) != prefix) refuse("expected random or zipf:EXPONENT");
  const std::string number{text.substr(prefix.size())};
  char* end = nullptr;
  const double exponent = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !(exponent > 0 && exponent <= 100))
    refuse("expected an exponent above 0, such as zipf:1.2");
  job.zipf = true;
  job.pattern.zipf_exponent = exponent;
}

void set_file(FioJob& job, std::string_view text) {
  if (text.empty() || text.find(':') != std::string_view::npos)
    refuse("expected one file or device; there is one disk");
  job.file = text;
}

void must_be(bool flag, std::string_view text, const char* why) {
  if (parse_fio_flag(text) != flag) refuse(why);
}

struct Key {
  const char* name;
  void (*apply)(FioJob& job, std::string_view text);
};
using Text = std::string_view;
void ignore(FioJob&, Text) {}

const Key keys[] = {
    {"rw", set_rw},
    {"readwrite", set_rw},
    {"bs", set_block},
    {"blocksize", set_block},
    {"iodepth",
     [](FioJob& job, Text t) { job.depth = static_cast<std::uint32_t>(parse_fio_count(t, 1, 65536)); }},
    {"size",
     [](FioJob& job, Text t) {
       job.size = parse_fio_size(t);
       if (job.size.bytes == 0 && job.size.percent == 0) refuse("expected a size above 0");
     }},
    {"offset", [](FioJob& job, Text t) { job.offset = parse_fio_size(t); }},
    {"rwmixread",
     [](FioJob& job, Text t) { job.read_percent = static_cast<unsigned>(parse_fio_count(t, 0, 100)); }},
    {"rwmixwrite",
     [](FioJob& job, Text t) { job.read_percent = 100 - static_cast<unsigned>(parse_fio_count(t, 0, 100)); }},
    {"numjobs",
     [](FioJob& job, Text t) { job.clones = static_cast<std::uint32_t>(parse_fio_count(t, 1, 4096)); }},
    {"rate", [](FioJob& job, Text t) { job.byte_rate = parse_fio_rates(t); }},
    {"rate_iops", [](FioJob& job, Text t) { job.request_rate = parse_fio_request_rates(t); }},
    {"thinktime",
     [](FioJob& job, Text t) { job.pattern.think = parse_fio_time(t, kit::Duration::from_us(1)); }},
    {"fsync", [](FioJob& job, Text t) { job.pattern.flush_every = parse_fio_count(t, 0, UINT32_MAX); }},
    {"fdatasync", [](FioJob& job, Text t) { job.pattern.flush_every = parse_fio_count(t, 0, UINT32_MAX); }},
    {"runtime",
     [](FioJob& job, Text t) {
       job.runtime = parse_fio_time(t, kit::Duration::from_seconds(1));
       if (job.runtime == kit::Duration{}) job.runtime = kit::Duration::never();
     }},
    {"time_based", [](FioJob& job, Text t) { job.time_based = parse_fio_flag(t); }},
    {"number_ios", [](FioJob& job, Text t) { job.number_ios = parse_fio_count(t, 1, INT64_MAX); }},
    {"norandommap", [](FioJob& job, Text t) { job.norandommap = parse_fio_flag(t); }},
    {"random_distribution", set_distribution},
    {"randseed",
     [](FioJob& job, Text t) { job.seed = parse_fio_count(t, 0, INT64_MAX), job.has_seed = true; }},
    {"stonewall", [](FioJob& job, Text t) { job.stonewall = parse_fio_flag(t); }},
    {"wait_for_previous", [](FioJob& job, Text t) { job.stonewall = parse_fio_flag(t); }},
    {"ioengine", set_engine},
    {"filename", set_file},
    {"direct", [](FioJob&, Text t) { must_be(true, t, "the page cache is not modelled; write direct=1"); }},
    {"buffered",
     [](FioJob&, Text t) { must_be(false, t, "the page cache is not modelled; write direct=1"); }},
    {"randrepeat",
     [](FioJob&, Text t) { must_be(true, t, "runs are repeatable; set the seed for another one"); }},
    {"name",
     [](FioJob& job, Text t) {
       if (!t.empty()) job.name = printable(t);
     }},
    {"description", ignore},
    {"group_reporting", [](FioJob&, Text t) { parse_fio_flag(t); }},
    {"thread", [](FioJob&, Text t) { parse_fio_flag(t); }},
    {"invalidate", [](FioJob&, Text t) { parse_fio_flag(t); }},
};

/// One `key=value` line.
struct Setting {
  std::string key, value;
  std::uint64_t line;
};

void apply(FioJob& job, const Setting& setting, const std::string& path) {
  const auto fail = [&](const std::string& what) {
    throw kit::ConfigError{fmt::format("{}:{}: {}{}{}: {}", path, setting.line, printable(setting.key),
                                       setting.value.empty() ? "" : "=", printable(setting.value), what)};
  };
  for (const Key& key : keys) {
    if (setting.key != key.name) continue;
    try {
      return key.apply(job, setting.value);
    } catch (const kit::ConfigError& error) {
      fail(error.what());
    }
  }
  std::vector<std::string> known;
  for (const Key& key : keys) known.emplace_back(key.name);
  const std::string hint = kit::nearest(setting.key, known);
  fail(hint.empty() ? fmt::format("unknown key; remove it (known: {})", fmt::join(known, " "))
                    : fmt::format("unknown key; did you mean \"{}\"?", hint));
}

std::string_view trimmed(std::string_view text) {
  constexpr const char* blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::vector<FioJob> read_fio_jobs(const std::string& path) {
  LineReader reader{path, LineReader::LastLine::may_be_open};
  std::vector<FioJob> jobs;
  FioJob global;
  FioJob* section = nullptr;
  std::string_view line;
  while (reader.next(line)) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text[0] == ';' || text[0] == '#') continue;
    if (text[0] == '[') {
      if (text.size() < 3 || text.back() != ']')
        reader.fail(1, "expected a section such as [global] or [job], closed by \"]\"");
      const std::string_view name = trimmed(text.substr(1, text.size() - 2));
      if (name == "global") {
        section = &global;
        continue;
      }
      if (jobs.size() == 1024) reader.fail(1, "more than 1024 jobs; split the file");
      jobs.push_back(global);
      section = &jobs.back();
      if (section->name.empty()) section->name = printable(name);
      section->where = fmt::format("{}:{}: [{}]", path, reader.line_number(), printable(name));
      continue;
    }
    const std::size_t equals = text.find('=');
    Setting setting{std::string{trimmed(text.substr(0, equals))}, "", reader.line_number()};
    if (equals != std::string_view::npos) setting.value = trimmed(text.substr(equals + 1));
    if (!section)
      reader.fail(1,
                  fmt::format("expected a section such as [global] before \"{}\"", printable(setting.key)));
    apply(*section, setting, path);
  }
  if (jobs.empty())
    throw kit::ConfigError{fmt::format("{}: has no job section; add one, such as [job1]", path)};
  return jobs;
}

}  // namespace ahcisim::host
