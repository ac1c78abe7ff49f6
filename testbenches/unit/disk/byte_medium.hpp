// SPDX-License-Identifier: MIT
// A medium with a store behind it, as a device serves them: a write's bytes are in the store when its transfer ends.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>

namespace disk_test {

using namespace ahcisim::disk;
using ahcisim::kit::Duration;
using ahcisim::kit::StatSet;

/// Each write fills its sectors with its number, from 1 on in the order of the transfers.
class ByteMedium final : public Medium {
 public:
  explicit ByteMedium(Medium& medium) : store{medium.facts().sectors}, medium_{medium} {}
  MediumFacts facts() const override { return medium_.facts(); }
  void submit(MediaRequest& request, Duration now) override {
    if (request.op == MediaOp::trim)
      for (std::uint32_t i = 0; i < request.trim_count; ++i) store.trim(request.trims[i].lba, request.trims[i].count);
    medium_.submit(request, now);
  }
  void transferred(MediaRequest& request, Duration now) override {
    if (request.op == MediaOp::write) {
      ++writes;
      for (std::uint64_t lba = request.range.lba; lba < request.range.lba + request.range.count; ++lba) {
        std::array<std::uint8_t, sector_bytes> bytes;
        for (std::size_t at = 0; at < bytes.size(); at += sizeof writes) std::memcpy(&bytes[at], &writes, sizeof writes);
        store.write(lba, 1, bytes.data());
      }
    }
    medium_.transferred(request, now);
  }
  Duration next_decision() const override { return medium_.next_decision(); }
  void advance(Duration now) override { medium_.advance(now); }
  void set_write_cache(bool on) override { medium_.set_write_cache(on); }
  void set_look_ahead(bool on) override { medium_.set_look_ahead(on); }
  void abandon_all(Duration now) override { medium_.abandon_all(now); }
  void stop_spindle(Duration now) override { medium_.stop_spindle(now); }
  void attach(MediumClient& client) override { medium_.attach(client); }
  StatSet& statistics() override { return medium_.statistics(); }

  SparseStore store;
  std::uint64_t writes = 0;

 private:
  Medium& medium_;
};

/// The number of the write that a sector holds; 0: none.
inline std::uint64_t number_in(Store& store, std::uint64_t lba) {
  std::array<std::uint8_t, sector_bytes> bytes;
  store.read(lba, 1, bytes.data());
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace disk_test
