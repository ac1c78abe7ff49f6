// SPDX-License-Identifier: MIT
// What the command layer of a disk asks of the mechanics or flash behind it. Time only: bytes live in a Store.
//
// A medium is plain C++ and never waits. The device tells it the time with each call, and calls advance() at the time
// next_decision() names (again after every call, since a call may change it). Answers come through MediumClient, from
// within submit(), transferred() or advance(), or on their own from a medium that waits for others (an image file). They carry
// a time that is now or later: a medium that knows a completion beforehand (an SSD) says so at once and costs no event.
//
// An access that fails says so in the request's `failed`; a medium that never fails leaves it alone.
//
// Who wants to know what a power cut would leave attaches a DurabilityListener; without one a medium spends a branch on it.
#pragma once

#include <cstdint>

#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::disk {

/// A run of logical sectors of 512 bytes.
struct LbaRange {
  std::uint64_t lba = 0;
  std::uint64_t count = 0;
};

enum class MediaOp : std::uint8_t {
  read,    ///< data from medium to host
  write,   ///< data from host to medium
  verify,  ///< as read, without a transfer (READ VERIFY SECTOR(S))
  flush,   ///< everything in the volatile write cache to the medium (FLUSH CACHE)
  trim,    ///< the ranges no longer hold data (DATA SET MANAGEMENT)
};

/// One access. The device owns it and keeps it alive and unmoved until complete(); the medium may link it into its
/// own queue through the fields reserved for it.
struct MediaRequest {
  MediaOp op = MediaOp::read;
  bool fua = false;            ///< force unit access: done only when the data is on the medium
  std::uint8_t priority = 0;   ///< ATA PRIO: 0 normal, 1 isochronous, 2 high (ACS-4, READ FPDMA QUEUED); where MediumFacts::priority
  bool failed = false;         ///< the medium's verdict, cleared by the device before submit()
  LbaRange range;              ///< sectors; the device has checked that they exist
  const LbaRange* trims = nullptr;  ///< trim: the ranges …
  std::uint32_t trim_count = 0;     ///< … and how many
  wire::RequestTag* tag = nullptr;  ///< stamped with selected, positioned, rotated, media where not null
  unsigned index = 0;          ///< the device's own: which of its commands this is
  std::uint32_t good_sectors = 0;   ///< failed: what of the range is as it should be, from its first sector on

  // For the medium.
  kit::Duration arrived;       ///< set by submit()
  std::uint64_t scratch[6] = {};
};

/// The device's side of the conversation.
class MediumClient {
 public:
  /// Read: from `at` on the data can leave the buffer at full link speed. Write: from `at` on the buffer has room for
  /// the data; the device fetches it from the host and calls Medium::transferred(). Of a read that failed
  /// only MediaRequest::good_sectors will ever be there.
  virtual void may_transfer(MediaRequest& request, kit::Duration at) = 0;
  /// The command may be reported done from `at` on: read, after its data has moved; write, once the data is as safe as
  /// the cache setting and FUA demand; verify, flush, trim likewise; or what `failed` says. The medium forgets the request.
  virtual void complete(MediaRequest& request, kit::Duration at) = 0;

 protected:
  ~MediumClient() = default;
};

/// Who keeps account of what survives a power cut. The medium tells of it in the order in which it happens to the drive.
class DurabilityListener {
 public:
  /// The drive has all of a write's data, or a trim: reads return it from now on, and a power cut loses it until persisted()
  /// says otherwise. The store holds the bytes already. Returns the number of this version, above those before it.
  virtual std::uint64_t accepted(const LbaRange& range, bool trimmed, kit::Duration now) = 0;
  /// Of each sector of the range, the newest version accepted so far whose number is not above `version` is on the
  /// non-volatile medium: the first sector at `first`, the last at `last`, those between evenly spread; all now or later. Sectors
  /// are written whole or not at all.
  virtual void persisted(const LbaRange& range, std::uint64_t version, kit::Duration first, kit::Duration last) = 0;

 protected:
  ~DurabilityListener() = default;
};

/// What IDENTIFY DEVICE tells of a medium.
struct MediumFacts {
  std::uint64_t sectors = 0;         ///< user-addressable logical sectors of 512 bytes
  std::uint16_t rotation_rate = 1;   ///< word 217: 1 non-rotating, else rpm
  bool trim = false;                 ///< word 169
  std::uint8_t physical_exponent = 0;///< word 106: log2(logical sectors per physical sector)
  std::uint8_t form_factor = 0;      ///< word 168: 2 = 3.5", 3 = 2.5"
  std::uint32_t buffer_sectors = 0;  ///< word 21 historically: buffer size, 512-byte sectors
  bool write_cache = true;           ///< word 85: whether the volatile write cache is enabled at power-on
  bool priority = false;             ///< word 76 bit 12: MediaRequest::priority decides in which order commands are served
};

class Medium {
 public:
  virtual ~Medium() = default;
  virtual MediumFacts facts() const = 0;
  /// A command arrives. Up to 32 may be outstanding.
  virtual void submit(MediaRequest& request, kit::Duration now) = 0;
  /// The data phase that may_transfer() allowed ended at `now` (not before the `at` given there). A write's bytes are in the
  /// store by then.
  virtual void transferred(MediaRequest& request, kit::Duration now) = 0;
  /// When advance() must be called next; Duration::never() where nothing is pending.
  virtual kit::Duration next_decision() const = 0;
  virtual void advance(kit::Duration now) = 0;
  /// SET FEATURES 02h/82h and AAh/55h: volatile write cache, read look-ahead.
  virtual void set_write_cache(bool on) = 0;
  virtual void set_look_ahead(bool on) = 0;
  /// Drops every outstanding request without answering (COMRESET, SRST, an aborted queue). The write cache survives.
  virtual void abandon_all(kit::Duration now) = 0;
  /// STANDBY/SLEEP stop the spindle; the next access to the medium pays the spin-up. No effect on an SSD.
  virtual void stop_spindle(kit::Duration now) = 0;
  virtual void attach(MediumClient& client) = 0;
  /// The medium's statistics (seeks, hits, pages programmed …).
  virtual kit::StatSet& statistics() = 0;
  /// At most one listener; nullptr: nobody listens. Writes taken before are not told of.
  virtual void watch_durability(DurabilityListener* listener) { durability_ = listener; }

 protected:
  /// Data that is safe from `at` on, without a way through a volatile buffer.
  void report_taken_safely(const LbaRange& range, bool trimmed, kit::Duration now, kit::Duration at) {
    if (durability_) durability_->persisted(range, durability_->accepted(range, trimmed, now), at, at);
  }
  DurabilityListener* durability_ = nullptr;
};

}  // namespace ahcisim::disk
