// SPDX-License-Identifier: MIT
// Parameters of the ATA device: what it says of itself, and the few times that are the interface's and not the medium's.
#pragma once

#include <cstdint>
#include <string>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {

/// Read when the device is constructed and while it runs; keep the set alive as long as the device.
struct AtaParameters : kit::ParameterSet {
  kit::Parameter<std::string> model{*this, "model", "AHCISIM DISK", kit::choice("model number, at most 40 ASCII characters"),
                                    "IDENTIFY DEVICE words 27 to 46"};
  kit::Parameter<std::string> serial{*this, "serial", "AS00000001", kit::choice("serial number, at most 20 ASCII characters"),
                                     "IDENTIFY DEVICE words 10 to 19; the World Wide Name is made from it"};
  kit::Parameter<std::string> firmware{*this, "firmware", "1.0", kit::choice("firmware revision, at most 8 ASCII characters"),
                                       "IDENTIFY DEVICE words 23 to 26"};
  kit::Choice interface{*this, "interface", "sata", {"sata", "pata"}, kit::choice("which of the two plugs the drive has"),
                        "sata: behind a Serial ATA link; pata: on a parallel channel, without NCQ, and IDENTIFY DEVICE says so"};
  kit::Parameter<std::int64_t> queue_depth{*this, "queue_depth", 32, kit::cited("ACS-3, IDENTIFY DEVICE data, word 75: at most 32"),
                                           "queued commands the device takes; 0 = no NCQ feature set", {{0, 32}}};
  bool parallel() const { return interface.index() == 1; }
  /// Queued commands the device really takes: a parallel one none.
  std::int64_t queued() const { return parallel() ? 0 : queue_depth(); }
  kit::Parameter<bool> non_zero_offsets{*this, "non_zero_offsets", false,
                                        kit::choice("word 78 bit 1: shall large reads leave in two segments, the second first"),
                                        "supports non-zero buffer offsets in DMA Setup (Serial ATA 3.x, 13.3)"};
  kit::Parameter<bool> auto_activate{*this, "auto_activate", true, kit::choice("word 78 bit 2"),
                                     "supports the auto-activate optimisation of DMA Setup (Serial ATA 3.x, 10.5.9)"};
  kit::Parameter<bool> bridge_quirk{*this, "bridge_quirk", false,
                                    kit::measured("QEMU 11.1: its disk on a SATA port reports a hardware reset result, and Linux then applies bridge limits"),
                                    "word 93 is not zero, as behind a bridge from parallel to serial ATA: Linux sends 128 KiB at most"};
  kit::Parameter<kit::Duration> power_on{
      *this, "power_on", kit::Duration::from_ms(10),
      kit::assumed("a disk that spins already: a start from rest takes seconds that no experiment asks for"),
      "communication established for the first time until the signature is sent"};
  kit::Parameter<kit::Duration> reset{*this, "reset", kit::Duration::from_ms(2),
                                      kit::assumed("firmware answers resets within milliseconds; bound: 450 ms for SRST"),
                                      "end of COMRESET, SRST or EXECUTE DEVICE DIAGNOSTIC until the signature is sent"};
  kit::Parameter<kit::Duration> command_decode{
      *this, "command_decode", kit::Duration::from_ns(300),
      kit::assumed("a hundred cycles of a 400 MHz controller; the medium's overhead is calibrated on top"),
      "last dword of a command FIS until the command is in the queue and its acceptance is sent"};
  kit::Parameter<kit::Duration> internal_data{
      *this, "internal_data", kit::Duration::from_us(50),
      kit::assumed("firmware fills a buffer with identification or log data"),
      "command FIS until data that is not on the medium (IDENTIFY DEVICE, logs) can be sent"};
  kit::Parameter<kit::Duration> error_recovery{
      *this, "error_recovery", kit::Duration{}, kit::choice("an unreadable sector fails at its first read; drives try for seconds"),
      "how long a read of an unreadable sector tries to recover it, unless SCT Error Recovery Control says less (ACS-3, 8.3.3)"};
  kit::Parameter<std::int64_t> temperature{*this, "temperature", 35, kit::assumed("a drive in a ventilated case; no time depends on it"),
                                           "degrees Celsius, as SCT Status and its history tell", {{-20, 100}}};
};

}  // namespace ahcisim::disk
