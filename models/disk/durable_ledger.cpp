// SPDX-License-Identifier: MIT
// Keeping the versions of sectors, and looking back.
#include <ahcisim/models/disk/durable_ledger.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {

using kit::Duration;

namespace {

/// The unit in which bytes are kept and given back: a sector that lives long keeps its neighbours' memory, not a whole command's.
constexpr std::uint64_t block_sectors = 8;

std::uint64_t end_of(const LbaRange& range) { return range.lba + std::min(range.count, ~std::uint64_t{0} - range.lba); }

}  // namespace

DurableLedger::DurableLedger(Medium& medium, Store& store, const Options& options)
    : medium_{medium}, store_{store}, watched_{options.watched}, most_bytes_{options.most_bytes}, forget_at_{options.most_bytes} {
  watched_ = watched_part({0, store.sectors()});
  if (options.before == Before::copied) copy_before(options.most_bytes);
  medium_.watch_durability(this);
}

void DurableLedger::copy_before(std::uint64_t most_bytes) {
  if (watched_.count > most_bytes / sector_bytes)
    throw kit::ConfigError{fmt::format("durable ledger: {} sectors are to be copied and {} bytes may be kept; watch fewer or allow more",
                                       watched_.count, most_bytes)};
  const std::uint64_t end = end_of(watched_);
  for (std::uint64_t lba = watched_.lba; lba < end;) {
    const std::uint64_t run = std::min(end - lba, block_sectors - lba % block_sectors);
    const auto block = memory(run * sector_bytes);
    store_.read(lba, static_cast<std::uint32_t>(run), block.get());
    for (std::uint64_t i = 0; i < run; ++i)
      if (const std::uint8_t* bytes = block.get() + i * sector_bytes; std::memcmp(bytes, zero_page(), sector_bytes) != 0)
        sectors_[lba + i].push_back({0, Duration{}, Duration{}, {block, bytes}});
    lba += run;
  }
}

LbaRange DurableLedger::watched_part(const LbaRange& range) const {
  const std::uint64_t begin = std::max(range.lba, watched_.lba), end = std::min(end_of(range), end_of(watched_));
  return begin < end ? LbaRange{begin, end - begin} : LbaRange{};
}

std::shared_ptr<std::uint8_t> DurableLedger::memory(std::size_t bytes) {
  *kept_ += bytes;
  return {new std::uint8_t[bytes], [kept = kept_, bytes](const std::uint8_t* memory) {
            *kept -= bytes;
            delete[] memory;
          }};
}

/// Calls function(lba, history) for each sector of a range of which anything is known.
template <class Function> void DurableLedger::each_known(const LbaRange& range, Function&& function) {
  const std::uint64_t end = end_of(range);
  if (range.count > sectors_.size()) {
    for (auto& [lba, history] : sectors_)
      if (lba >= range.lba && lba < end) function(lba, history);
    return;
  }
  for (std::uint64_t lba = range.lba; lba < end; ++lba)
    if (const auto found = sectors_.find(lba); found != sectors_.end()) function(lba, found->second);
}

std::uint64_t DurableLedger::accepted(const LbaRange& range, bool trimmed, Duration now) {
  ++versions_;
  const LbaRange part = watched_part(range);
  if (trimmed)  // what was never written is zeros already
    each_known(part, [&](std::uint64_t, History& history) { history.push_back({versions_, now, Duration::never(), nullptr}); });
  else
    take_bytes(part, now);
  if (*kept_ > forget_at_) forget_older_half();
  return versions_;
}

void DurableLedger::take_bytes(const LbaRange& range, Duration now) {
  const std::uint64_t end = end_of(range);
  for (std::uint64_t lba = range.lba; lba < end;) {
    const std::uint64_t run = std::min(end - lba, block_sectors - lba % block_sectors);
    const auto block = memory(run * sector_bytes);
    store_.read(lba, static_cast<std::uint32_t>(run), block.get());
    for (std::uint64_t i = 0; i < run; ++i)
      sectors_[lba + i].push_back({versions_, now, Duration::never(), {block, block.get() + i * sector_bytes}});
    lba += run;
  }
}

