// SPDX-License-Identifier: MIT
// A source made to fit: to the disk's size, to a number of requests, to another speed, to a closed loop.
#pragma once

#include <ahcisim/models/host/workload/request.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace ahcisim::host {

/// How a source is changed on its way to the driver.
struct Adaptation {
  enum class Beyond : std::uint8_t {
    refuse,  ///< a request beyond the disk is an error
    fold,    ///< addresses wrap around: distances below the disk's size stay what they were
    scale,   ///< addresses shrink in proportion, by whole MiB, so that runs within a MiB stay runs
  };
  /// Where errors say the fault lies (the file's name).
  std::string where;
  /// Size of the disk; 0: not known, no check.
  std::uint64_t disk_sectors = 0;
  Beyond beyond = Beyond::refuse;
  /// For Beyond::scale: the first sector that the source never touches (span_of).
  std::uint64_t source_sectors = 0;
  /// Most requests passed on.
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  /// Recorded times and pauses are multiplied by it; above 0.
  double time_scale = 1;
  /// Forget recorded times and pauses: for a closed loop.
  bool without_times = false;
};

/// Passes another source's requests on, adapted.
class AdaptedSource final : public RequestSource {
 public:
  AdaptedSource(std::unique_ptr<RequestSource> source, Adaptation adaptation);
  /// Throws kit::ConfigError for a request beyond the disk (naming the option that helps), or longer than the
  /// whole disk.
  bool next(IoRequest& request) override;
  void rewind() override;
  std::optional<std::uint64_t> size_hint() const override;
  double progress() const override;
  std::string place() const override { return source_->place(); }
  std::string describe() const override;

 private:
  void fit(IoRequest& request) const;
  [[noreturn]] void refuse(const IoRequest& request, const char* remedy) const;
  kit::Duration scaled(kit::Duration time) const;

  std::unique_ptr<RequestSource> source_;
  Adaptation adaptation_;
  std::uint64_t usable_ = 0;  // sectors of the disk that folding and scaling use: whole MiB
  bool shrinks_ = false;
  std::uint64_t done_ = 0;
};

/// The first sector that a source never touches. Reads it through, and rewinds it.
std::uint64_t span_of(RequestSource& source);

}  // namespace ahcisim::host
