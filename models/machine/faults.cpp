// SPDX-License-Identifier: MIT
// From places to faults.
#include <ahcisim/models/machine/faults.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace ahcisim::machine {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `FIRST` or `FIRST+COUNT`.
std::optional<disk::LbaRange> place_of(std::string_view text) {
  const std::size_t plus = text.find('+');
  const std::optional<std::uint64_t> first = number(trimmed(text.substr(0, plus)));
  const std::optional<std::uint64_t> count = plus == std::string_view::npos ? 1 : number(trimmed(text.substr(plus + 1)));
  if (!first || !count || *count == 0) return std::nullopt;
  return disk::LbaRange{*first, *count};
}

bool meet(const disk::LbaRange& a, const disk::LbaRange& b) { return a.lba < b.lba + b.count && b.lba < a.lba + a.count; }

/// The first of the places that lies in `sectors`, which is then met no more.
std::optional<disk::LbaRange> take(std::vector<disk::LbaRange>& places, const disk::LbaRange& sectors) {
  const auto found = std::find_if(places.begin(), places.end(), [&](const disk::LbaRange& place) { return meet(place, sectors); });
  if (found == places.end()) return std::nullopt;
  const disk::LbaRange place = *found;
  places.erase(found);
  return place;
}

}  // namespace

std::vector<disk::LbaRange> fault_places(const std::string& key, const std::string& text, std::uint64_t sectors) {
  std::vector<disk::LbaRange> places;
  for (std::string_view left = text; !left.empty();) {
    const std::size_t comma = std::min(left.find(','), left.size());
    const std::string_view word = trimmed(left.substr(0, comma));
    left.remove_prefix(std::min(comma + 1, left.size()));
    const std::optional<disk::LbaRange> place = place_of(word);
    if (!place) throw kit::ConfigError{fmt::format("{} = \"{}\": \"{}\" is no place; write SECTOR or FIRST+COUNT", key, text, word)};
    if (place->lba >= sectors || place->count > sectors - place->lba)
      throw kit::ConfigError{fmt::format("{} = \"{}\": \"{}\" lies beyond the disk's {} sectors; lower it", key, text, word, sectors)};
    places.push_back(*place);
  }
  return places;
}

Faults::Faults(kit::Context& context, const FaultParameters& parameters, disk::AtaDevice& drive, sata::Link* link)
    : calendar_{context.calendar}, parameters_{parameters}, link_{link} {
  const auto places = [&](const kit::Parameter<std::string>& parameter) {
    return fault_places("faults." + parameter.name(), parameter(), drive.sectors());
  };
  for (const disk::LbaRange& place : places(parameters.unreadable)) drive.inject_media_error(place);
  hung_ = places(parameters.hung);
  if (link) {
    lost_link_ = places(parameters.lost_link);
    damaged_ = places(parameters.damaged_data);
  }
  if (!hung_.empty() || !lost_link_.empty() || !damaged_.empty()) drive.put_gate(this);
}

bool Faults::opens(const disk::LbaRange& sectors, bool writes) {
  if (take(hung_, sectors)) return false;
  if (take(lost_link_, sectors)) {
    if (parameters_.link_silence() == kit::Duration{}) link_->lose_at(calendar_.now());
    else link_->lose_for(calendar_.now(), parameters_.link_silence());
    return true;
  }
  damage(sectors, writes);
  return true;
}

/// The FIS within this data phase, whose FISes are all as long as can be but for the last (Serial ATA 3.x, 10.5.12).
void Faults::damage(const disk::LbaRange& sectors, bool writes) {
  const std::optional<disk::LbaRange> place = take(damaged_, sectors);
  if (!place) return;
  const std::uint64_t before = std::max(place->lba, sectors.lba) - sectors.lba;
  const auto nth = static_cast<unsigned>(before * disk::sector_bytes / wire::max_data_fis_bytes + 1);
  link_->damage(writes ? sata::Direction::to_device : sata::Direction::to_host, wire::FisType::data, nth);
}

}  // namespace ahcisim::machine