void DurableLedger::persisted(const LbaRange& range, std::uint64_t version, Duration first, Duration last) {
  const auto steps = static_cast<std::int64_t>(range.count) - 1;
  each_known(watched_part(range), [&](std::uint64_t lba, History& history) {
    auto one = history.rbegin();
    while (one != history.rend() && one->number > version) ++one;
    if (one == history.rend()) return;
    const auto step = static_cast<std::int64_t>(lba - range.lba);
    const Duration at = step == steps ? last : first + (last - first) / steps * step;
    one->durable = min(one->durable, at);
  });
}

/// Versions that no power cut after the middle of what is kept could leave.
void DurableLedger::forget_older_half() {
  std::vector<Duration> times;
  for (const auto& [lba, history] : sectors_)
    for (const Version& version : history) times.push_back(version.accepted);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  horizon_ = max(horizon_, *middle);
  for (auto& [lba, history] : sectors_)
    if (const Version* oldest = safe_at(history, horizon_))
      history.erase(history.begin(), history.begin() + (oldest - history.data()));
  forget_at_ = std::max(most_bytes_, *kept_ + *kept_ / 2);
}

const DurableLedger::Version* DurableLedger::safe_at(const History& history, Duration at) {
  for (auto one = history.rbegin(); one != history.rend(); ++one)
    if (one->durable <= at) return &*one;
  return nullptr;
}

void DurableLedger::check_time(Duration at) const {
  if (at < horizon_)
    throw std::out_of_range{fmt::format("power cut at {} ms, but the history before {} ms is forgotten; allow more bytes", at.ms(), horizon_.ms())};
}

DurableView DurableLedger::power_cut(Duration at) const {
  check_time(at);
  return {*this, at};
}

std::vector<DurableLedger::Change> DurableLedger::timeline() const {
  std::vector<Change> changes;
  std::vector<const Version*> order;
  for (const auto& [lba, history] : sectors_) {
    order.clear();
    for (const Version& version : history)
      if (version.durable != Duration::never()) order.push_back(&version);
    std::sort(order.begin(), order.end(), [](const Version* a, const Version* b) {
      return std::tie(a->durable, b->number) < std::tie(b->durable, a->number);  // of those at once the newest first
    });
    const Version* shown = nullptr;
    for (const Version* version : order) {
      if (shown && version->number < shown->number) continue;
      changes.push_back({version->durable, lba, version->number, version->bytes ? version->bytes.get() : zero_page()});
      shown = version;
    }
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return std::tie(a.at, a.lba) < std::tie(b.at, b.lba); });
  return changes;
}

std::uint64_t DurableLedger::unsafe_sectors(Duration at) const {
  check_time(at);
  std::uint64_t count = 0;
  for (const auto& [lba, history] : sectors_) {
    const auto newest = std::find_if(history.rbegin(), history.rend(), [at](const Version& one) { return one.accepted <= at; });
    count += newest != history.rend() && newest->durable > at;
  }
  return count;
}

void DurableView::read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) {
  check_run(lba, sectors, this->sectors());
  for (const std::uint64_t end = lba + sectors; lba < end; ++lba, to += sector_bytes) {
    const auto found = ledger_.sectors_.find(lba);
    if (found == ledger_.sectors_.end()) {
      ledger_.store_.read(lba, 1, to);
      continue;
    }
    const DurableLedger::Version* version = DurableLedger::safe_at(found->second, at_);
    std::memcpy(to, version && version->bytes ? version->bytes.get() : zero_page(), sector_bytes);
  }
}

void DurableView::write(std::uint64_t, std::uint32_t, const std::uint8_t*) {
  throw std::logic_error{"write to what a power cut left, which is read-only"};
}

void DurableView::trim(std::uint64_t, std::uint64_t) {
  throw std::logic_error{"trim of what a power cut left, which is read-only"};
}

std::uint64_t DurableView::version(std::uint64_t lba) const {
  const auto found = ledger_.sectors_.find(lba);
  const DurableLedger::Version* version =
      found == ledger_.sectors_.end() ? nullptr : DurableLedger::safe_at(found->second, at_);
  return version ? version->number : 0;
}

}  // namespace ahcisim::disk
