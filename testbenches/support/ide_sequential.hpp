// SPDX-License-Identifier: MIT
// Sequential transfers on the IDE bench by a host that costs nothing but its port I/O: what controller, cable and device allow.
#pragma once

#include <functional>
#include <string>

#include <support/ide_bench.hpp>

namespace ahcisim::bench {

/// A host whose handler runs at every interrupt. One in a process.
struct IdeSequential {
  IdeBench b;
  std::function<void()> issue;    ///< issues one command; from within run()
  std::function<void()> handler;  ///< runs at each interrupt; next() where it ends a command
  std::string wrong;              ///< the first thing that was not as it should be; empty: nothing

  IdeSequential() {
    b.start();
    b.fast();
    b.interrupts.on_rise = [this](unsigned, Duration when) { b.context.calendar.at<&IdeSequential::entered>(when, this); };
  }
  /// Issues `count` commands, one after the other. Bytes per second.
  double run(unsigned count, std::uint64_t bytes_each) {
    left_ = count;
    b.passes_time = false;
    b.ahead = {};
    begin_ = b.now();
    first_event_ = b.context.calendar.events();
    issue();
    b.run(5_s);
    expect(left_ == 0, "commands did not end");
    expect(b.context.diagnostics.count() == 0, "the checkers found something");
    return static_cast<double>(count * bytes_each) / (end_ - begin_).seconds();
  }
  void next() {
    if (--left_ == 0)
      end_ = b.now() + b.ahead;
    else
      issue();
  }
  void expect(bool right, const char* what) {
    if (!right && wrong.empty()) wrong = what;
  }
  double events_per_command(unsigned count) const {
    return static_cast<double>(b.context.calendar.events() - first_event_) / count;
  }

 private:
  void entered(std::uint64_t) {
    b.ahead = {};
    handler();
  }
  unsigned left_ = 0;
  Duration begin_, end_;
  std::uint64_t first_event_ = 0;
};

/// READ SECTORS of 256 sectors in PIO mode 4, a string of port reads for each. Bytes per second.
inline double sequential_pio4(IdeSequential& s) {
  unsigned blocks = 0;
  s.issue = [&] {
    blocks = 256;
    s.b.issue({0x20, 0, 256});
  };
  s.handler = [&] {
    s.expect(s.b.status() == 0x58, "Status is not DRDY, DSC and DRQ at a block");
    s.b.ins(512);
    if (--blocks == 0) s.next();
  };
  return s.run(8, 256 * 512);
}

/// READ or WRITE DMA EXT of 512 KiB each in Ultra DMA mode 6, through PRDs of 64 KiB. Bytes per second.
inline double sequential_udma133(IdeSequential& s, bool to_memory) {
  std::vector<IdeBench::Prd> prds;
  for (unsigned i = 0; i < 8; ++i) prds.push_back({0x100000 + i * 0x10000, 0});
  s.b.write_prds(prds);
  s.issue = [&] {
    s.b.prepare_bus_master(to_memory);
    s.b.issue({static_cast<std::uint8_t>(to_memory ? 0x25 : 0x35), 0, 1024, 0, true});
    s.b.start_bus_master();
  };
  s.handler = [&] {
    s.expect((s.b.in(IdeBench::BMIS) & 7) == 4, "BMISX does not show the end of the transfer");
    s.b.stop_bus_master();
    s.expect(s.b.status() == 0x50, "Status is not DRDY and DSC at the end");
    s.next();
  };
  return s.run(16, 1024 * 512);
}

}  // namespace ahcisim::bench
