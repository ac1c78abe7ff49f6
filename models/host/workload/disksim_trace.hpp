// SPDX-License-Identifier: MIT
// The two text formats of DiskSim: validation traces with measured service times, and ASCII arrival traces.
#pragma once

#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/host/workload/request.hpp>
#include <optional>
#include <string>

namespace ahcisim::host {

/// A validation trace: `R|W tag first-block blocks service-µs think-µs`, one line a request, 512-byte blocks.
/// One request was outstanding at a time: the next was issued at completion + think time. So `at` is unknown,
/// `recorded_service` is the drive's measured service time, and `think` is the pause that the *previous* line
/// ended with (0 for the first).
class DisksimValidationTrace final : public RequestSource {
 public:
  /// Plain, .xz or .gz. Throws kit::ConfigError where the file is missing or an archive is cut.
  explicit DisksimValidationTrace(std::string path) : reader_{std::move(path)} {}
  bool next(IoRequest& request) override;
  void rewind() override;
  double progress() const override { return reader_.progress(); }
  std::string place() const override { return reader_.place_of(reader_.line_number()); }
  std::string describe() const override;

 private:
  LineReader reader_;
  kit::Duration pause_{};
};

/// An ASCII arrival trace: `arrival-ms device first-block blocks flags`, 512-byte blocks; bit 0 of the flags
/// (hexadecimal) set is a read, clear a write. Open loop: `at` counts from the first arrival; arrivals must
/// not go backwards.
class DisksimArrivalTrace final : public RequestSource {
 public:
  /// `device` picks one device number; without one, a second device in the trace is an error that names both.
  explicit DisksimArrivalTrace(std::string path, std::optional<std::uint64_t> device = {})
      : reader_{std::move(path)}, wanted_{device} {}
  bool next(IoRequest& request) override;
  void rewind() override;
  double progress() const override { return reader_.progress(); }
  std::string place() const override { return reader_.place_of(reader_.line_number()); }
  std::string describe() const override;

 private:
  LineReader reader_;
  std::optional<std::uint64_t> wanted_;
  std::optional<std::uint64_t> seen_;
  std::optional<kit::Duration> start_;
  kit::Duration previous_{};
  bool found_ = false;  // a request to the device wanted
};

}  // namespace ahcisim::host
