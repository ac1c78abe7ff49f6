// SPDX-License-Identifier: MIT
// A part of another store, as a store of its own.
#pragma once

#include <ahcisim/models/disk/store/store.hpp>

namespace ahcisim::disk {

class WindowStore final : public Store {
 public:
  /// Sectors [first, first + sectors) of `whole`, which has them and outlives this.
  WindowStore(Store& whole, std::uint64_t first, std::uint64_t sectors) : whole_{whole}, first_{first}, sectors_{sectors} {
    check_run(first, sectors, whole.sectors());
  }
  std::uint64_t sectors() const override { return sectors_; }
  bool read_only() const override { return whole_.read_only(); }
  void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) override { whole_.read(place(lba, sectors), sectors, to); }
  void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) override { whole_.write(place(lba, sectors), sectors, from); }
  void trim(std::uint64_t lba, std::uint64_t sectors) override { whole_.trim(place(lba, sectors), sectors); }
  const std::uint8_t* peek(std::uint64_t lba, std::uint32_t sectors) override { return whole_.peek(place(lba, sectors), sectors); }
  std::uint8_t* poke(std::uint64_t lba, std::uint32_t sectors) override { return whole_.poke(place(lba, sectors), sectors); }
  void flush() override { whole_.flush(); }

 private:
  std::uint64_t place(std::uint64_t lba, std::uint64_t sectors) const {
    check_run(lba, sectors, sectors_);
    return first_ + lba;
  }
  Store& whole_;
  std::uint64_t first_, sectors_;
};

}  // namespace ahcisim::disk
