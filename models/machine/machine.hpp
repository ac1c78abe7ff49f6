// SPDX-License-Identifier: MIT
// A machine of any deployment, as whoever runs a workload on it sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/machine/sector_map.hpp>

namespace ahcisim::machine {

/// Who still has the bytes after a power cut, and what programs are promised.
struct Keeper {
  disk::Medium* medium = nullptr;  ///< null: memory, which keeps nothing
  disk::Store* store = nullptr;    ///< its bytes
  SectorMap map;                   ///< where on it the sectors of the program's disk lie; empty: at their own number
  /// Writes are safe when they are acknowledged: the program's disk tells of no volatile cache.
  bool write_through = false;
};

class Machine {
 public:
  virtual ~Machine() = default;
  /// Where programs hand in their requests.
  virtual host::BlockDevice& device() = 0;
  /// Its size in sectors of 512 bytes, known before it is ready.
  virtual std::uint64_t sectors() const = 0;
  /// Its bytes, as programs see them.
  virtual disk::Store& content() = 0;
  /// The mechanics or flash at the end of the way; null where there is none.
  virtual disk::Medium* medium() = 0;
  /// To be asked before the simulation starts. Valid as long as the machine; the map tells of all that has been until it is asked.
  virtual Keeper keeper() { return {medium(), &content(), {}, false}; }
  /// What kept the device from ever being ready, where the device itself was not to be asked; else empty.
  virtual std::string failure() const { return {}; }
  /// What to do about a failure of the device, as text to go behind it ("; check …"); empty where it says so itself.
  virtual std::string remedy(const std::string& failure) const = 0;
};

/// Builds the machine that `parameters` describe, within elaboration; both arguments must outlive it. Throws kit::ConfigError
/// where parameters contradict each other.
std::unique_ptr<Machine> make_machine(kit::Context& context, const Parameters& parameters);

}  // namespace ahcisim::machine
