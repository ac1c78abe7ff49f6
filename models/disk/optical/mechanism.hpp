// SPDX-License-Identifier: MIT
// The drive's mechanics: tray, spindle, head, and the buffer that it reads ahead into. Plain C++: it is told the time with each
// call, and advance() is called at the time next_change() names.
//
// The head reads on from where a read began, an ECC block at a time, until the buffer is full of blocks that nobody has asked for
// yet; then it stays on its track, and goes on a part of a revolution after the next read has made room. So when the block at some
// place is in the buffer is arithmetic, and no event passes while the disc turns.
#pragma once

#include <cstdint>
#include <memory>

#include <ahcisim/models/disk/optical/optical_timing.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::disk::optical {

enum class Tray : std::uint8_t { closed, opening, open, closing };

struct MechanismStatistics : kit::StatSet {
  kit::Counter seeks{*this, "seeks", "seeks", "reads for which the head had to move"};
  kit::Counter buffer_hits{*this, "buffer_hits", "reads", "reads whose blocks the head has passed or is about to pass"};
  kit::TimeSum seek_time{*this, "seek_time", "head on its way, and the wait for the block after it"};
  kit::Counter spin_ups{*this, "spin_ups", "spin-ups", "spindle started"};
  kit::Counter discs{*this, "discs", "discs", "discs that became ready"};
};

/// What the mechanics tell of their own accord, from within advance().
class MechanismClient {
 public:
  /// A disc has been recognised and can be read.
  virtual void disc_ready() = 0;
  /// The tray moves out; what is on the disc can no longer be read.
  virtual void disc_leaves() = 0;
  /// The tray is out; what lies in it may be changed from within the call, before it goes in again.
  virtual void tray_is_out(kit::Duration now) = 0;
  /// The tray has arrived, or the disc is ready: what waited for it can go on.
  virtual void moved(kit::Duration now) = 0;

 protected:
  ~MechanismClient() = default;
};

class Mechanism {
 public:
  Mechanism(const OpticalParameters& parameters, MechanismClient& client);

  Tray tray() const { return tray_; }
  /// A disc is clamped or lies in the tray.
  bool has_disc() const { return disc_ != nullptr; }
  bool spinning() const { return spinning_; }
  /// Recognised, and to be read; the spindle may be at rest.
  bool ready() const { return ready_; }
  /// A disc is being recognised.
  bool becoming_ready() const { return tray_ == Tray::closing || recognising_; }
  /// Of the disc that is ready, else 0.
  std::uint32_t blocks() const { return ready_ ? blocks_ : 0; }
  Store& disc() { return *disc_; }

  /// The tray goes out, or in. No effect where it is there or on its way there; one that is going out arrives before it goes in.
  void open(kit::Duration now);
  void close(kit::Duration now);
  /// Puts a disc into the tray that is open, instead of what lies there; nullptr takes it out.
  void place(std::unique_ptr<Store> disc) { disc_ = std::move(disc); }
  /// Begins as at power-on: tray closed, the disc to be recognised where there is one.
  void power_on(kit::Duration now);
  /// The spindle at rest; the next read starts it.
  void stop() { spinning_ = false; }
  /// The spindle at its speed, from the time that it returns on.
  kit::Duration start(kit::Duration now);

  /// A read of blocks that exist, of the disc that is ready. Its blocks come into the buffer from the first to the last.
  void read(std::uint32_t block, std::uint32_t count, kit::Duration now);
  /// The head to a place, without a read; returns when it is there.
  kit::Duration seek(std::uint32_t block, kit::Duration now);
  /// When a block of the last read() is in the buffer.
  kit::Duration in_buffer(std::uint32_t block) const;

  /// When advance() must be called next; Duration::never() where nothing moves by itself.
  kit::Duration next_change() const { return change_; }
  void advance(kit::Duration now);

  const OpticalTiming& timing() const { return timing_; }
  MechanismStatistics& statistics() { return statistics_; }

 private:
  void move_tray(Tray towards, kit::Duration now);
  void recognise(kit::Duration now);
  std::uint64_t read_ahead_end(std::uint64_t host_end) const;
  std::uint64_t head_at(kit::Duration now) const;
  void begin_stream(std::uint64_t block, kit::Duration when);

  const OpticalParameters& parameters_;
  const OpticalTiming timing_;
  const std::uint64_t buffer_blocks_;
  MechanismClient& client_;
  MechanismStatistics statistics_;
  std::unique_ptr<Store> disc_;
  std::uint32_t blocks_ = 0;
  Tray tray_ = Tray::closed;
  bool close_when_open_ = false;
  bool recognising_ = false, ready_ = false, spinning_ = false;
  kit::Duration change_ = kit::Duration::never();

  // The stream: the head is at the beginning of block `first_` at `begin_` and reads up to `end_`; what was read before it and
  // still is in the buffer begins at `kept_`. Both ends of an ECC block.
  std::uint64_t kept_ = 0, first_ = 0, end_ = 0;
  kit::Duration begin_;
};

}  // namespace ahcisim::disk::optical
