// SPDX-License-Identifier: MIT
// What shall go wrong with a machine's disk, and where. Every fault belongs to sectors, so that it meets the same data in every run.
#pragma once

#include <string>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::machine {

/// Places are sectors of 512 bytes, `FIRST` or `FIRST+COUNT`, with commas between them. Each but an unreadable one is met once: by
/// the first command about to move its data; a place that is written twice is met twice.
struct FaultParameters : kit::ParameterSet {
  kit::Parameter<std::string> unreadable{*this, "unreadable", "", kit::choice("which sectors the drive cannot read"),
      "sectors that cannot be read (UNC) until they are written, for example \"4096+8, 70000\""};
  kit::Parameter<std::string> hung{*this, "hung", "", kit::choice("where a command hangs"),
      "sectors whose command never ends: a reset of the drive drops it"};
  kit::Parameter<std::string> lost_link{*this, "lost_link", "", kit::choice("where communication is lost"),
      "sectors at whose command the SATA link goes down"};
  kit::Parameter<kit::Duration> link_silence{*this, "link_silence", kit::Duration{}, kit::choice("a cable that moved, or one that was pulled"),
      "how long the drive's phy is then silent, until it sends COMINIT; 0: it waits for a COMRESET and answers that",
      {{kit::Duration{}, kit::Duration::from_ms(60'000)}}};
  kit::Parameter<std::string> damaged_data{*this, "damaged_data", "", kit::choice("which data is damaged on the cable"),
      "sectors whose Data FIS has a wrong bit"};
};

/// The places that a text names. Throws kit::ConfigError, which names `key`, where it is none, or a place lies beyond `sectors`.
std::vector<disk::LbaRange> fault_places(const std::string& key, const std::string& text, std::uint64_t sectors);

}  // namespace ahcisim::machine
