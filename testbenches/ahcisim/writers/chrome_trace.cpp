// SPDX-License-Identifier: MIT
// Writing of the Trace Event format. Times are microseconds with six decimals: picoseconds survive.
#include "chrome_trace.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "../results.hpp"

namespace ahcisim::program {
namespace {

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// Picoseconds as decimal microseconds, exactly.
std::string us(std::int64_t ps) { return fmt::format("{}.{:06}", ps / 1'000'000, ps % 1'000'000); }

std::string row_name(int row, const std::string& name) {
  return fmt::format(",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{},\"name\":\"thread_name\",\"args\":{{\"name\":{}}}}}", row, quoted(name)) +
         fmt::format(",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{0},\"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{0}}}}}", row);
}

std::string complete_event(int row, const std::string& name, std::int64_t begin, std::int64_t end, std::uint64_t request) {
  return fmt::format(",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"name\":{},\"ts\":{},\"dur\":{},\"args\":{{\"request\":{}}}}}", row,
                     quoted(name), us(begin), us(end - begin), request);
}

/// Rows on which spans nest: a span goes to the first row where it lies within what is open there, or after it.
class Rows {
 public:
  /// The row of a span; spans come in order of begin, longer ones first.
  std::size_t place(std::int64_t begin, std::int64_t end) {
    for (std::size_t row = 0; row < open_.size(); ++row) {
      std::vector<std::int64_t>& ends = open_[row];
      while (!ends.empty() && ends.back() <= begin) ends.pop_back();
      if (!ends.empty() && ends.back() < end) continue;
      ends.push_back(end);
      return row;
    }
    open_.push_back({end});
    return open_.size() - 1;
  }

 private:
  std::vector<std::vector<std::int64_t>> open_;  // for each row, the ends of the open spans, innermost last
};

}  // namespace

std::string ChromeTrace::request_rows(int& next_row) const {
  std::vector<const ShownRequest*> order;
  for (const ShownRequest& shown : requests_) order.push_back(&shown);
  const auto begin_of = [](const ShownRequest* shown) { return shown->tag.when(wire::Stage::submitted); };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return begin_of(a) < begin_of(b); });
  std::vector<std::int64_t> free_at;  // one row for each request in flight
  std::string text;
  for (const ShownRequest* shown : order) {
    const wire::RequestTag& tag = shown->tag;
    const std::int64_t begin = begin_of(shown), end = tag.when(wire::Stage::completed);
    const auto free = std::find_if(free_at.begin(), free_at.end(), [&](std::int64_t at) { return at <= begin; });
    const int row = next_row + static_cast<int>(free - free_at.begin());
    if (free == free_at.end()) {
      free_at.push_back(end);
      text += row_name(row, fmt::format("requests.{}", free_at.size()));
    } else {
      *free = end;
    }
    text += complete_event(row, fmt::format("{} {}", shown->what, tag.id), begin, end, tag.id);
    std::int64_t previous = begin;
    tag.account([&](wire::Stage stage, std::int64_t ps) {
      if (ps > 0) text += complete_event(row, wire::name_of(stage), previous, previous + ps, tag.id);
      previous += ps;
    });
  }
  next_row += static_cast<int>(free_at.size());
  return text;
}

std::string ChromeTrace::track_rows(const kit::Track* track, int& next_row) const {
  std::vector<const Span*> order;
  for (const Span& span : spans_)
    if (span.track == track && span.begin < span.end) order.push_back(&span);
  std::stable_sort(order.begin(), order.end(), [](auto a, auto b) { return a->begin != b->begin ? a->begin < b->begin : a->end > b->end; });
  Rows rows;
  std::size_t used = 0;
  std::string text;
  for (const Span* span : order) {
    const std::size_t row = rows.place(span->begin, span->end);
    for (; used <= row; ++used) text += row_name(next_row + static_cast<int>(used), used == 0 ? track->name() : fmt::format("{}.{}", track->name(), used + 1));
    text += complete_event(next_row + static_cast<int>(row), span->what, span->begin, span->end, span->request);
  }
  next_row += static_cast<int>(used);
  return text;
}

void ChromeTrace::write(const std::string& file, const std::string& title, const kit::ProbeRegistry& registry) {
  std::string text = fmt::format("{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"title\":{0}}},\"traceEvents\":[\n"
                                 "{{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{{\"name\":{0}}}}}", quoted(title));
  int next_row = 1;
  text += request_rows(next_row);
  for (const kit::Track* track : registry.tracks()) text += track_rows(track, next_row);
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  for (const Change& change : changes_)
    text += fmt::format(",\n{{\"ph\":\"C\",\"pid\":1,\"name\":{},\"ts\":{},\"args\":{{\"value\":{}}}}}", quoted(change.probe->name()),
                        us(change.at), change.value);
  write_file(file, text + "\n]}\n");
}

}  // namespace ahcisim::program
