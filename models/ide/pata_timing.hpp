// SPDX-License-Identifier: MIT
// How long things take on a parallel ATA cable, and what an IDE controller is configured with. Plain C++.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::ide {

using namespace kit::literals;

/// Cycle times, ns: ATA/ATAPI-6 as tabled in Linux drivers/ata/libata-pata-timings.c. Ultra DMA: one strobe edge, which
/// moves a word.
inline constexpr std::array<int, 5> pio_cycle_ns{600, 383, 240, 180, 120};
/// The same for registers, which are eight bits wide.
inline constexpr std::array<int, 5> register_cycle_ns{600, 383, 330, 180, 120};
inline constexpr std::array<int, 3> multiword_cycle_ns{480, 150, 120};
inline constexpr std::array<int, 7> ultra_cycle_ns{120, 80, 60, 45, 30, 20, 15};
/// What an Ultra DMA burst has around its words, ns (ATA/ATAPI-7, Ultra DMA data burst timing requirements; Hitachi Deskstar
/// 7K160 specification, 6.9 Ultra DMA timings): the minimum where there is one, else the maximum, by mode where it differs.
/// It opens with tACK + tENV + tFS (first strobe) and closes with tSS + tLI + tMLI and tACK, in which the CRC is checked.
inline constexpr int ultra_ack_ns = 20, ultra_envelope_ns = 20, ultra_strobe_to_stop_ns = 50, ultra_interlock_ns = 20;
inline constexpr std::array<int, 7> ultra_first_strobe_ns{230, 200, 170, 130, 120, 90, 80};
inline constexpr std::array<int, 7> ultra_limited_interlock_ns{150, 150, 150, 100, 100, 75, 60};

/// Parameters of ide::Controller; values are taken when it is constructed.
struct IdeParameters : kit::ParameterSet {
  using Count = kit::Parameter<std::int64_t>;
  kit::Choice bus{*this,
                  "bus",
                  "cable",
                  {"cable", "none"},
                  kit::choice("a controller of hardware, or one that an emulator pretends"),
                  "cable: registers and data pass a parallel cable; none: they take no time behind the controller"};
  kit::Choice cable{*this,
                    "cable",
                    "80",
                    {"40", "80"},
                    kit::choice("conductors; what Ultra DMA above mode 2 needs is 80"),
                    "conductors of the cable"};
  Count host_pio{*this,
                 "host_pio",
                 4,
                 kit::choice("what the host's side can do"),
                 "fastest PIO mode of the host",
                 Count::Range{0, 4}};
  Count host_multiword{*this,
                       "host_multiword",
                       2,
                       kit::choice("what the host's side can do"),
                       "fastest Multiword DMA mode of the host",
                       Count::Range{0, 2}};
  Count host_ultra{*this,
                   "host_ultra",
                   6,
                   kit::choice("what the host's side can do: a PIIX3 none, a PIIX4 2, an ICH2 5"),
                   "fastest Ultra DMA mode of the host, -1 = none",
                   Count::Range{-1, 6}};
  kit::Parameter<kit::Duration> register_access{
      *this, "register_access", 30_ns,
      kit::assumed(
          "a function in the chipset: one PCI clock of 33 MHz; the endpoint and the root complex have their own share"),
      "from the arrival of an access to its answer, besides the cable's cycle"};
  kit::Parameter<kit::Duration> settle{
      *this, "settle", 400_ns,
      kit::cited(
          "ATA/ATAPI-6, Status register, and Linux ata_sff_pause: valid 400 ns after Command or Device was written"),
      "how long a host must wait before it believes Status; too early is a diagnostic"};
  kit::Parameter<kit::Duration> interrupt_delay{*this, "interrupt_delay", 30_ns,
                                                kit::assumed("one PCI clock of 33 MHz"),
                                                "from INTRQ to the interrupt leaving the controller"};
  kit::Parameter<kit::Duration> reset_pulse{
      *this, "reset_pulse", 25_us,
      kit::cited("ATA/ATAPI-6, hardware reset protocol: RESET- is asserted for at least 25 us"),
      "a hardware reset of the devices on the controller's own account"};
  kit::Parameter<kit::Duration> dma_overhead{*this, "dma_overhead", 10_ns,
                                             kit::assumed("arbitration and address phase of an internal bus"),
                                             "the bus master's time for a transaction beyond its bytes"};
  kit::Parameter<kit::Rate> dma_rate{
      *this, "dma_rate", kit::Rate{1e9},
      kit::assumed("above both channels' Ultra DMA 133, so that the chipset is not the bottleneck"),
      "the bus master's rate"};
};

