// SPDX-License-Identifier: MIT
// The request tag: the account that travels with a disk request and collects when each stage of its way ended.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ahcisim::wire {

/// The points a request passes, in their order; bare metal passes those without "emulated" in their meaning. Only `transferred`
/// has no place of its own: it comes anywhere between received and completed, since data moves when the device asks for it (a
/// write's before the medium has it, a read's after). See RequestTag::account() for the stages between the points.
enum class Stage : std::uint8_t {
  submitted,    ///< the program made the call
  entered,      ///< the kernel has the call
  issued,       ///< the access that gives the device its command leaves the CPU (AHCI: PxCI; IDE: Command, with the bus master still
                ///< to be started; virtio: the available index, in memory; emulated: is about to be trapped)
  trapped,      ///< emulated: the hypervisor has the access that tells the device; not passed where a device that looks at its ring
                ///< anyway finds the request, nor are the next two unless they came after the issue
  emulator,     ///< emulated: the emulator's user space runs (the processor's thread came back, or an I/O thread woke)
  dispatched,   ///< emulated: the device model's handler was found and entered
  fetched,      ///< the controller has the command (AHCI: command FIS and header; virtio: descriptors; IDE: Command written)
  received,     ///< the device has the command (Register H2D FIS, task file or request header)
  host_call,    ///< emulated: the emulator's call to read or write the image begins
  host_sent,    ///< emulated: the host's driver has sent it to its disk (not passed where it was on its way already: a read-ahead)
  selected,     ///< the medium began to work on it: the wait in the device's queue is over
  positioned,   ///< the arm has settled on the track (HDD); the die is free (SSD)
  rotated,      ///< the first sector is under the head (HDD)
  media,        ///< the medium's own transfer is done: data is in the buffer, or on the medium
  transferred,  ///< the last data dword was accepted by the receiving side
  host_done,    ///< emulated: the host's call has returned in its thread
  told,         ///< emulated: the emulator's loop has the completion
  status,       ///< the controller has what completes the command (FIS, used ring entry, Status register)
  injected,     ///< emulated: the guest was entered again, with the interrupt
  interrupt,    ///< the CPU entered the interrupt handler; at once where the command ended while it was in there
  woken,        ///< handler and I/O layers are done: the program may run again
  completed,    ///< the call has returned: the program has the request back
};
inline constexpr std::size_t stage_count = 22;
/// "submitted", "entered" …
constexpr const char* name_of(Stage stage) {
  constexpr const char* names[stage_count] = {
      "submitted", "entered",    "issued",  "trapped", "emulator",    "dispatched", "fetched", "received", "host_call", "host_sent", "selected",
      "positioned", "rotated", "media",   "transferred", "host_done",  "told",    "status",   "injected",  "interrupt", "woken",     "completed"};
  return names[static_cast<std::size_t>(stage)];
}

/// One request's account. Times are picoseconds since the start of the simulation; -1 where a point was not passed.
struct RequestTag {
  std::uint64_t id = 0;
  std::array<std::int64_t, stage_count> at{};

  RequestTag() { at.fill(-1); }
  void open(std::uint64_t request_id) {
    id = request_id;
    at.fill(-1);
  }
  void stamp(Stage stage, std::int64_t ps) { at[static_cast<std::size_t>(stage)] = ps; }
  std::int64_t when(Stage stage) const { return at[static_cast<std::size_t>(stage)]; }
  /// The command is given to the device once more: what the attempt before passed does not count.
  void reopen() { std::fill(at.begin() + static_cast<std::ptrdiff_t>(Stage::issued), at.end(), -1); }
  /// Calls stage(Stage, picoseconds) for each point that was passed, in order: the time since the point before it. So the stages
  /// of a request sum to its latency, from submitted to completed, exactly. Nothing is adjusted: a stage below zero says that
  /// points were stamped out of their order, which is an error of the model. `transferred` is taken where its time falls. Of
  /// points at one time it comes before status, unless an emulator's call had brought the data: moving it on is device code.
  template <class Function> void account(Function&& stage) const {
    constexpr auto data = static_cast<std::size_t>(Stage::transferred), begin = static_cast<std::size_t>(Stage::received);
    std::int64_t last = at.front();
    const auto pass = [&](std::size_t point) {
      stage(static_cast<Stage>(point), at[point] - last);
      last = at[point];
    };
    bool moved = at[data] < 0;
    for (std::size_t i = 1; i < stage_count; ++i) {
      if (at[i] < 0 || i == data) continue;
      if (!moved && i > begin && data_before(i)) {
        pass(data);
        moved = true;
      }
      pass(i);
    }
  }

 private:
  bool data_before(std::size_t point) const {
    const std::int64_t data = when(Stage::transferred);
    if (at[point] != data) return at[point] > data || point + 1 == stage_count;
    return (point > static_cast<std::size_t>(Stage::transferred) && when(Stage::host_done) < 0) || point + 1 == stage_count;
  }
};

/// The tags of the commands that are outstanding at one controller, by port (IDE: channel; virtio: queue) and slot (IDE:
/// device; virtio: head descriptor): how a tag crosses the register interface, where real hardware carries none. A driver sets
/// an entry before it tells the device (AHCI: before it writes PxCI); the controller looks it up when it fetches the command.
/// Entries are null where nobody keeps accounts (a foreign guest).
class TagBoard {
 public:
  explicit TagBoard(unsigned ports = 32, unsigned slots = 32) : slots_{slots}, tags_(std::size_t{ports} * slots) {}
  RequestTag*& at(unsigned port, unsigned slot) { return tags_[std::size_t{port} * slots_ + slot]; }

 private:
  std::size_t slots_;
  std::vector<RequestTag*> tags_;
};

}  // namespace ahcisim::wire
