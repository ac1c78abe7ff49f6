// SPDX-License-Identifier: MIT
// Writing of the Trace Event format. Times are microseconds with six decimals: picoseconds survive.
#include "chrome_trace.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace {

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// Picoseconds as decimal microseconds, exactly.
std::string us(std::int64_t ps) { return fmt::format("{}.{:06}", ps / 1'000'000, ps % 1'000'000); }

}  // namespace

ChromeTrace::ChromeTrace(const std::string& file, const std::string& title) : file_{std::fopen(file.c_str(), "w"), std::fclose} {
  if (!file_) throw kit::ConfigError{file + ": cannot be written; choose another folder with --results"};
  fmt::print(file_.get(), "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"title\":{}}},\"traceEvents\":[\n", quoted(title));
}

ChromeTrace::~ChromeTrace() { fmt::print(file_.get(), "\n]}}\n"); }

int ChromeTrace::row_of(const void* track, const std::string& name) {
  const auto [entry, added] = rows_.try_emplace(track, next_row_);
  if (added) {
    ++next_row_;
    fmt::print(file_.get(), "{}{{\"ph\":\"M\",\"pid\":1,\"tid\":{},\"name\":\"thread_name\",\"args\":{{\"name\":{}}}}}",
               first_ ? "" : ",\n", entry->second, quoted(name));
    first_ = false;
  }
  return entry->second;
}

void ChromeTrace::event(char phase, int row, const std::string& name, std::int64_t begin_ps, std::int64_t length_ps, std::uint64_t request) {
  fmt::print(file_.get(), "{}{{\"ph\":\"{}\",\"pid\":1,\"tid\":{},\"name\":{},\"ts\":{},\"dur\":{},\"args\":{{\"request\":{}}}}}",
             first_ ? "" : ",\n", phase, row, quoted(name), us(begin_ps), us(length_ps), request);
  first_ = false;
}

void ChromeTrace::state(const kit::StateProbe& probe, kit::Duration when, std::uint64_t value) {
  fmt::print(file_.get(), "{}{{\"ph\":\"C\",\"pid\":1,\"name\":{},\"ts\":{},\"args\":{{\"value\":{}}}}}", first_ ? "" : ",\n",
             quoted(probe.name()), us(when.ps()), value);
  first_ = false;
}

void ChromeTrace::span(const kit::Track& track, const char* what, kit::Duration begin, kit::Duration end, std::uint64_t request) {
  event('X', row_of(&track, track.name()), what, begin.ps(), (end - begin).ps(), request);
}

void ChromeTrace::request(const wire::RequestTag& tag, const char* what, unsigned row) {
  const auto [entry, added] = request_rows_.try_emplace(row, next_row_);
  if (added) {
    ++next_row_;
    fmt::print(file_.get(), "{}{{\"ph\":\"M\",\"pid\":1,\"tid\":{},\"name\":\"thread_name\",\"args\":{{\"name\":\"request {}\"}}}}",
               first_ ? "" : ",\n", entry->second, row);
    first_ = false;
  }
  const std::int64_t begin = tag.when(wire::Stage::submitted), end = tag.when(wire::Stage::completed);
  event('X', entry->second, fmt::format("{} {}", what, tag.id), begin, end - begin, tag.id);
  std::int64_t previous = begin;
  for (std::size_t i = 1; i < wire::stage_count; ++i) {
    const std::int64_t at = tag.at[i];
    if (at < 0) continue;
    if (at > previous) event('X', entry->second, wire::name_of(static_cast<wire::Stage>(i)), previous, at - previous, tag.id);
    previous = std::max(previous, at);
  }
}

}  // namespace ahcisim::program
