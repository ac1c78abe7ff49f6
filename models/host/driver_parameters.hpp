// SPDX-License-Identifier: MIT
// The parameters that every driver has: where it finds things, how long its steps take, when it gives up.
#pragma once

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// CPU time of the steps of a request, on one core of some 3–4 GHz. Register accesses come on top: the bus takes them.
struct CpuParameters : kit::ParameterSet {
  kit::Parameter<kit::Duration> syscall{*this, "syscall", kit::Duration::from_ps(132'000),
      kit::measured("null system call on an AMD EPYC, Linux 6.18"), "entering and leaving the kernel"};
  kit::Parameter<kit::Duration> submit{*this, "submit", kit::Duration::from_ps(1'500'000),
      kit::assumed("asynchronous direct I/O through block layer, SCSI mid layer and libata costs some 3-5 us of a core per request in all, of which about half is submission"),
      "file, block and SCSI layer on the way down, per request"};
  kit::Parameter<kit::Duration> build{*this, "build", kit::Duration::from_ps(300'000),
      kit::assumed("a command table of 128 bytes and a few PRDs, written to cache, with the mapping for DMA"),
      "building command header, command FIS and PRDT, per command"};
  kit::Parameter<kit::Duration> dispatch{*this, "dispatch", kit::Duration::from_ps(400'000),
      kit::assumed("taking a waiting request off the block layer's queue when a tag is free: less than a submission"),
      "taking the next command off a queue, per command that was not issued by its own submission"};
  kit::Parameter<kit::Duration> restart{*this, "restart", kit::Duration{},
      kit::choice("0: a core's switch to the kernel's worker is short and counted as part of dispatch"),
      "the kernel's worker that restarts a queue where every tag was taken: switching to it and back"};
  kit::Parameter<kit::Duration> interrupt_entry{*this, "interrupt_entry", kit::Duration::from_ps(600'000),
      kit::assumed("local APIC, exception entry, vector dispatch with cold caches: 0.5-1 us on bare metal"),
      "from the message's arrival to the handler's first register access"};
  kit::Parameter<kit::Duration> interrupt_exit{*this, "interrupt_exit", kit::Duration::from_ps(200'000),
      kit::assumed("end of interrupt, return, start of the block layer's soft interrupt"), "leaving the interrupt handler"};
  kit::Parameter<kit::Duration> finish{*this, "finish", kit::Duration::from_ps(250'000),
      kit::assumed("ata_qc_complete and freeing the slot"), "inside the handler, per command found done"};
  kit::Parameter<kit::Duration> complete{*this, "complete", kit::Duration::from_ps(700'000),
      kit::assumed("SCSI and block layer on the way up, unmapping, filling the program's completion ring"),
      "after the handler, per request"};
  kit::Parameter<kit::Duration> wake{*this, "wake", kit::Duration::from_ps(1'200'000),
      kit::assumed("scheduler and context switch to the waiting program: 1-2 us"),
      "back to the program, per handler pass that finds it waiting"};
};

/// Under these names every driver has them.
struct DriverParameters : kit::ParameterSet {
  kit::Parameter<kit::Bytes> ecam{*this, "ecam", kit::Bytes{0xe0000000}, kit::choice("inside the PC's hole below 4 GiB"),
      "physical address of the configuration space (bus 0)"};
  kit::Parameter<kit::Bytes> window{*this, "window", kit::Bytes{0xc0000000}, kit::choice("inside the PC's hole below 4 GiB"),
      "physical address from which memory BARs are assigned"};
  kit::Parameter<kit::Bytes> io_window{*this, "io_window", kit::Bytes{0x2000}, kit::choice("above the PC's own ports"),
      "I/O address from which I/O BARs are assigned"};
  kit::Parameter<std::int64_t> buses{*this, "buses", 2, kit::choice("the root bus and the one behind its port"),
      "PCI buses searched for the function, from 0 on", {{1, 256}}};
  kit::Parameter<kit::Bytes> message_address{*this, "message_address", kit::Bytes{0xfee00000},
      kit::cited("Intel 64 SDM volume 3, 11.11.1: the local APIC's message window"), "where messages of MSI and MSI-X are written"};
  kit::Parameter<kit::Bytes> segment{*this, "segment", kit::Bytes{4096},
      kit::assumed("the pages of a program's buffer lie anywhere, so each makes a PRD of its own"),
      "longest piece of the driver's own buffers that one PRD covers", {{kit::Bytes{512}, kit::Bytes{4 << 20}}}};
  kit::Parameter<kit::Duration> timeout{*this, "timeout", kit::Duration::from_ms(30'000),
      kit::cited("Linux 6.12 sd.h SD_TIMEOUT (30 * HZ)"), "after which a command counts as lost", {{kit::Duration::from_ms(1), kit::Duration::from_ms(100'000'000)}}};
  kit::Parameter<std::int64_t> unhandled_limit{*this, "unhandled_limit", 99'900,
      kit::cited("Linux 6.12 kernel/irq/spurious.c: 99,900 of 100,000"),
      "interrupts in a row that nobody wanted, after which the line is switched off", {{1, 1'000'000'000}}};
  CpuParameters cpu;
};

}  // namespace ahcisim::host
