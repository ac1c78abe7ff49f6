// SPDX-License-Identifier: MIT
// Every number of a Serial ATA link: phy start-up, link-layer latencies, what both ends can do, and errors.
#pragma once

#include <cstdint>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::sata {

using namespace kit::literals;

/// Latencies of the link layer are counted in dwords (40 bits on the line), since its pipelines are clocked with them.
struct LinkParameters : kit::ParameterSet {
  template <class T> using Parameter = kit::Parameter<T>;
  using Duration = kit::Duration;
  using Count = std::int64_t;

  // What both ends can do.
  Parameter<Count> host_generation{*this, "host_generation", 3, kit::choice("the host's phy"),
      "highest generation of the host's phy: 1 = 1.5 Gb/s, 2 = 3 Gb/s, 3 = 6 Gb/s", {{1, 3}}};
  Parameter<Count> device_generation{*this, "device_generation", 3, kit::choice("the device's phy"),
      "highest generation of the device's phy", {{1, 3}}};
  Parameter<Count> device_lowest_generation{*this, "device_lowest_generation", 1,
      kit::cited("Serial ATA 3.x, chapter 7: a phy of a higher generation supports the lower ones"),
      "lowest generation of the device's phy; above 1 is a faulty device", {{1, 3}}};
  kit::Choice device{*this, "device", "present", {"present", "absent", "mute"}, kit::choice("what is at the other end of the cable"),
      "present; absent: nothing answers; mute: it answers COMRESET with COMINIT and nothing more"};
  Parameter<Duration> power_on{*this, "power_on", 0_ps, kit::choice("when the device gets power"),
      "the device answers nothing before this time since the start"};

  // Phy start-up.
  Parameter<Duration> burst{*this, "burst", 106667_ps, kit::cited("Serial ATA 2.6, 7.2.2.7.3: 160 UI of OOB, 103.5 to 109.9 ns"),
      "length of one OOB burst", {{103500_ps, 109900_ps}}};
  Parameter<Duration> reset_gap{*this, "reset_gap", 320_ns, kit::cited("Serial ATA 2.6, 7.2.2.7.4: 480 UI, 310.4 to 329.6 ns"),
      "gap between the bursts of COMRESET and COMINIT", {{310400_ps, 329600_ps}}};
  Parameter<Duration> wake_gap{*this, "wake_gap", 106667_ps, kit::cited("Serial ATA 2.6, 7.2.2.7.5: 160 UI, 103.5 to 109.9 ns"),
      "gap between the bursts of COMWAKE", {{103500_ps, 109900_ps}}};
  Parameter<Count> bursts{*this, "bursts", 6, kit::cited("Serial ATA 3.x, chapter 8: COMRESET, COMINIT and COMWAKE have at least six bursts"),
      "bursts of one COMRESET, COMINIT or COMWAKE", {{6, 100}}};
  Parameter<Duration> cominit_response{*this, "cominit_response", 100_us,
      kit::assumed("devices answer well within the 10 ms that Serial ATA 2.6, 8.2 allows"),
      "end of COMRESET to the device's COMINIT", {{0_ps, 10_ms}}};
  Parameter<Duration> host_calibration{*this, "host_calibration", 1_us, kit::assumed("calibration is optional; logic alone needs this"),
      "end of COMINIT to the host's COMWAKE", {{0_ps, 10_ms}}};
  Parameter<Duration> align_step{*this, "align_step", 54613_ns,
      kit::derived("2048 dwords of 1.5 Gb/s, for which the device sends ALIGN at one speed (Serial ATA 3.x, 8.4)"),
      "time the device tries one speed before it steps down", {{1_us, 1_ms}}};
  Parameter<Duration> align_timeout{*this, "align_timeout", 873813_ns,
      kit::derived("32768 dwords of 1.5 Gb/s, for which the host waits for ALIGN (Serial ATA 3.x, 8.4)"),
      "time the host waits for ALIGN before it gives the attempt up", {{1_us, 100_ms}}};
  Parameter<Duration> lock{*this, "lock", 10_us, kit::assumed("a receiver locks well within one align_step"),
      "time to lock on ALIGN at a speed both know", {{0_ps, 54_us}}};

  // Link layer, in dwords.
  Parameter<Count> pipeline{*this, "pipeline", 23,
      kit::derived("four passes a frame and the decisions make 100 dwords of handshake: 128 KiB queued reads then move 559 MB/s "
                   "at 6 Gb/s (drives reach 550 to 562) and 4 KiB ones 95,000 a second (850 PRO review: 100,000)"),
      "dwords from one link layer to the other: serialiser, cable, deserialiser, elasticity buffer", {{0, 1000}}};
  Parameter<Count> ready_delay{*this, "ready_delay", 2, kit::assumed("one state change, registered in and out"),
      "X_RDY seen to R_RDY sent, dwords", {{0, 1000}}};
  Parameter<Count> check_delay{*this, "check_delay", 5, kit::assumed("CRC check and the transport layer's verdict"),
      "EOF seen to R_OK or R_ERR sent, dwords", {{0, 1000}}};
  Parameter<Count> sync{*this, "sync", 1, kit::cited("Serial ATA 3.x, 9.6: the link passes L_IDLE, which sends SYNC, between frames"),
      "SYNC between two frames, dwords", {{1, 1000}}};
  Parameter<Count> hold_latency{*this, "hold_latency", 20,
      kit::assumed("the 20 dwords that the specification allows between HOLD and HOLDA, as remembered; devices publish no figure"),
      "dwords a receiver's HOLD costs at most beyond the wait itself", {{0, 20}}};
  Parameter<Count> align_period{*this, "align_period", 256, kit::cited("Serial ATA 3.x, 9.4: two ALIGN at least every 256 dwords"),
      "dwords on the line of which two are ALIGN", {{3, 256}}};
  Parameter<Count> retries{*this, "retries", 8, kit::assumed("Serial ATA 3.x, 10.6 asks to repeat a non-data FIS and sets no bound"),
      "transmissions of a non-data frame after the first", {{0, 1000}}};

  // Errors.
  Parameter<kit::Ratio> bit_error_rate{*this, "bit_error_rate", kit::Ratio{0}, kit::choice("Serial ATA asks for less than 1e-12"),
      "probability of a wrong bit on the line, for example \"1e-12x\"", {{kit::Ratio{0}, kit::Ratio{0.01}}}};
};

}  // namespace ahcisim::sata
