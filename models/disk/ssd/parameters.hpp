// SPDX-License-Identifier: MIT
// Every number of a solid state drive, and the catalogue of drives that set them.
//
// A rated or measured latency is taken apart as: host and link path + controller + flash. For a random read of 4 KiB with
// one command outstanding that is, with the path outside the medium measured on the bare-metal machine as 18.5 µs
// (driver, PCIe, five FISes, 7–8 µs of them the Data FIS at 6 Gb/s; 19 µs for a write):
//
//     1 / IOPS = 18.5 µs + read_cpu + read_latency + look_up + t_read + bus_overhead + 4 KiB / bus_rate
//
// and with 32 outstanding the controller's flash cores are the bottleneck: 1 / IOPS = look_up / flash_cores, and 3 % more,
// since the requests are not always spread evenly over them.
#pragma once

#include <string>
#include <vector>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::ssd {

using namespace kit::literals;

/// The parameters of one drive. The defaults are those of "samsung-850-pro".
struct SsdParameters : kit::ParameterSet {
  template <class T> using Parameter = kit::Parameter<T>;
  using Duration = kit::Duration;
  using Bytes = kit::Bytes;

  // What the host sees.
  Parameter<Bytes> capacity{*this, "capacity", 512110190592_B,
      kit::cited("IDEMA LBA1-03: 97,696,368 + 1,953,504 x (GB - 50) sectors, for 512 GB"),
      "user-addressable bytes", {{4096_KiB, Bytes{std::int64_t{8} << 40}}}};
  kit::Choice precondition{*this, "precondition", "sequential", {"sequential", "none"},
      kit::choice("benchmarks of drives are run after the whole drive was written"),
      "what the drive holds at time 0: every sector, written in ascending order, or nothing"};
  Parameter<bool> power_loss_protection{*this, "power_loss_protection", false,
      kit::assumed("client drives carry no capacitors for the write buffer"),
      "capacitors keep the write buffer: FLUSH and FUA need not wait for the flash"};

  // The flash.
  Parameter<std::int64_t> channels{*this, "channels", 8, kit::assumed("client SATA controllers of 2014 have 8 channels"),
      "flash channels", {{1, 64}}};
  Parameter<std::int64_t> dies{*this, "dies", 6,
      kit::assumed("48 dies of 86 Gibit hold 512 GB and 8 % more; spread over 8 channels"), "dies on each channel", {{1, 64}}};
  Parameter<std::int64_t> planes{*this, "planes", 2, kit::assumed("two planes a die were usual in 2014"),
      "planes of a die, read, programmed and erased together", {{1, 8}}};
  Parameter<Bytes> page{*this, "page", 16_KiB,
      kit::cited("MT29F128G08CBECB data sheet: 18,256-byte pages; SimpleSSD 2.0 sample.cfg: 16,384"), "user bytes of a page of one plane",
      {{4_KiB, 64_KiB}}};
  Parameter<std::int64_t> pages_per_block{*this, "pages_per_block", 384,
      kit::assumed("32 layers, 6 times 2 pages each: between the 256 and 512 of planar parts and the 1,000 and more of later ones"),
      "pages of a block of one plane", {{4, 4096}}};
  Parameter<kit::Ratio> over_provisioning{*this, "over_provisioning", kit::Ratio{0.082},
      kit::derived("48 dies x 86 Gibit = 554.1 GB over 512.1 GB"),
      "flash beyond the capacity, as a fraction of it (at least 6 blocks a die)", {{kit::Ratio{0.0}, kit::Ratio{4.0}}}};
  Parameter<Duration> t_read{*this, "t_read", 44_us,
      kit::assumed("MT29F64G08CBAAA data sheet: tR 50 us at most; SimpleSSD 2.0 sample.cfg: 40 to 65 us; a typical value between"), "tR: array to page register"};
  Parameter<Duration> t_program{*this, "t_program", 1300_us,
      kit::cited("MT29F64G08CBAAA and MT29F64G08CBAB data sheets: tPROG 1300 us typical"), "tPROG: page register to array"};
  Parameter<Duration> t_erase{*this, "t_erase", 3_ms, kit::cited("MT29F64G08CBAAA data sheet: tBERS 3 ms typical"), "tBERS"};
  Parameter<Duration> t_suspend{*this, "t_suspend", 100_us,
      kit::cited("MQSim ssdconfig.xml: program suspend 100 us"), "longest wait of a read for a program or erase in progress"};
  Parameter<kit::Rate> bus_rate{*this, "bus_rate", 400_MBps, kit::cited("SimpleSSD 2.0 sample.cfg: 400 MT/s, 8 bits"),
      "rate of a channel"};
  Parameter<Duration> bus_overhead{*this, "bus_overhead", 1_us,
      kit::assumed("command, address and status cycles at a transfer: some tens of bus cycles, tWB and tRR"),
      "what a transfer on a channel costs besides its data"};
  Parameter<std::int64_t> gc_low_water{*this, "gc_low_water", 5,
      kit::assumed("few, so that over-provisioning serves the cleaning; with 5 the cleaning always keeps pace with the host"),
      "garbage collection works on a die while it has this many free blocks or fewer (at most half of its spare ones)", {{3, 1024}}};

