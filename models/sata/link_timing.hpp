// SPDX-License-Identifier: MIT
// How long a frame takes on the link, and how long the phy takes to start: all of it, in plain C++.
//
// One frame, seen by the sender (Serial ATA 3.x, 9.6), with P = pipeline and everything in dwords:
//
//     X_RDY ──P──▶ ready_delay ──R_RDY, P──▶ SOF FIS CRC EOF ──P──▶ check_delay ──R_OK, P──▶ SYNC
//
// and every dword stretched by the two ALIGN of each align_period.
#pragma once

#include <cstdint>

#include <ahcisim/models/sata/parameters.hpp>

namespace ahcisim::sata {

/// The points of one frame, from the moment its sender would send X_RDY on a free link.
struct FrameTime {
  kit::Duration source;        ///< the last FIS dword leaves the sender
  kit::Duration first;         ///< the first payload dword (of a non-data FIS: its first dword) has arrived
  kit::Duration arrival;       ///< EOF has arrived
  kit::Duration acknowledged;  ///< R_OK or R_ERR has arrived at the sender
  kit::Duration released;      ///< another frame may begin
};

/// The link layer at one generation.
class LinkTiming {
 public:
  LinkTiming(const LinkParameters& p, unsigned generation)
      : generation_{generation},
        ps_per_dword_{80000.0 / 3.0 / static_cast<double>(1u << (generation - 1)) * static_cast<double>(p.align_period()) /
                      static_cast<double>(p.align_period() - 2)},
        sof_sent_{2 * p.pipeline() + p.ready_delay() + 1}, pipeline_{p.pipeline()},
        acknowledge_{p.check_delay() + p.pipeline()}, sync_{p.sync()}, hold_latency_{dwords(p.hold_latency())} {}

  unsigned generation() const { return generation_; }
  /// The time of `n` dwords, ALIGN included, rounded once to a picosecond.
  kit::Duration dwords(std::int64_t n) const {
    return kit::Duration::from_ps(static_cast<std::int64_t>(static_cast<double>(n) * ps_per_dword_ + 0.5));
  }
  /// A frame of `fis` dwords without payload and `payload` dwords of it, at full speed.
  FrameTime frame(std::int64_t fis, std::int64_t payload) const {
    const std::int64_t source = sof_sent_ + fis + payload;
    const std::int64_t arrival = source + crc_and_eof + pipeline_;
    const std::int64_t first = sof_sent_ + (payload != 0 ? fis + 1 : 1) + pipeline_;
    return {dwords(source), dwords(first), dwords(arrival), dwords(arrival + acknowledge_), dwords(arrival + acknowledge_ + sync_)};
  }
  /// What a receiver's HOLD of `wait` costs the link: the wait, and the sender's reaction to its end (9.4).
  kit::Duration hold(kit::Duration wait) const { return wait + kit::min(wait, hold_latency_); }
  /// Dwords of a frame that a bit error can damage: SOF to EOF.
  static constexpr std::int64_t framed(std::int64_t fis, std::int64_t payload) { return 1 + fis + payload + crc_and_eof; }

  static constexpr std::int64_t crc_and_eof = 2;

 private:
  unsigned generation_;
  double ps_per_dword_;
  std::int64_t sof_sent_, pipeline_, acknowledge_, sync_;
  kit::Duration hold_latency_;
};

/// What speed negotiation comes to (Serial ATA 3.x, 8.4): the device offers its generations from the highest down, each for
/// one align_step, until the host answers.
struct Negotiation {
  unsigned generation = 0;  ///< 0: none in common
  unsigned failed = 0;      ///< speeds offered in vain before
};
/// `limit` is PxSCTL.SPD: the highest generation the host may use, 0 = none set.
inline Negotiation negotiate(const LinkParameters& p, unsigned limit) {
  auto host = static_cast<unsigned>(p.host_generation());
  if (limit != 0 && limit < host) host = limit;
  Negotiation result;
  for (auto offer = p.device_generation(); offer >= p.device_lowest_generation(); --offer, ++result.failed)
    if (static_cast<unsigned>(offer) <= host) {
      result.generation = static_cast<unsigned>(offer);
      break;
    }
  return result;
}

/// The out-of-band signals and what follows them (Serial ATA 3.x, 8.2 to 8.4).
class OobTiming {
 public:
  explicit OobTiming(const LinkParameters& p) : p_{p} {}
  kit::Duration comreset() const { return (p_.burst() + p_.reset_gap()) * p_.bursts(); }
  kit::Duration cominit() const { return comreset(); }
  kit::Duration comwake() const { return (p_.burst() + p_.wake_gap()) * p_.bursts(); }
  /// When the host has seen COMINIT: COMRESET asserted and released at the given times, a device with power.
  kit::Duration cominit_seen(kit::Duration asserted, kit::Duration released) const {
    const kit::Duration end = kit::max(asserted + comreset(), released);
    return kit::max(end + p_.cominit_response(), p_.power_on()) + cominit();
  }
  /// From COMINIT to the device's first ALIGN.
  kit::Duration wake() const { return p_.host_calibration() + comwake() + comwake(); }
  /// From COMINIT seen to communication established at the negotiated generation: ALIGN there and back, and three
  /// primitives other than ALIGN.
  kit::Duration established(const Negotiation& n) const {
    return wake() + p_.align_step() * n.failed + p_.lock() + LinkTiming{p_, n.generation}.dwords(2 * p_.pipeline() + 3);
  }
  /// From COMINIT seen to the host giving up.
  kit::Duration given_up() const { return wake() + p_.align_timeout(); }

 private:
  const LinkParameters& p_;
};

}  // namespace ahcisim::sata
