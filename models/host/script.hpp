// SPDX-License-Identifier: MIT
// Steps that a driver takes one after the other (bring-up, error handling), written as a list instead of a thread.
//
//     script.read(ghc, [&](std::uint32_t value) {
//       script.write(ghc, value | GHC_HR);                    // steps added inside a step come right after it,
//       script.poll(ghc, GHC_HR, 0, 1_ms, 1_s, [&](bool done) { … });
//     });
//     script.call([&] { … });                                // before what was added later outside
//
// Each access occupies the processor; between steps interrupts and other work have their turn. Not for the hot path.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include <ahcisim/models/host/mmio.hpp>
#include <ahcisim/models/host/processor.hpp>

namespace ahcisim::host {

class Script {
 public:
  using Handler = std::function<void(std::uint32_t value)>;
  Script(kit::Calendar& calendar, Processor& processor, Mmio& mmio)
      : calendar_{calendar}, processor_{processor}, mmio_{mmio} {}

  void read(std::uint64_t address, Handler handler, unsigned bytes = 4);
  void read(std::uint64_t address) { read(address, [](std::uint32_t) {}); }
  void write(std::uint64_t address, std::uint32_t value, unsigned bytes = 4);
  /// A string instruction at one address; `data` has to stay until it is through.
  void string(std::uint64_t address, bool write, std::uint8_t* data, std::uint32_t bytes, std::uint32_t width);
  void delay(kit::Duration time);
  void call(std::function<void()> action);
  /// Reads until (value & mask) == wanted, every `interval`, for at most `limit`. Says whether that happened.
  void poll(std::uint64_t address, std::uint32_t mask, std::uint32_t wanted, kit::Duration interval, kit::Duration limit,
            std::function<void(bool done)> handler, unsigned bytes = 4);
  /// Runs `begin`, which returns when the processor is through with it; the script goes on when resume() is called.
  void suspend(std::function<kit::Duration(kit::Duration at)> begin);
  void resume(kit::Duration at);
  bool suspended() const { return suspended_; }
  bool idle() const { return steps_.empty() && !running_ && !suspended_; }
  /// Forgets all steps that have not begun.
  void drop() { steps_.clear(), insert_ = 0; }

  /// For Software::wanted() and Software::run().
  kit::Duration wanted() const { return steps_.empty() || suspended_ || running_ ? kit::Duration::never() : ready_; }
  void run(kit::Duration at);

 private:
  using Step = std::function<void(kit::Duration at)>;
  void add(Step step);
  void inside(const std::function<void()>& action);
  void answered(std::uint32_t value, kit::Duration at);
  void end_step(kit::Duration at);
  void poll_until(std::uint64_t address, std::uint32_t mask, std::uint32_t wanted, kit::Duration interval,
                  kit::Duration deadline, std::function<void(bool)> handler, unsigned bytes);

  kit::Calendar& calendar_;
  Processor& processor_;
  Mmio& mmio_;
  std::deque<Step> steps_;
  std::size_t insert_ = 0;
  bool inside_ = false, running_ = false, suspended_ = false;
  kit::Duration ready_;
  Handler handler_;
};

}  // namespace ahcisim::host
