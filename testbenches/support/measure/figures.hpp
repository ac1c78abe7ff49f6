// SPDX-License-Identifier: MIT
// The runs behind the end-to-end figures, shared by the program that prints them and the tests that hold them to their
// targets. Each runs in processes of its own.
#pragma once

#include <string>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {

/// Sequential reads of 128 KiB, 32 outstanding, 10⁶ bytes per second. `settings` come on top.
double sequential_read(const std::string& drive, const Settings& settings = {});
/// The settings of a SATA 3 Gb/s link, and of a PCIe 2.0 ×1 slot with a Max_Payload_Size of 128 bytes.
Settings sata_gen2();
Settings pcie_gen2x1();
/// A SATA link whose handshakes cost nothing: what framing and ALIGN alone leave.
Settings sata_without_latency();

/// Random 4 KiB reads (or `pattern`: "randwrite") at a queue depth with NCQ, on the whole drive.
MachineRun random_4k(const std::string& drive, unsigned depth, std::uint64_t requests, const std::string& pattern = "randread",
                     const Settings& settings = {});
/// 10⁶ bytes per second of sustained sequential reads of 1 MiB at depth 4: 200 MiB from the drive's first sector on, or the
/// last 200 MiB of the drive.
enum class Zone { outermost, innermost };
double sustained(const std::string& drive, Zone zone);
/// Random 4 KiB writes a second at depth 32 once every page has been overwritten twice: on a slice of the drive with as many
/// dies but smaller blocks, which are erased in as much less time, so that it fills within a second.
double sustained_random_writes(const std::string& drive);
/// Random 4 KiB reads at depth 32 with NCQ over those of one at a time without, by requests per second.
double queueing_gain(const std::string& drive);
/// Register accesses of one 4 KiB read, one at a time, as counted where they arrive.
MachineRun register_accesses(const Settings& settings);
/// Random 4 KiB reads of a guest with `interface` ("ahci", "ide", "virtio_blk"), its image on nothing at all, at the depth the
/// interface takes: 32, or 1 for IDE.
MachineRun emulated_4k(const std::string& interface, std::uint64_t requests, const Settings& settings = {});

}  // namespace ahcisim::measure