  // The controller.
  Parameter<Duration> read_cpu{*this, "read_cpu", 4_us,
      kit::assumed("less than a write, whose data must be placed as well"), "time the controller's host core is taken by a read"};
  Parameter<Duration> read_latency{*this, "read_latency", 3_us,
      kit::derived("100 us at 10,000 IOPS - 18.5 us path - 4 us read_cpu - 19.25 us look_up - 44 us tR - 1 us - 10.24 us of "
                   "4 KiB at 400 MB/s"),
      "what a read needs besides: error correction, data path; takes no core"};
  Parameter<std::int64_t> flash_cores{*this, "flash_cores", 2,
      kit::assumed("of the three cores of the 850 PRO's controller, one serves the host and two the flash"),
      "cores that read the flash, each for its share of the addresses", {{1, 16}}};
  Parameter<Duration> look_up{*this, "look_up", 19250_ns,
      kit::derived("2 cores / 100,000 IOPS at 32 outstanding (Tom's Hardware 850 PRO review: 4 KiB random read), less 3 to 4 %"),
      "time a flash core is taken by a read that goes to the flash"};
  Parameter<Duration> write_cpu{*this, "write_cpu", 11_us,
      kit::derived("1 / 90,000 IOPS at 32 outstanding (850 PRO specification: 4 KiB random write), less 1 %"),
      "time the controller's host core is taken by a write"};
  Parameter<Duration> write_latency{*this, "write_latency", 8800_ns,
      kit::derived("27.8 us at 36,000 IOPS (850 PRO specification: 4 KiB random write) - 19 us path"),
      "from the host core's begin of a write until its data may come; the core works on meanwhile or afterwards"};
  Parameter<Duration> random_write_latency{*this, "random_write_latency", 0_us,
      kit::assumed("no separate figures for sequential and random writes one at a time"),
      "what a write needs more that does not continue the one before"};
  Parameter<Duration> flush_latency{*this, "flush_latency", 20_us, kit::assumed("the controller's bookkeeping; nothing is published"),
      "what FLUSH CACHE needs where nothing is left to program"};
  Parameter<Duration> flush_journal{*this, "flush_journal", 400_us,
      kit::assumed("the changed mapping goes to faster single-level pages: one program of 400 us"),
      "what FLUSH CACHE and FUA need more after data was programmed; not with power_loss_protection"};
  Parameter<Duration> trim_range{*this, "trim_range", 2_us, kit::assumed("a look-up for each range"),
      "what each range of DATA SET MANAGEMENT takes of the host core"};
  Parameter<kit::Rate> read_rate{*this, "read_rate", 600_MBps,
      kit::cited("Serial ATA 3.x: 6 Gb/s, 8b/10b; the 850 PRO saturates it"), "rate at which data leaves the drive's memory"};
  Parameter<kit::Rate> write_rate{*this, "write_rate", 520_MBps, kit::cited("Samsung 850 PRO specification: sequential write 520 MB/s"),
      "rate at which data enters the drive's memory"};
  Parameter<kit::Rate> link_rate{*this, "link_rate", 600_MBps, kit::cited("Serial ATA 3.x: 6 Gb/s, 8b/10b"),
      "the fastest the link takes data, for the start of a transfer"};
  Parameter<Bytes> write_buffer{*this, "write_buffer", 8_MiB,
      kit::assumed("a small part of the DRAM, most of which holds the mapping"), "memory for data on its way to the flash",
      {{256_KiB, Bytes{std::int64_t{1} << 30}}}};
  Parameter<Bytes> look_ahead{*this, "look_ahead", 512_KiB, kit::assumed("keeps every channel busy ahead of a sequential reader"),
      "how far a sequential reader is read ahead of", {{0_KiB, 2_MiB}}};
};

/// The drives of the catalogue.
const std::vector<std::string>& known_drives();
/// Sets the parameters of a drive of the catalogue. Throws kit::ConfigError with the nearest name for an unknown one.
void apply_drive(SsdParameters& parameters, const std::string& name);

}  // namespace ahcisim::disk::ssd
