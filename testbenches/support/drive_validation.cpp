// SPDX-License-Identifier: MIT
// Replays the measured traces.
#include <support/drive_validation.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <ahcisim/models/disk/hdd/diskspecs.hpp>
#include <ahcisim/models/host/workload/disksim_trace.hpp>

namespace ahcisim::support {
namespace {

using kit::Duration;

/// A host with one request outstanding and a bus of a given time per sector.
class OneAtATime final : public disk::MediumClient {
 public:
  OneAtATime(disk::Medium& medium, Duration per_sector) : medium_{medium}, per_sector_{per_sector} { medium.attach(*this); }

  /// Issues a request at `now`; returns when it is complete.
  Duration run(disk::MediaRequest& request, Duration now) {
    done_ = ends_ = Duration::never();
    medium_.submit(request, now);
    while (done_ == Duration::never()) {
      const Duration decision = medium_.next_decision();
      if (ends_ != Duration::never() && ends_ <= decision) {
        const Duration end = ends_;
        ends_ = Duration::never();
        medium_.transferred(request, end);
      } else {
        medium_.advance(decision);
      }
    }
    return done_;
  }
  /// Lets the drive work on its own until `now`.
  void idle_until(Duration now) {
    while (medium_.next_decision() <= now) medium_.advance(medium_.next_decision());
  }
  void may_transfer(disk::MediaRequest& request, Duration at) override {
    ends_ = at + per_sector_ * static_cast<std::int64_t>(request.range.count);
  }
  void complete(disk::MediaRequest&, Duration at) override { done_ = at; }

 private:
  disk::Medium& medium_;
  Duration per_sector_;
  Duration done_ = Duration::never(), ends_ = Duration::never();
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// Both distributions have as many samples, so the horizontal distance at each rank is that of the sorted samples.
double demerit(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return a.empty() ? 0 : std::sqrt(sum / static_cast<double>(a.size()));
}

/// What a trace shows of the bench and the drive that the drive's description does not tell, or tells otherwise.
struct Bench {
  Duration sector;           ///< interface time of one
  Duration write_off_track;  ///< HddParameters::write_hit_off_track
};

/// The three newer drives sat on a bus of 5 MB/s, as the slope of their writes' times over the sectors shows; the HP C3323A on
/// a slower one, as its read hits show too (DiskSim 4.0, valid/hp_c3323a.parv, BUS1 "Read block transfer time"). The Atlas 10K's
/// time off the track: medians of the writes among the first 5,000 requests, on and off the track the arm was on.
Bench bench(const std::string& name) {
  const Duration five_megabytes = Duration::from_ms(0.1024);
  if (name == "hp_c3323a") return {Duration::from_ms(0.1455), {}};
  if (name == "atlas10k") return {five_megabytes, Duration::from_ms(0.055)};
  if (name == "cheetah9LP" || name == "ibm18es") return {five_megabytes, {}};
  throw kit::ConfigError{name + ": nothing is known of its bench; add it to drive_validation.cpp"};
}

}  // namespace

std::string data_folder() {
  const char* given = std::getenv("AHCISIM_DATA");
  const std::string folder = given ? given : AHCISIM_SOURCE_DIR "/../shared/data";
  return std::filesystem::is_directory(folder + "/disks") ? folder : std::string{};
}

DriveValidation validate_drive(const std::string& data_folder, const std::string& name, unsigned uncounted) {
  const std::string base = data_folder + "/disks/" + name + "/" + name;
  const bool special = std::filesystem::exists(base + "_validate.diskspecs");
  disk::hdd::HddParameters parameters{disk::hdd::read_diskspecs(base + (special ? "_validate" : "") + ".diskspecs")};
  parameters.interface_sector.set(bench(name).sector);
  parameters.write_hit_off_track.set(bench(name).write_off_track);
  const auto drive = disk::hdd::make_drive(parameters);
  OneAtATime host{*drive, parameters.interface_sector()};
  host::DisksimValidationTrace trace{base + ".trace.xz"};

  std::vector<double> simulated, measured, reads, writes, measured_reads, measured_writes;
  Duration now;
  for (host::IoRequest line; trace.next(line);) {
    disk::MediaRequest request;
    const bool read = line.op == host::IoRequest::Op::read;
    request.op = read ? disk::MediaOp::read : disk::MediaOp::write;
    request.range = {line.lba, line.sectors};
    now += line.think;
    host.idle_until(now);
    const Duration end = host.run(request, now);
    const double ms = (end - now).ms(), real = line.recorded_service.ms();
    now = end;
    if (uncounted > 0) {
      --uncounted;
      continue;
    }
    simulated.push_back(ms);
    measured.push_back(real);
    (read ? reads : writes).push_back(ms);
    (read ? measured_reads : measured_writes).push_back(real);
  }
  DriveValidation result;
  result.requests = static_cast<unsigned>(simulated.size());
  result.mean = mean(simulated);
  result.read_mean = mean(reads);
  result.write_mean = mean(writes);
  result.measured_mean = mean(measured);
  result.measured_read_mean = mean(measured_reads);
  result.measured_write_mean = mean(measured_writes);
  result.demerit = demerit(simulated, measured);
  return result;
}

}  // namespace ahcisim::support
