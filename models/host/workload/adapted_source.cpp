// SPDX-License-Identifier: MIT
// Fitting addresses onto the disk, and times onto the experiment.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/adapted_source.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <cmath>

namespace ahcisim::host {
namespace {
constexpr std::uint64_t mib_sectors = (1u << 20) / sector_bytes;
__extension__ using Wide = unsigned __int128;
}  // namespace

AdaptedSource::AdaptedSource(std::unique_ptr<RequestSource> source, Adaptation adaptation)
    : source_{std::move(source)}, adaptation_{std::move(adaptation)} {
  const std::uint64_t disk = adaptation_.disk_sectors;
  usable_ = disk >= mib_sectors ? disk / mib_sectors * mib_sectors : disk;
  shrinks_ = adaptation_.beyond == Adaptation::Beyond::scale && usable_ >= mib_sectors &&
             adaptation_.source_sectors > disk;
  if (!(adaptation_.time_scale > 0) || !std::isfinite(adaptation_.time_scale))
    throw kit::ConfigError{
        fmt::format("{}: a time scale of {:g}; take one above 0", adaptation_.where, adaptation_.time_scale)};
}

bool AdaptedSource::next(IoRequest& request) {
  if (done_ >= adaptation_.limit || !source_->next(request)) return false;
  ++done_;
  if (adaptation_.without_times) {
    request.at = IoRequest::unknown;
    request.think = {};
  } else if (adaptation_.time_scale != 1) {
    if (request.at != IoRequest::unknown) request.at = scaled(request.at);
    request.think = scaled(request.think);
  }
  if (adaptation_.disk_sectors != 0 && request.sectors != 0) fit(request);
  return true;
}

kit::Duration AdaptedSource::scaled(kit::Duration time) const {
  const double ps = static_cast<double>(time.ps()) * adaptation_.time_scale;
  if (ps > 9e18)
    throw kit::ConfigError{fmt::format(
        "{}: with the time scale, times go beyond 104 days; take a smaller scale", adaptation_.where)};
  return kit::Duration::from_ps(std::llround(ps));
}

void AdaptedSource::fit(IoRequest& request) const {
  if (shrinks_) {
    const std::uint64_t from = (adaptation_.source_sectors + mib_sectors - 1) / mib_sectors,
                        to = usable_ / mib_sectors;
    const auto mib = static_cast<std::uint64_t>(Wide{request.lba / mib_sectors} * to / from);
    request.lba = mib * mib_sectors + request.lba % mib_sectors;
  }
  if (request.lba + request.sectors <= adaptation_.disk_sectors) return;
  if (adaptation_.beyond == Adaptation::Beyond::refuse)
    refuse(request, "take a larger disk, or set beyond_disk to \"fold\" or \"scale\"");
  if (request.sectors > usable_) refuse(request, "take a larger disk, for the request alone is larger");
  request.lba = std::min(request.lba % usable_, usable_ - request.sectors);
}

void AdaptedSource::refuse(const IoRequest& request, const char* remedy) const {
  const std::string place = source_->place();
  throw kit::ConfigError{fmt::format(
      "{}: request {} ({} of {} sectors at {}) lies beyond the disk of {} sectors; {}", place.empty() ? adaptation_.where : place,
      done_, name_of(request.op), request.sectors, request.lba, adaptation_.disk_sectors, remedy)};
}

void AdaptedSource::rewind() {
  source_->rewind();
  done_ = 0;
}

std::optional<std::uint64_t> AdaptedSource::size_hint() const {
  const auto all = source_->size_hint();
  if (adaptation_.limit == std::numeric_limits<std::uint64_t>::max()) return all;
  return all ? std::min(*all, adaptation_.limit) : adaptation_.limit;
}

double AdaptedSource::progress() const {
  const double by_count =
      adaptation_.limit == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(adaptation_.limit);
  return std::max(by_count, source_->progress());
}

std::string AdaptedSource::describe() const {
  std::string text = source_->describe();
  if (adaptation_.without_times)
    text += ", times ignored";
  else if (adaptation_.time_scale != 1)
    text += fmt::format(", times ×{:g}", adaptation_.time_scale);
  if (adaptation_.limit != std::numeric_limits<std::uint64_t>::max())
    text += fmt::format(", first {} requests", adaptation_.limit);
  if (shrinks_)
    text += ", addresses scaled to the disk";
  else if (adaptation_.beyond == Adaptation::Beyond::fold)
    text += ", addresses folded onto the disk";
  return text;
}

std::uint64_t span_of(RequestSource& source) {
  std::uint64_t end = 0;
  IoRequest request;
  while (source.next(request)) end = std::max(end, request.lba + request.sectors);
  source.rewind();
  return end;
}

}  // namespace ahcisim::host
