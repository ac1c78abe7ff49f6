// SPDX-License-Identifier: MIT
// What a disk would hold after a power cut, at any instant of a run: the versions of its sectors, and since when each is safe.
//
//     disk::DurableLedger ledger{medium, store};          // before the first write; detaches when destroyed
//     …run…
//     disk::DurableView left = ledger.power_cut(kit::Duration::from_ms(12.5));
//     left.read(lba, sectors, bytes);                     // what the drive comes up with
//
// Sectors of 512 bytes are written whole or not at all. Of a command that is interrupted those sectors are new that the
// medium had finished: a hard disk's arm is through with them in the order in which they pass under the head, flash has them page by
// page, and the cached part of a command may wait long after its neighbour is safe. A drive never puts older data over newer,
// so that a sector holds the newest of its versions that are safe. Flash is found again by what each page says of itself, so
// a programmed page needs no journal to be safe, and cleaning erases nothing before its copy is programmed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>

namespace ahcisim::disk {

class DurableView;

class DurableLedger final : private DurabilityListener {
 public:
  /// What the watched sectors hold when the ledger is attached.
  enum class Before : std::uint8_t {
    blank,   ///< zeros: a disk never written
    copied,  ///< whatever it is; it is copied now
  };
  struct Options {
    LbaRange watched{0, ~std::uint64_t{0}};  ///< other sectors are not recorded: they count as safe at once
    Before before = Before::blank;
    /// Once more is kept, the older half of the history is forgotten (horizon()), down to what may still be asked for.
    std::uint64_t most_bytes = std::uint64_t{512} << 20;
  };

  /// One at most on a medium; medium and store must outlive it. Throws kit::ConfigError where more than most_bytes are to be
  /// copied. Whatever serves the medium puts a write's bytes into the store before it says Medium::transferred().
  DurableLedger(Medium& medium, Store& store) : DurableLedger{medium, store, Options{}} {}
  DurableLedger(Medium& medium, Store& store, const Options& options);
  ~DurableLedger() { medium_.watch_durability(nullptr); }
  DurableLedger(const DurableLedger&) = delete;
  DurableLedger& operator=(const DurableLedger&) = delete;

  /// The disk after a power cut at `at`, read only. It reads from the ledger, which must outlive it. Throws std::out_of_range
  /// for a time before horizon().
  DurableView power_cut(kit::Duration at) const;
  /// From `at` on (until the next change of the sector) a power cut leaves these 512 bytes.
  struct Change {
    kit::Duration at;
    std::uint64_t lba = 0;
    std::uint64_t version = 0;             ///< 0: held when the ledger was attached
    const std::uint8_t* bytes = nullptr;   ///< as long as the ledger lives and takes nothing more
  };
  /// Everything that is safe at some time from horizon() on, in the order of time, then of sectors.
  std::vector<Change> timeline() const;
  /// Sectors whose newest version is lost with the power at `at`.
  std::uint64_t unsafe_sectors(kit::Duration at) const;

  /// Since when the history is complete.
  kit::Duration horizon() const { return horizon_; }
  /// Memory held for bytes of sectors.
  std::uint64_t kept_bytes() const { return *kept_; }
  /// Versions told of so far.
  std::uint64_t versions() const { return versions_; }

 private:
  friend class DurableView;
  struct Version {
    std::uint64_t number = 0;
    kit::Duration accepted;
    kit::Duration durable = kit::Duration::never();
    std::shared_ptr<const std::uint8_t> bytes;  // null: zeros
  };
  using History = std::vector<Version>;

  std::uint64_t accepted(const LbaRange& range, bool trimmed, kit::Duration now) override;
  void persisted(const LbaRange& range, std::uint64_t version, kit::Duration first, kit::Duration last) override;
  void copy_before(std::uint64_t most_bytes);
  LbaRange watched_part(const LbaRange& range) const;
  std::shared_ptr<std::uint8_t> memory(std::size_t bytes);
  void take_bytes(const LbaRange& range, kit::Duration now);
  void forget_older_half();
  template <class Function> void each_known(const LbaRange& range, Function&& function);
  static const Version* safe_at(const History& history, kit::Duration at);
  void check_time(kit::Duration at) const;

  Medium& medium_;
  Store& store_;
  LbaRange watched_;
  std::unordered_map<std::uint64_t, History> sectors_;  // by number; versions in ascending order
  std::shared_ptr<std::uint64_t> kept_ = std::make_shared<std::uint64_t>(0);
  std::uint64_t most_bytes_, forget_at_, versions_ = 0;
  kit::Duration horizon_;
};

/// A disk as a power cut left it. Sectors that were not written since the ledger was attached are the store's.
class DurableView final : public Store {
 public:
  std::uint64_t sectors() const override { return ledger_.store_.sectors(); }
  bool read_only() const override { return true; }
  void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) override;
  void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) override;
  void trim(std::uint64_t lba, std::uint64_t sectors) override;
  const std::uint8_t* peek(std::uint64_t, std::uint32_t) override { return nullptr; }
  std::uint8_t* poke(std::uint64_t, std::uint32_t) override { return nullptr; }
  void flush() override {}
  /// The version that is left of a sector; 0: as it was when the ledger was attached.
  std::uint64_t version(std::uint64_t lba) const;

 private:
  friend class DurableLedger;
  DurableView(const DurableLedger& ledger, kit::Duration at) : ledger_{ledger}, at_{at} {}
  const DurableLedger& ledger_;
  kit::Duration at_;
};

}  // namespace ahcisim::disk
