// SPDX-License-Identifier: MIT
// The parameters of the AHCI driver: what it is allowed to use, the waits of its bring-up.
#pragma once

#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// The waiting times of Linux's bring-up and error handling (libahci.c, libata-sata.c, libata-eh.c).
struct ProbeParameters : kit::ParameterSet {
  kit::Parameter<bool> fast_probe{*this, "fast_probe", false, kit::choice("true cuts every fixed wait of the bring-up to a hundredth"),
      "shorten the fixed waits of the bring-up; limits on waiting for the hardware stay"};
  kit::Parameter<kit::Duration> reset_limit{*this, "reset_limit", kit::Duration::from_ms(1000),
      kit::cited("AHCI 1.3.1, 10.4.3: GHC.HR clears within 1 s"), "longest wait for GHC.HR to clear"};
  kit::Parameter<kit::Duration> engine_limit{*this, "engine_limit", kit::Duration::from_ms(500),
      kit::cited("AHCI 1.3.1, 10.3.2: PxCMD.CR and .FR clear within 500 ms"), "longest wait for PxCMD.CR or .FR to clear"};
  kit::Parameter<kit::Duration> comreset{*this, "comreset", kit::Duration::from_ms(1),
      kit::cited("AHCI 1.3.1, 10.4.2: DET = 1 for at least 1 ms"), "how long PxSCTL.DET stays 1"};
  kit::Parameter<kit::Duration> resume_delay{*this, "resume_delay", kit::Duration::from_ms(200),
      kit::cited("Linux 6.12 libata-sata.c sata_link_resume"), "wait after PxSCTL.DET = 0, before PxSSTS is looked at"};
  kit::Parameter<kit::Duration> debounce_interval{*this, "debounce_interval", kit::Duration::from_ms(5),
      kit::cited("Linux 6.12 libata-sata.c sata_deb_timing_normal"), "between two reads of PxSSTS"};
  kit::Parameter<kit::Duration> debounce_duration{*this, "debounce_duration", kit::Duration::from_ms(100),
      kit::cited("Linux 6.12 libata-sata.c sata_deb_timing_normal"), "how long PxSSTS.DET must not change"};
  kit::Parameter<kit::Duration> debounce_limit{*this, "debounce_limit", kit::Duration::from_ms(2000),
      kit::cited("Linux 6.12 libata-sata.c sata_deb_timing_normal"), "longest wait for a stable PxSSTS.DET"};
  kit::Parameter<kit::Duration> ready_interval{*this, "ready_interval", kit::Duration::from_ms(50),
      kit::cited("Linux 6.12 libata-core.c ata_wait_ready"), "between two reads of PxTFD"};
  kit::Parameter<kit::Duration> ready_limit{*this, "ready_limit", kit::Duration::from_ms(10'000),
      kit::cited("Linux 6.12 libata-eh.c ata_eh_reset_timeouts"), "longest wait for PxTFD.STS.BSY to clear after COMRESET"};
  kit::Parameter<std::int64_t> reset_tries{*this, "reset_tries", 3,
      kit::cited("Linux 6.12 include/linux/libata.h ATA_EH_RESET_TRIES"), "COMRESETs before the port is given up", {{1, 100}}};
  kit::Parameter<kit::Duration> internal_limit{*this, "internal_limit", kit::Duration::from_ms(5'000),
      kit::cited("Linux 6.12 include/linux/libata.h ATA_TMOUT_INTERNAL_QUICK"), "longest wait for a command of the driver's own"};
};

struct AhciDriverParameters : DriverParameters {
  kit::Choice interrupts{*this, "interrupts", "msi", {"intx", "msi", "msi_per_port", "msix", "msix_per_port"},
      kit::choice("Linux takes one MSI where the HBA offers no vector per port"),
      "how the HBA interrupts; what it does not offer falls back, as in Linux, to fewer vectors and to INTx"};
  kit::Parameter<std::int64_t> port{*this, "port", -1, kit::choice("-1: the first port with a disk"), "the port to drive", {{-1, 31}}};

  kit::Parameter<bool> ncq{*this, "ncq", true, kit::choice("false: one command at a time, as IDE must"), "use command queueing"};
  kit::Parameter<std::int64_t> depth{*this, "depth", 32, kit::choice("as many as AHCI has slots"),
      "most commands outstanding; the disk and the HBA may offer less", {{1, 32}}};
  kit::Parameter<kit::Bytes> max_request{*this, "max_request", kit::Bytes{1280 << 10},
      kit::cited("Linux 6.12 block layer, BLK_DEF_MAX_SECTORS 2560"), "longest command; longer requests are split",
      {{kit::Bytes{512}, kit::Bytes{32 << 20}}}};
  kit::Parameter<bool> fua{*this, "fua", false, kit::cited("Linux 6.12 libata-core.c, module parameter fua = 0"),
      "use the disk's FUA commands; without them a FUA write is followed by a flush"};
  kit::Parameter<bool> auto_activate{*this, "auto_activate", true, kit::cited("Linux 6.12 ahci.h AHCI_FLAG_COMMON has ATA_FLAG_FPDMA_AA"),
      "switch on DMA Setup auto-activation where the disk offers it"};
  kit::Choice write_cache{*this, "write_cache", "device", {"device", "on", "off"}, kit::choice("as the disk comes"),
      "the disk's volatile write cache"};
  kit::Choice look_ahead{*this, "look_ahead", "device", {"device", "on", "off"}, kit::choice("as the disk comes"),
      "the disk's read look-ahead"};
  kit::Parameter<std::int64_t> tries{*this, "tries", 6, kit::cited("Linux 6.12 sd.h SD_MAX_RETRIES 5, and the first"),
      "how often a request is tried before it fails", {{1, 1000}}};
  ProbeParameters probe;
};

}  // namespace ahcisim::host
