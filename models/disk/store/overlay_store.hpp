// SPDX-License-Identifier: MIT
// Copy on write: a disk that starts as another store's content and keeps what is written to itself.
#pragma once

#include <memory>

#include <ahcisim/models/disk/store/sparse_store.hpp>

namespace ahcisim::disk {

/// The base is read only; it may itself be an overlay. Whoever else holds it must not write to it meanwhile.
class OverlayStore final : public Store {
 public:
  /// Throws kit::ConfigError where there is no base.
  explicit OverlayStore(std::shared_ptr<Store> base);

  std::uint64_t sectors() const override { return top_.sectors(); }
  bool read_only() const override { return false; }
  void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) override;
  void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) override;
  void trim(std::uint64_t lba, std::uint64_t sectors) override;
  const std::uint8_t* peek(std::uint64_t lba, std::uint32_t sectors) override;
  std::uint8_t* poke(std::uint64_t lba, std::uint32_t sectors) override;
  void flush() override {}

 private:
  // The unit of copying is 4 KiB; a bit of `own_` says that the overlay has it.
  static constexpr std::uint64_t unit_sectors = 8;
  bool owns(std::uint64_t unit) const { return own_[unit / 64] >> unit % 64 & 1; }
  void take(std::uint64_t unit) { own_[unit / 64] |= std::uint64_t{1} << unit % 64; }
  /// Length of the run from `lba` on whose units are all the overlay's or all the base's, at most `sectors`.
  std::uint32_t run_from(std::uint64_t lba, std::uint32_t sectors) const;
  /// Makes all units of a run the overlay's. Units that the run covers only in part are copied from the base.
  void take_run(std::uint64_t lba, std::uint64_t sectors);
  void copy_up(std::uint64_t unit);

  struct Free {
    void operator()(void* memory) const;
  };
  std::shared_ptr<Store> base_;
  SparseStore top_;
  std::unique_ptr<std::uint64_t[], Free> own_;
};

}  // namespace ahcisim::disk
