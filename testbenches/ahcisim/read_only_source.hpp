// SPDX-License-Identifier: MIT
// Holds a workload to a read-only image: its first request that would change the disk is an error with the remedy.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <ahcisim/models/host/workload/request.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {

class ReadOnlySource final : public host::RequestSource {
 public:
  ReadOnlySource(std::unique_ptr<host::RequestSource> source, std::string image)
      : source_{std::move(source)}, image_{std::move(image)} {}
  /// Throws kit::ConfigError for a write or a trim.
  bool next(host::IoRequest& request) override {
    if (!source_->next(request)) return false;
    if (request.op == host::IoRequest::Op::write || request.op == host::IoRequest::Op::trim)
      throw kit::ConfigError{"machine.image = \"" + image_ + "\": is read-only, and the workload (" + source_->describe() +
                             ") writes; set machine.image_access = \"overlay\" or \"read_write\""};
    return true;
  }
  void rewind() override { source_->rewind(); }
  std::optional<std::uint64_t> size_hint() const override { return source_->size_hint(); }
  double progress() const override { return source_->progress(); }
  std::string describe() const override { return source_->describe(); }

 private:
  std::unique_ptr<host::RequestSource> source_;
  std::string image_;
};

}  // namespace ahcisim::program
