// SPDX-License-Identifier: MIT
// The register accesses of one step of a driver, in their order: made as a list, then run as one. A bus that answers
// within the call is served in a loop; one that answers later calls back after each access.
//
//     sequence.clear();
//     sequence.write(device, 0xe0, 1);
//     const unsigned status = sequence.read(altstatus, 1);
//     sequence.pause(400_ns);
//     sequence.run<&Driver::selected>(at, this);      // this->selected(when); then sequence.value(status)
//
// The processor waits for each access: I/O ports are never posted (PCI Express Base, 2.4.1). Nothing is allocated.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/host/driver_statistics.hpp>
#include <ahcisim/models/host/mmio.hpp>
#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

class AccessSequence {
 public:
  static constexpr unsigned most = 96;
  /// Each access counts in the statistics of issue and interrupt handler.
  AccessSequence(Mmio& mmio, const Processor& processor, DriverStatistics& statistics)
      : mmio_{mmio}, processor_{processor}, statistics_{statistics} {}
  AccessSequence(const AccessSequence&) = delete;
  AccessSequence& operator=(const AccessSequence&) = delete;

  void clear() { count_ = 0; }
  /// Adds an access of 1, 2 or 4 bytes; a read is named by what is returned.
  unsigned read(std::uint64_t address, unsigned bytes) { return add(Step::Kind::access, {address, false, bytes}); }
  void write(std::uint64_t address, std::uint32_t value, unsigned bytes) {
    add(Step::Kind::access, {address, true, bytes, value});
  }
  /// Writes what an earlier read of the list brought, `keep` of it, with `set` added.
  void write_back(std::uint64_t address, unsigned read, std::uint8_t keep, std::uint8_t set) {
    Step& step = steps_[add(Step::Kind::write_back, {address, true, 1})];
    step.source = read;
    step.mask = keep;
    step.set = set;
  }
  /// A string instruction at one address; `data` has to stay until the sequence has run.
  void string(std::uint64_t address, bool write, std::uint8_t* data, std::uint32_t bytes, std::uint32_t width) {
    add(Step::Kind::access, {address, write, bytes, 0, data, width});
  }
  /// Reads a byte, each time after a pause, until none of the bits of `mask` is set or all of its bits are (nobody is
  /// there), at most `tries` times.
  unsigned wait(std::uint64_t address, std::uint8_t mask, kit::Duration interval, unsigned tries);
  /// The processor is busy for so long.
  void pause(kit::Duration time) {
    steps_[add(Step::Kind::pause, {})].time = time;
  }
  /// The next access is the one that tells the device: its leaving is the tag's `issued`, those before it were on its behalf.
  /// The tag may be null.
  void stamp_issued(wire::RequestTag* tag) {
    if (tag) steps_[add(Step::Kind::stamp, {})].tag = tag;
  }

  /// Runs the list from `at` on; owner->Method(when) at its end, which may be within the call.
  template <auto Method, class T> void run(kit::Duration at, T* owner) {
    begin(at, owner, [](void* target, kit::Duration when) { (static_cast<T*>(target)->*Method)(when); });
  }
  std::uint32_t value(unsigned read) const { return steps_[read].access.value; }

 private:
  using Done = void (*)(void* owner, kit::Duration at);
  struct Step {
    enum class Kind : std::uint8_t { access, write_back, wait, pause, stamp } kind = Kind::access;
    std::uint8_t mask = 0, set = 0;
    unsigned source = 0, tries = 0;
    kit::Duration time;
    wire::RequestTag* tag = nullptr;
    Mmio::Access access;
  };
  unsigned add(Step::Kind kind, const Mmio::Access& access);
  void begin(kit::Duration at, void* owner, Done done);
  void proceed(kit::Duration at);
  bool through(std::uint32_t value);
  static void answered(void* self, std::uint32_t value, kit::Duration at);

  Mmio& mmio_;
  const Processor& processor_;
  DriverStatistics& statistics_;
  wire::TrapTime before_;  // what accesses before those of the list took
  std::array<Step, most> steps_{};
  unsigned count_ = 0, next_ = 0;
  void* owner_ = nullptr;
  Done done_ = nullptr;
};

}  // namespace ahcisim::host