/// A transfer mode as SET FEATURES 03h names it (ATA/ATAPI-6, table "Transfer mode values").
struct TransferModes {
  std::uint8_t pio = 0;
  std::uint8_t multiword = 0;  ///< where Ultra DMA is not selected; 0 until anything is
  std::int8_t ultra = -1;      ///< -1 = not selected
  /// Takes what SET FEATURES 03h had in Count; values that name no mode change nothing.
  void select(std::uint8_t count) {
    const unsigned kind = count >> 3, number = count & 7u;
    if (kind == 0)
      pio = 0;
    else if (kind == 1 && number < pio_cycle_ns.size())
      pio = static_cast<std::uint8_t>(number);
    else if (kind == 4 && number < multiword_cycle_ns.size())
      multiword = static_cast<std::uint8_t>(number), ultra = -1;
    else if (kind == 8 && number < ultra_cycle_ns.size())
      ultra = static_cast<std::int8_t>(number);
  }
};

/// How a mode moves DMA data: what a burst takes before its first word, for each word, and after the last.
struct DmaPace {
  kit::Duration opening, word, closing;
};

/// The times, taken out of the parameters once.
class PataTiming {
 public:
  explicit PataTiming(const IdeParameters& p)
      : register_access{p.register_access()},
        settle{p.bus.index() == 0 ? p.settle() : kit::Duration{}},
        interrupt_delay{p.interrupt_delay()},
        reset_pulse{p.reset_pulse()},
        dma_overhead{p.dma_overhead()},
        dma_ps_per_byte{1e12 / p.dma_rate().bytes_per_second},
        cable80{p.cable.index() == 1},
        cable_{p.bus.index() == 0},
        host_pio_{static_cast<int>(p.host_pio())},
        host_multiword_{static_cast<int>(p.host_multiword())},
        host_ultra_{std::min(static_cast<int>(p.host_ultra()), cable80 ? 6 : 2)} {}

  kit::Duration register_access, settle, interrupt_delay, reset_pulse, dma_overhead;
  double dma_ps_per_byte;
  bool cable80;

  /// One access of an 8-bit register on the cable.
  kit::Duration register_cycle(const TransferModes& modes) const {
    return cycle(register_cycle_ns[slower(modes.pio, host_pio_)]);
  }
  /// One word of PIO data.
  kit::Duration pio_cycle(const TransferModes& modes) const {
    return cycle(pio_cycle_ns[slower(modes.pio, host_pio_)]);
  }
  /// DMA data. An Ultra DMA device on a host without falls back to Multiword DMA, which has each word's handshake in its cycle.
  DmaPace dma_pace(const TransferModes& modes) const {
    if (modes.ultra < 0 || host_ultra_ < 0)
      return {{}, cycle(multiword_cycle_ns[slower(modes.multiword, host_multiword_)]), {}};
    const std::size_t mode = slower(modes.ultra, host_ultra_);
    return {cycle(ultra_ack_ns + ultra_envelope_ns + ultra_first_strobe_ns[mode]), cycle(ultra_cycle_ns[mode]),
            cycle(ultra_strobe_to_stop_ns + ultra_limited_interlock_ns[mode] + ultra_interlock_ns + ultra_ack_ns)};
  }
  /// Whether the drive was set to a mode that host and cable do not have: they then take their own fastest.
  bool beyond(const TransferModes& modes) const {
    return modes.pio > host_pio_ || modes.ultra > host_ultra_ || (modes.ultra < 0 && modes.multiword > host_multiword_);
  }
  /// A string access of `elements` elements of `words` 16-bit words each at the Data register, by a requester that
  /// needs `spacing` from one element to the next.
  kit::Duration string_access(const TransferModes& modes, std::int64_t elements, int words,
                              kit::Duration spacing) const {
    return elements * kit::max(words * pio_cycle(modes), spacing);
  }
  /// How long one transaction occupies the bus master.
  kit::Duration occupancy(std::uint32_t bytes) const {
    return kit::Duration::from_ps(dma_overhead.ps() + static_cast<std::int64_t>(dma_ps_per_byte * bytes + 0.5));
  }

 private:
  static std::size_t slower(int device, int host) { return static_cast<std::size_t>(std::min(device, host)); }
  kit::Duration cycle(int ns) const {
    return cable_ ? kit::Duration::from_ps(std::int64_t{ns} * 1000) : kit::Duration{};
  }
  bool cable_;
  int host_pio_, host_multiword_, host_ultra_;
};

}  // namespace ahcisim::ide
