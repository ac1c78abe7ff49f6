// SPDX-License-Identifier: MIT
// I/O logs of fio (write_iolog), version 2 and 3.
#pragma once

#include <ahcisim/models/host/workload/line_reader.hpp>
#include <ahcisim/models/host/workload/request.hpp>
#include <optional>
#include <string>

namespace ahcisim::host {

/// A log that fio wrote or can replay. Version 2 has `file action [offset length]` lines and no times but
/// `wait`, whose microseconds become the think time of the next request. Version 3 puts a time in
/// microseconds from the start of the log in front (that is what fio writes), which becomes `at`, counted
/// from the first request. read, write and trim take bytes that must be multiples of 512; sync, datasync and
/// syncfs are flushes; add, open, close and unlink are skipped.
class FioIolog final : public RequestSource {
 public:
  /// `file` picks one file of the log; without one, I/O to a second file is an error that names both.
  explicit FioIolog(std::string path, std::string file = "");
  bool next(IoRequest& request) override;
  void rewind() override;
  double progress() const override { return reader_.progress(); }
  std::string place() const override { return reader_.place_of(reader_.line_number()); }
  std::string describe() const override;
  /// 2 or 3.
  int version() const { return version_; }

 private:
  void read_header();
  bool parse(LineFields& fields, IoRequest& request);

  LineReader reader_;
  std::string wanted_, seen_;
  int version_ = 0;
  std::optional<kit::Duration> start_;
  kit::Duration previous_{}, waited_{};
};

}  // namespace ahcisim::host
