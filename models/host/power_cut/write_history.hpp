// SPDX-License-Identifier: MIT
// What a program saw of its own writes and flushes: the side of the contract that a power cut is judged by.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::host {

class WriteHistory {
 public:
  struct Write {
    std::uint64_t lba = 0;
    std::uint32_t sectors = 0;
    bool stable = false;  ///< promised to be safe once acknowledged: forced unit access, or a disk without volatile caches
    kit::Duration submitted;
    kit::Duration acknowledged = kit::Duration::never();
    kit::Duration over = kit::Duration::never();  ///< acknowledged or failed: what begins from then on comes after it
  };
  struct Flush {
    kit::Duration submitted;
    kit::Duration acknowledged = kit::Duration::never();
  };

  /// Returns the write's version, from 1 on. Times are the program's: when it called, when it had the answer.
  std::uint64_t write_submitted(std::uint64_t lba, std::uint32_t sectors, bool stable, kit::Duration at) {
    writes_.push_back({lba, sectors, stable, at, kit::Duration::never(), kit::Duration::never()});
    return writes_.size();
  }
  void write_acknowledged(std::uint64_t version, kit::Duration at) { writes_[version - 1].acknowledged = writes_[version - 1].over = at; }
  /// It ended with an error: it may be on the disk or not.
  void write_failed(std::uint64_t version, kit::Duration at) { writes_[version - 1].over = at; }
  /// Returns the flush's number, from 1 on.
  std::uint64_t flush_submitted(kit::Duration at) {
    flushes_.push_back({at, kit::Duration::never()});
    return flushes_.size();
  }
  void flush_acknowledged(std::uint64_t number, kit::Duration at) { flushes_[number - 1].acknowledged = at; }

  const std::vector<Write>& writes() const { return writes_; }
  const std::vector<Flush>& flushes() const { return flushes_; }

 private:
  std::vector<Write> writes_;
  std::vector<Flush> flushes_;
};

}  // namespace ahcisim::host
