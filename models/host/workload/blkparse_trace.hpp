// SPDX-License-Identifier: MIT
// Block traces in blkparse's default text format.
#pragma once

#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/host/workload/request.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ahcisim::host {

/// The requests that a Linux kernel issued to one device: `maj,min cpu sequence seconds.ns pid action RWBS
/// sector + n [who]`.
///
/// D (issue) events become requests; a C (completion) of the same sectors gives `recorded_service`; R
/// (requeue) takes an issue back. All other actions are ignored, and so are packet commands (RWBS "N" or a
/// payload in parentheses), which move no blocks. RWBS: R read, W write, D discard (trim), F before the
/// direction: preflush, alone or as "FF": flush, F after it: FUA; S, A, M, B and U carry nothing that a disk
/// would see. The summary that blkparse prints at its end stops the trace. `at` counts from the first issue
/// and never goes backwards (events of different CPUs may be a little out of order).
///
/// Completions are looked for among the following 1024 issues; past that a request counts as never completed.
class BlkparseTrace final : public RequestSource {
 public:
  /// `device` is "8,0" or the like. Without one, a trace that issues to several devices is an error that
  /// lists them.
  explicit BlkparseTrace(std::string path, std::string device = "");
  bool next(IoRequest& request) override;
  void rewind() override;
  double progress() const override { return reader_.progress(); }
  std::string place() const override { return reader_.place_of(given_line_); }
  std::string describe() const override;

 private:
  struct Pending {
    IoRequest request;
    std::uint64_t line = 0;
    kit::Duration issued;
    std::uint64_t next_sector = 0;  // where the next completion is to begin, and what is left after it
    std::uint32_t sectors_left = 0;
    enum class State : std::uint8_t { open, done, taken_back } state = State::open;
  };
  static constexpr std::uint64_t window = 1024;

  Pending& pending(std::uint64_t number) { return pending_[number % window]; }
  bool read_event();
  void issue(const IoRequest& request, kit::Duration at);
  void settle(const IoRequest& request, kit::Duration at, Pending::State state);
  bool is_wanted(std::string_view device);
  std::string devices() const;
  [[noreturn]] void refuse_idle() const;

  LineReader reader_;
  std::string wanted_, seen_;
  std::vector<Pending> pending_;
  std::uint64_t first_ = 0, end_ = 0;  // numbers of the oldest pending request and of the next
  std::vector<std::uint64_t> open_;    // numbers of those without a completion, oldest first
  std::optional<kit::Duration> start_;
  kit::Duration previous_{};
  std::uint64_t given_line_ = 0;  // of the request that next() gave last
  bool ended_ = false;
};

}  // namespace ahcisim::host
