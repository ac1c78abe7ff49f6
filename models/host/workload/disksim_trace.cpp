// SPDX-License-Identifier: MIT
// Parsing of DiskSim's validation and ASCII arrival traces.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/disksim_trace.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <charconv>

namespace ahcisim::host {
namespace {
constexpr double longest_us = 9e12;  // 104 days, inside the range of kit::Duration
}  // namespace

bool DisksimValidationTrace::next(IoRequest& request) {
  std::string_view line;
  do {
    if (!reader_.next(line)) return false;
  } while (LineFields{reader_, line}.at_end());
  LineFields fields{reader_, line};
  IoRequest parsed;
  const std::string_view op = fields.word("R or W");
  if (op != "R" && op != "W") fields.fail_at_word("R or W");
  parsed.op = op == "R" ? IoRequest::Op::read : IoRequest::Op::write;
  fields.word("the tag (\"Hit\" or \"Miss\")");
  parsed.lba = fields.number("the first block", highest_lba);
  parsed.sectors = static_cast<std::uint32_t>(fields.number("the number of blocks", most_sectors));
  if (parsed.sectors == 0) fields.fail_at_word("a number of blocks above 0");
  parsed.recorded_service =
      kit::Duration::from_us(fields.real("the measured service time in microseconds", longest_us));
  parsed.think = pause_;
  pause_ = kit::Duration::from_us(fields.real("the think time in microseconds", longest_us));
  fields.end();
  request = parsed;
  return true;
}

void DisksimValidationTrace::rewind() {
  reader_.rewind();
  pause_ = {};
}

std::string DisksimValidationTrace::describe() const {
  return fmt::format("DiskSim validation trace {}", reader_.path());
}

bool DisksimArrivalTrace::next(IoRequest& request) {
  std::string_view line;
  for (;;) {
    if (!reader_.next(line)) {
      if (wanted_ && !found_)
        throw kit::ConfigError{
            fmt::format("{}: has no request to device {}; choose a device that the trace names", reader_.path(), *wanted_)};
      return false;
    }
    LineFields fields{reader_, line};
    if (fields.at_end()) continue;
    IoRequest parsed;
    const auto arrival =
        kit::Duration::from_ms(fields.real("the arrival time in milliseconds", longest_us * 1e-3));
    if (start_ && arrival < previous_) fields.fail_at_word("an arrival not before the previous one");
    const std::uint64_t device = fields.number("the device number");
    if (!wanted_ && seen_ && *seen_ != device)
      fields.fail_at_word(
          fmt::format("device {} as before (choose one of {} and {} with the option \"device\")", *seen_,
                      *seen_, device));
    parsed.lba = fields.number("the first block", highest_lba);
    parsed.sectors = static_cast<std::uint32_t>(fields.number("the number of blocks", most_sectors));
    if (parsed.sectors == 0) fields.fail_at_word("a number of blocks above 0");
    const std::string_view text = fields.word("the flags in hexadecimal");
    std::uint32_t flags = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), flags, 16);
    if (error != std::errc{} || end != text.data() + text.size())
      fields.fail_at_word("the flags in hexadecimal");
    fields.end();
    previous_ = arrival;
    seen_ = device;
    if (!start_) start_ = arrival;
    if (wanted_ && *wanted_ != device) continue;
    found_ = true;
    parsed.op = flags & 1 ? IoRequest::Op::read : IoRequest::Op::write;
    parsed.at = arrival - *start_;
    request = parsed;
    return true;
  }
}

void DisksimArrivalTrace::rewind() {
  reader_.rewind();
  seen_.reset();
  start_.reset();
  previous_ = {};
  found_ = false;
}

std::string DisksimArrivalTrace::describe() const {
  return fmt::format("DiskSim arrival trace {}", reader_.path());
}

}  // namespace ahcisim::host
