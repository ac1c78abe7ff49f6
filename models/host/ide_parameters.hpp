// SPDX-License-Identifier: MIT
// The parameters of the IDE driver: what it is allowed to use, its real waits.
#pragma once

#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// The waiting times of Linux's bring-up and error handling (libata-sff.c, libata-core.c, libata-eh.c).
struct IdeProbeParameters : kit::ParameterSet {
  kit::Parameter<bool> fast_probe{*this, "fast_probe", false, kit::choice("true cuts every fixed wait of the bring-up to a hundredth"),
      "shorten the fixed waits of the bring-up; limits on waiting for the hardware stay"};
  kit::Parameter<kit::Duration> srst{*this, "srst", kit::Duration::from_ps(20'000'000),
      kit::cited("Linux 6.12 libata-sff.c ata_bus_softreset: udelay(20)"), "before SRST is set, and how long it stays set"};
  kit::Parameter<kit::Duration> after_reset{*this, "after_reset", kit::Duration::from_ms(150),
      kit::cited("Linux 6.12 include/linux/libata.h ATA_WAIT_AFTER_RESET"), "wait after SRST, before Status is looked at"};
  kit::Parameter<kit::Duration> ready_interval{*this, "ready_interval", kit::Duration::from_ms(50),
      kit::cited("Linux 6.12 libata-core.c ata_wait_ready"), "between two reads of Status"};
  kit::Parameter<kit::Duration> ready_limit{*this, "ready_limit", kit::Duration::from_ms(10'000),
      kit::cited("Linux 6.12 libata-eh.c ata_eh_reset_timeouts"), "longest wait for BSY to clear after SRST"};
  kit::Parameter<std::int64_t> reset_tries{*this, "reset_tries", 3,
      kit::cited("Linux 6.12 include/linux/libata.h ATA_EH_RESET_TRIES"), "SRSTs before the channel is given up", {{1, 100}}};
  kit::Parameter<kit::Duration> poll_interval{*this, "poll_interval", kit::Duration::from_ms(2),
      kit::cited("Linux 6.12 libata-sff.c ata_sff_pio_task: ata_msleep(ap, 2)"), "between two looks at a polled command"};
  kit::Parameter<kit::Duration> internal_limit{*this, "internal_limit", kit::Duration::from_ms(5'000),
      kit::cited("Linux 6.12 include/linux/libata.h ATA_TMOUT_INTERNAL_QUICK"), "longest wait for a command of the driver's own"};
};

struct IdeDriverParameters : DriverParameters {
  kit::Parameter<kit::Bytes> io_base{*this, "io_base", kit::Bytes{0xf0000000},
      kit::choice("the root complex's io_window: a generic payload knows no I/O space"), "physical address of I/O port 0"};
  kit::Parameter<std::int64_t> channel{*this, "channel", -1, kit::choice("-1: the first with a disk"),
      "0 primary, 1 secondary", {{-1, 1}}};
  kit::Parameter<std::int64_t> device{*this, "device", -1, kit::choice("-1: the first disk of the channel"),
      "0 master, 1 slave", {{-1, 1}}};
  kit::Choice mode{*this, "mode", "dma", {"dma", "pio"}, kit::choice("bus master DMA, or data through the processor"),
      "how data is moved"};
  kit::Choice fastest_mode{*this, "fastest_mode", "udma6",
      {"pio0", "pio1", "pio2", "pio3", "pio4", "mwdma0", "mwdma1", "mwdma2", "udma0", "udma1", "udma2", "udma3", "udma4", "udma5", "udma6"},
      kit::choice("what the controller and the cable carry"),
      "fastest transfer mode that is set; the disk may offer less"};
  kit::Parameter<std::int64_t> multiple{*this, "multiple", 0,
      kit::cited("Linux 6.12 libata-core.c: READ MULTIPLE only where firmware has set it"),
      "PIO: sectors of a DRQ block, set with SET MULTIPLE MODE; 0: one sector and no READ MULTIPLE", {{0, 16}}};
  kit::Choice string_width{*this, "string_width", "dword", {"word", "dword"},
      kit::cited("Linux 6.12 ata_piix.c: ATA_PFLAG_PIO32 except on chips that cannot"), "PIO: INSW and OUTSW, or INSD and OUTSD"};
  kit::Parameter<kit::Bytes> max_request{*this, "max_request", kit::Bytes{1280 << 10},
      kit::cited("Linux 6.12 block layer, BLK_DEF_MAX_SECTORS 2560"),
      "longest command; 128 PRDs, and the 256 sectors of a disk with 28-bit addresses, are less", {{kit::Bytes{512}, kit::Bytes{8 << 20}}}};
  kit::Choice write_cache{*this, "write_cache", "device", {"device", "on", "off"}, kit::choice("as the disk comes"),
      "the disk's volatile write cache"};
  kit::Choice look_ahead{*this, "look_ahead", "device", {"device", "on", "off"}, kit::choice("as the disk comes"),
      "the disk's read look-ahead"};
  kit::Parameter<kit::Duration> busy_wait{*this, "busy_wait", kit::Duration::from_ps(10'000'000),
      kit::cited("Linux 6.12 libata-sff.c ata_sff_busy_wait: udelay(10) before each read of Status"),
      "the processor waits so long before it looks at Status, three times for each command"};
  kit::Parameter<kit::Duration> settle{*this, "settle", kit::Duration::from_ps(400'000),
      kit::cited("Linux 6.12 libata-sff.c ata_sff_pause: ndelay(400); ATA/ATAPI-6, 9.7"),
      "after Device selects and after Command, before Status holds"};
  kit::Parameter<std::int64_t> tries{*this, "tries", 6, kit::cited("Linux 6.12 sd.h SD_MAX_RETRIES 5, and the first"),
      "how often a request is tried before it fails", {{1, 1000}}};
  IdeProbeParameters probe;
};

}  // namespace ahcisim::host
