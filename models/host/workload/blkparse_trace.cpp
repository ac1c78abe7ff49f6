// SPDX-License-Identifier: MIT
// Parsing of blkparse text, and the matching of completions with issues.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ahcisim/models/host/workload/blkparse_trace.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <charconv>
#include <set>

namespace ahcisim::host {
namespace {
using Op = IoRequest::Op;

constexpr std::string_view summary_starts[] = {"CPU", "Total"};
constexpr std::string_view known_actions[] = {"Q", "G", "I", "D", "C", "P", "U", "UT", "M",
                                              "F", "R", "A", "X", "B", "S", "T", "m"};

bool is_device(std::string_view text) {
  const std::size_t comma = text.find(',');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return comma != std::string_view::npos && digits(text.substr(0, comma)) && digits(text.substr(comma + 1));
}

/// Seconds with up to nine decimals, exactly.
kit::Duration time_of(LineFields& fields) {
  constexpr const char* expected = "the time as seconds.nanoseconds";
  const std::string_view text = fields.word(expected);
  const std::size_t point = text.find('.');
  std::uint64_t seconds = 0, fraction = 0;
  if (point == std::string_view::npos || text.size() - point - 1 > 9) fields.fail_at_word(expected);
  const auto whole = std::from_chars(text.data(), text.data() + point, seconds);
  const auto rest = std::from_chars(text.data() + point + 1, text.data() + text.size(), fraction);
  if (whole.ec != std::errc{} || whole.ptr != text.data() + point || rest.ec != std::errc{} ||
      rest.ptr != text.data() + text.size() || seconds > 9'000'000)
    fields.fail_at_word(expected);
  for (std::size_t digits = text.size() - point - 1; digits < 12; ++digits) fraction *= 10;
  return kit::Duration::from_ps(static_cast<std::int64_t>(seconds * 1'000'000'000'000u + fraction));
}

enum class Kind { blocks, packet };

/// RWBS as the kernel's blk_fill_rwbs writes it. What moves no blocks is a packet command.
Kind parse_rwbs(LineFields& fields, IoRequest& request) {
  const std::string_view text = fields.word("the RWBS letters");
  std::size_t i = 0;
  if (text[0] == 'F') {
    ++i;
    request.flush_first = true;
  }
  const char direction = i < text.size() ? text[i] : '\0';
  switch (direction) {
    case 'R':
      request.op = Op::read, ++i;
      break;
    case 'W':
      request.op = Op::write, ++i;
      break;
    case 'D':
      request.op = Op::trim, ++i;
      break;
    case 'Z':
      fields.fail_at_word("RWBS letters of a disk without zones (zone commands are not modelled)");
    case 'N':
      if (!request.flush_first) return Kind::packet;
      ++i;
      [[fallthrough]];
    default:
      if (!request.flush_first) fields.fail_at_word("RWBS letters (R, W, D, F or N first)");
      if (direction == 'F') ++i;
      request.op = Op::flush;
      request.flush_first = false;
  }
  for (; i < text.size(); ++i) {
    if (text[i] == 'F')
      request.fua = request.op == Op::write;
    else if (std::string_view{"SAMBUE"}.find(text[i]) == std::string_view::npos)
      fields.fail_at_word("RWBS letters (R, W, D, F, N with F, S, A, M, B, U after it)");
  }
  return Kind::blocks;
}

/// The bracket that ends the line; its name may have blanks.
void parse_process(LineFields& fields) {
  std::string_view word = fields.word("the process in brackets");
  if (word[0] != '[' && word[0] != '(') fields.fail_at_word("the process in brackets");
  while (!fields.at_end()) word = fields.word("the process in brackets");
  if (word.back() != ']') fields.fail_at_word("the process in brackets, closed by \"]\"");
}

/// Whether the bracket follows at once, or after a sector of 0: blkparse prints no "+ 0".
bool is_empty_extent(LineFields ahead) {
  const char* const expected = "the first sector, or the process in brackets";
  std::string_view word = ahead.word(expected);
  if (word == "0" && !ahead.at_end()) word = ahead.word(expected);
  return word[0] == '[';
}

/// `sector + count`, and the bracket that ends the line. A payload in its place makes it a packet command.
Kind parse_extent(LineFields& fields, IoRequest& request, std::uint64_t most) {
  if ((request.op == Op::flush || request.flush_first) && is_empty_extent(fields)) {
    LineFields ahead{fields};
    if (ahead.word("the process in brackets") == "0") fields.number("the first sector");
    parse_process(fields);
    return Kind::blocks;
  }
  request.lba = fields.number("the first sector", highest_lba);
  const std::string_view plus = fields.word("+ and the number of sectors");
  if (plus[0] == '(' || plus[0] == '[') return Kind::packet;
  if (plus != "+") fields.fail_at_word("+ and the number of sectors");
  request.sectors = static_cast<std::uint32_t>(fields.number("the number of sectors", most));
  parse_process(fields);
  return Kind::blocks;
}

/// What follows the action on a line that is none of the disk's: nobody replays it, but a trace that is damaged there is damaged.
void check_other(LineFields& fields, std::string_view action) {
  constexpr std::string_view of_a_request[] = {"Q", "G", "I", "M", "F", "B", "S"};
  if (std::find(std::begin(of_a_request), std::end(of_a_request), action) != std::end(of_a_request)) {
    IoRequest request;
    if (parse_rwbs(fields, request) == Kind::packet) return;
    LineFields ahead{fields};
    const char first = ahead.word("the first sector, or the process in brackets")[0];
    if (first != '[' && first != '(') parse_extent(fields, request, UINT32_MAX);
  } else if (action == "A" || action == "X") {  // remapped from another device; split in two
    IoRequest request;
    if (parse_rwbs(fields, request) == Kind::packet) return;
    fields.number("the first sector", highest_lba);
    const std::string_view wanted = action == "A" ? "+" : "/";
    const char* const expected = action == "A" ? "+ and the number of sectors" : "/ and the sector of the second part";
    if (fields.word(expected) != wanted) fields.fail_at_word(expected);
    fields.number(action == "A" ? "the number of sectors" : "the sector of the second part", highest_lba);
  }  // plugging, timers and messages have no request
}

}  // namespace

BlkparseTrace::BlkparseTrace(std::string path, std::string device)
    : reader_{std::move(path)}, wanted_{std::move(device)}, pending_(window) {
  if (!wanted_.empty() && !is_device(wanted_))
    throw kit::ConfigError{
        fmt::format("device \"{}\" is no device of a block trace; write for example \"8,0\"", wanted_)};
}

void BlkparseTrace::rewind() {
  reader_.rewind();
  seen_.clear();
  first_ = end_ = 0;
  open_.clear();
  start_.reset();
  previous_ = {};
  ended_ = false;
}

bool BlkparseTrace::next(IoRequest& request) {
  for (;;) {
    while (first_ != end_) {
      Pending& oldest = pending(first_);
      if (oldest.state == Pending::State::open && !ended_ && end_ - first_ < window) break;
      if (oldest.state == Pending::State::open)
        open_.erase(open_.begin());  // the oldest open one, by construction
      ++first_;
      if (oldest.state == Pending::State::taken_back) continue;
      request = oldest.request;
      given_line_ = oldest.line;
      return true;
    }
    if (ended_) {
      if (!start_) refuse_idle();
      return false;
    }
    ended_ = !read_event();
  }
}

bool BlkparseTrace::read_event() {
  std::string_view line;
  if (!reader_.next(line)) return false;
  LineFields fields{reader_, line};
  if (fields.at_end()) return true;
  const std::string_view device = fields.word("the device");
  if (!is_device(device)) {
    for (std::string_view start : summary_starts)
      if (device.substr(0, start.size()) == start) return false;
    if (device == "Input") return true;  // "Input file sda.blktrace.0 added"
    fields.fail_at_word("the device as major,minor");
  }
  fields.number("the CPU");
  fields.number("the sequence number");
  const kit::Duration at = time_of(fields);
  fields.number("the process id");
  const std::string_view action = fields.word("the action");
  if (action != "D" && action != "C" && action != "R") {
    if (std::find(std::begin(known_actions), std::end(known_actions), action) == std::end(known_actions))
      fields.fail_at_word(fmt::format("an action (one of {})", fmt::join(known_actions, " ")));
    check_other(fields, action);
    return true;
  }
  IoRequest request;
  if (parse_rwbs(fields, request) == Kind::packet) return true;
  const std::uint64_t most = request.op == Op::trim ? UINT32_MAX : most_sectors;
  if (parse_extent(fields, request, most) == Kind::packet) return true;
  if (request.sectors == 0 && request.op != Op::flush) {
    if (!request.flush_first) return true;
    request.op = Op::flush;  // an empty write with a preflush is how a flush looks on its way to the disk
    request.flush_first = false;
  }
  if (request.op == Op::flush) request.lba = request.sectors = 0;
  if (!is_wanted(device)) return true;
  if (action == "D")
    issue(request, at);
  else
    settle(request, at, action == "C" ? Pending::State::done : Pending::State::taken_back);
  return true;
}

bool BlkparseTrace::is_wanted(std::string_view device) {
  if (!wanted_.empty() && device != wanted_) return false;
  if (seen_.empty()) seen_ = device;
  if (device == seen_) return true;
  throw kit::ConfigError{fmt::format(
      "{}:{}:1: expected device {} as before, found {}; choose one of {} with the option \"device\"",
      reader_.path(), reader_.line_number(), seen_, device, devices())};
}

void BlkparseTrace::issue(const IoRequest& request, kit::Duration at) {
  if (!start_) start_ = at;
  previous_ = kit::max(previous_, at - *start_);
  Pending& added = pending(end_);
  added = Pending{};
  added.request = request;
  added.request.at = previous_;
  added.line = reader_.line_number();
  added.issued = at;
  added.next_sector = request.lba;
  added.sectors_left = request.sectors;
  open_.push_back(end_++);
}

void BlkparseTrace::settle(const IoRequest& request, kit::Duration at, Pending::State state) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](std::uint64_t number) {
    const Pending& candidate = pending(number);
    return candidate.request.op == request.op && candidate.next_sector == request.lba &&
           request.sectors <= candidate.sectors_left;
  });
  if (found == open_.end()) return;  // issued before the trace began
  Pending& settled = pending(*found);
  if (state == Pending::State::done && request.sectors < settled.sectors_left) {  // completed in parts
    settled.next_sector += request.sectors;
    settled.sectors_left -= request.sectors;
    return;
  }
  settled.state = state;
  settled.request.recorded_service = kit::max(at - settled.issued, kit::Duration{});
  open_.erase(found);
}

/// A trace of which nothing can be replayed.
void BlkparseTrace::refuse_idle() const {
  if (!wanted_.empty())
    throw kit::ConfigError{
        fmt::format("{}: issues nothing to device {}; choose one of {}", reader_.path(), wanted_, devices())};
  throw kit::ConfigError{
      fmt::format("{}: issues nothing to a disk: it has no request with action D; record with blktrace -a issue -a complete", reader_.path())};
}

std::string BlkparseTrace::devices() const {
  LineReader again{reader_.path()};
  std::set<std::string> names;
  std::string_view line;
  while (names.size() < 16 && again.next(line)) {
    LineFields fields{again, line};
    if (fields.at_end() || !is_device(fields.word("the device"))) continue;
    const std::string device{fields.last()};
    for (int skipped = 0; skipped < 4 && !fields.at_end(); ++skipped) fields.word("");
    if (!fields.at_end() && fields.word("the action") == "D") names.insert(device);
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " "));
}

std::string BlkparseTrace::describe() const {
  return fmt::format("block trace {}{}", reader_.path(),
                     wanted_.empty() ? "" : fmt::format(" (device {})", wanted_));
}

}  // namespace ahcisim::host
