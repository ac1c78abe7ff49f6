// SPDX-License-Identifier: MIT
// The generator's draws: direction, block, and the flushes between.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/generator.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <boost/random/uniform_int_distribution.hpp>

namespace ahcisim::host {
namespace {
[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw kit::ConfigError{fmt::format("{}: {}", where, what)};
}
}  // namespace

Generator::Generator(const Pattern& pattern, const std::string& where) : pattern_{pattern} {
  if (pattern.sectors == 0 || pattern.sectors > 65536)
    refuse(where, fmt::format("a block of {} sectors; take 512 B to 32 MiB, the largest ATA command",
                              pattern.sectors));
  blocks_ = pattern.span / pattern.sectors;
  if (blocks_ == 0)
    refuse(where,
           fmt::format("the span of {} sectors holds no block of {}; take a larger span or smaller blocks",
                       pattern.span, pattern.sectors));
  if (pattern.read_percent > 100) refuse(where, "more than 100 % reads; take 0 to 100");
  if (pattern.first > INT64_MAX || pattern.span > INT64_MAX)
    refuse(where, "an address beyond 2^63 sectors; take less");
  if (pattern.order == Pattern::Order::zipf && !(pattern.zipf_exponent > 0 && pattern.zipf_exponent <= 100))
    refuse(where, "a Zipf exponent that is not above 0; take for example 1.1");
  mixed_ = pattern.read_percent != 0 && pattern.read_percent != 100;
  read_threshold_ = pattern.read_percent * (UINT64_MAX / 100);
  if (pattern.order == Pattern::Order::zipf) zipf_ = Zipf{blocks_, pattern.zipf_exponent};
  rewind();
}

void Generator::rewind() {
  random_.seed(Permutation::mix(pattern_.seed));
  permutation_ = Permutation{blocks_, pattern_.seed};
  position_[0] = position_[1] = pass_ = done_ = unflushed_ = 0;
}

std::uint64_t Generator::block(bool other) {
  switch (pattern_.order) {
    case Pattern::Order::uniform:
      return boost::random::uniform_int_distribution<std::uint64_t>{0, blocks_ - 1}(random_);
    case Pattern::Order::zipf:
      return permutation_(zipf_(random_));
    case Pattern::Order::shuffled:
      if (position_[0] == blocks_) {  // another pass in another order
        position_[0] = 0;
        permutation_ = Permutation{blocks_, pattern_.seed + ++pass_ * 0x632be59bd9b4e019ull};
      }
      return permutation_(position_[0]++);
    case Pattern::Order::sequential:
      break;
  }
  std::uint64_t& position = position_[other];
  const std::uint64_t taken = position;
  if (++position == blocks_) position = 0;
  return taken;
}

bool Generator::next(IoRequest& request) {
  // fio counts the same way: the flush comes when the next request would, so the last writes of a job get
  // theirs too.
  if (pattern_.flush_every != 0 && unflushed_ == pattern_.flush_every) {
    unflushed_ = 0;
    request = IoRequest{};
    request.op = IoRequest::Op::flush;
    return true;
  }
  if (done_ >= pattern_.count) return false;
  const bool read = mixed_ ? random_() < read_threshold_ : pattern_.read_percent == 100;
  request = IoRequest{};
  if (!read) {
    request.op = pattern_.trim ? IoRequest::Op::trim : IoRequest::Op::write;
    if (!pattern_.trim) ++unflushed_;
  }
  request.lba = pattern_.first + block(!read) * pattern_.sectors;
  request.sectors = pattern_.sectors;
  if (done_ != 0) request.think = pattern_.think;
  ++done_;
  return true;
}

std::optional<std::uint64_t> Generator::size_hint() const {
  if (pattern_.count == Pattern::endless) return std::nullopt;
  return pattern_.count;
}

double Generator::progress() const {
  if (pattern_.count == Pattern::endless) return 0;
  return pattern_.count == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(pattern_.count);
}

std::string Generator::describe() const {
  const char* others = pattern_.trim ? "trim" : "write";
  const std::string mix = pattern_.read_percent == 100 ? "read"
                          : pattern_.read_percent == 0
                              ? others
                              : fmt::format("{}% read, {}", pattern_.read_percent, others);
  const char* order = pattern_.order == Pattern::Order::sequential ? "sequential"
                      : pattern_.order == Pattern::Order::uniform  ? "random"
                      : pattern_.order == Pattern::Order::shuffled ? "random (each block once)"
                                                                   : "Zipf";
  const auto size = [](std::uint64_t sectors) {
    return kit::to_text(kit::Bytes{static_cast<std::int64_t>(sectors) * sector_bytes});
  };
  std::string text = fmt::format("{} {}", order, mix);
  if (pattern_.order == Pattern::Order::zipf) text += fmt::format(" (exponent {:g})", pattern_.zipf_exponent);
  text += fmt::format(", bs={} over {}", size(pattern_.sectors), size(pattern_.span));
  if (pattern_.first != 0) text += fmt::format(" from sector {}", pattern_.first);
  if (pattern_.count != Pattern::endless) text += fmt::format(", {} requests", pattern_.count);
  if (pattern_.flush_every != 0) text += fmt::format(", a flush every {} writes", pattern_.flush_every);
  if (pattern_.think != kit::Duration{}) text += fmt::format(", {} think time", kit::to_text(pattern_.think));
  return text;
}

}  // namespace ahcisim::host
