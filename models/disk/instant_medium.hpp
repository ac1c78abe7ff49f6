// SPDX-License-Identifier: MIT
// A medium without mechanics: every access is ready at once. For protocol tests and for measuring an HBA alone.
#pragma once

#include <ahcisim/models/disk/medium.hpp>

namespace ahcisim::disk {

class InstantMedium final : public Medium {
 public:
  /// `facts.sectors`: 1 … 2⁴⁸.
  explicit InstantMedium(const MediumFacts& facts) : facts_{facts} {}
  MediumFacts facts() const override { return facts_; }
  void submit(MediaRequest& request, kit::Duration now) override {
    request.arrived = now;
    if (request.tag) {
      request.tag->stamp(wire::Stage::selected, now.ps());
      request.tag->stamp(wire::Stage::media, now.ps());
    }
    const bool moves = request.op == MediaOp::read || request.op == MediaOp::write;
    if (moves) client_->may_transfer(request, now);
    if (request.op == MediaOp::trim)
      for (std::uint32_t i = 0; i < request.trim_count; ++i) report_taken_safely(request.trims[i], true, now, now);
    if (request.op != MediaOp::write) client_->complete(request, now);
  }
  void transferred(MediaRequest& request, kit::Duration now) override {
    if (request.op == MediaOp::write) report_taken_safely(request.range, false, now, now);
    client_->complete(request, now);
  }
  kit::Duration next_decision() const override { return kit::Duration::never(); }
  void advance(kit::Duration) override {}
  void set_write_cache(bool) override {}
  void set_look_ahead(bool) override {}
  void abandon_all(kit::Duration) override {}
  void stop_spindle(kit::Duration) override {}
  void attach(MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return none_; }

 private:
  MediumFacts facts_;
  MediumClient* client_ = nullptr;
  kit::StatSet none_;
};

}  // namespace ahcisim::disk
