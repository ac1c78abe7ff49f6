// SPDX-License-Identifier: MIT
// Parsing of fio's I/O logs.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/fio_iolog.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {
namespace {
using Op = IoRequest::Op;
constexpr std::uint64_t longest_us = 9'000'000'000'000;  // 104 days, inside the range of kit::Duration

kit::Duration microseconds(LineFields& fields, const char* expected) {
  return kit::Duration::from_ps(static_cast<std::int64_t>(fields.number(expected, longest_us)) * 1'000'000);
}
}  // namespace

FioIolog::FioIolog(std::string path, std::string file) : reader_{std::move(path)}, wanted_{std::move(file)} {
  read_header();
}

void FioIolog::read_header() {
  std::string_view line;
  if (!reader_.next(line))
    throw kit::ConfigError{fmt::format("{}: is empty; give a log written by fio", reader_.path())};
  if (line == "fio version 2 iolog")
    version_ = 2;
  else if (line == "fio version 3 iolog")
    version_ = 3;
  else
    reader_.fail(1, "expected \"fio version 2 iolog\" or \"fio version 3 iolog\"");
}

void FioIolog::rewind() {
  reader_.rewind();
  read_header();
  seen_.clear();
  start_.reset();
  previous_ = waited_ = {};
}

bool FioIolog::next(IoRequest& request) {
  std::string_view line;
  while (reader_.next(line)) {
    LineFields fields{reader_, line};
    if (fields.at_end()) continue;
    IoRequest parsed;
    if (!parse(fields, parsed)) continue;
    request = parsed;
    return true;
  }
  if (seen_.empty() && !wanted_.empty())
    throw kit::ConfigError{
        fmt::format("{}: has no I/O to \"{}\"; choose a file that the log names", reader_.path(), wanted_)};
  if (seen_.empty())
    throw kit::ConfigError{
        fmt::format("{}: has no I/O; give a log of a job that ran to its end (fio --write_iolog)", reader_.path())};
  return false;
}

bool FioIolog::parse(LineFields& fields, IoRequest& request) {
  kit::Duration time;
  if (version_ == 3) time = microseconds(fields, "the time in microseconds");
  const std::string_view file = fields.word("the file name");
  const std::string_view action = fields.word("the action");
  if (action == "add" || action == "open" || action == "close" || action == "unlink")
    return fields.end(), false;
  if (action == "wait") {
    if (version_ == 3) fields.fail_at_word("no wait in version 3, which has times instead");
    waited_ += microseconds(fields, "the wait in microseconds");
    if (waited_ > kit::Duration::from_ps(static_cast<std::int64_t>(longest_us) * 1'000'000))
      fields.fail_at_word("less than 104 days of waiting");
    if (!fields.at_end()) fields.number("the length");
    return fields.end(), false;
  }
  if (action == "read")
    request.op = Op::read;
  else if (action == "write")
    request.op = Op::write;
  else if (action == "trim")
    request.op = Op::trim;
  else if (action == "sync" || action == "datasync" || action == "syncfs")
    request.op = Op::flush;
  else
    fields.fail_at_word("an action (add, open, close, unlink, read, write, trim, sync, datasync, wait)");
  if (request.op != Op::flush) {
    constexpr const char* offset_expected = "an offset in bytes that is a multiple of 512";
    constexpr const char* length_expected = "a length in bytes that is a multiple of 512";
    const std::uint64_t offset = fields.number(offset_expected);
    if (offset % sector_bytes != 0 || offset / sector_bytes > highest_lba)
      fields.fail_at_word(offset_expected);
    const std::uint64_t most = request.op == Op::trim ? UINT32_MAX : most_sectors;
    const std::uint64_t length = fields.number(length_expected, most * sector_bytes);
    if (length == 0 || length % sector_bytes != 0) fields.fail_at_word(length_expected);
    request.lba = offset / sector_bytes;
    request.sectors = static_cast<std::uint32_t>(length / sector_bytes);
  } else if (!fields.at_end()) {
    fields.number("the offset");
    fields.number("the length");
  }
  fields.end();
  if (!wanted_.empty() && file != wanted_) return false;
  if (seen_.empty()) seen_ = file;
  if (file != seen_)
    reader_.fail(
        0,
        fmt::format("expected I/O to {} as before, found {}; choose one of them with the option \"device\"",
                    printable(seen_), printable(file)));
  if (version_ == 3) {
    if (!start_) start_ = time;
    request.at = previous_ = kit::max(previous_, time - *start_);
  }
  request.think = waited_;
  waited_ = {};
  return true;
}

std::string FioIolog::describe() const {
  return fmt::format("fio iolog {} (version {})", reader_.path(), version_);
}

}  // namespace ahcisim::host
