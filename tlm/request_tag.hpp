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
  // Emulated: no points, but what the driver's other accesses for the request took, of which each is a way out of the guest and
  // back. Before it is issued, while data moves, and in the handler of its interrupt, in the order of Trap.
  issue_trap, issue_emulator, issue_dispatch, issue_device, issue_entry,
  data_trap, data_emulator, data_dispatch, data_device, data_entry,
  handler_trap, handler_emulator, handler_dispatch, handler_device, handler_entry,
};
/// Points that a request passes, and stages that its account may have: those between the points, and those of accesses.
inline constexpr std::size_t stage_count = 22, account_count = stage_count + 15;
/// "submitted", "entered" …
constexpr const char* name_of(Stage stage) {
  constexpr const char* names[account_count] = {
      "submitted", "entered",    "issued",  "trapped", "emulator",    "dispatched", "fetched", "received", "host_call", "host_sent", "selected",
      "positioned", "rotated", "media",   "transferred", "host_done",  "told",    "status",   "injected",  "interrupt", "woken",     "completed",
      "issue_trap", "issue_emulator", "issue_dispatch", "issue_device", "issue_entry", "data_trap", "data_emulator", "data_dispatch",
      "data_device", "data_entry", "handler_trap", "handler_emulator", "handler_dispatch", "handler_device", "handler_entry"};
  return names[static_cast<std::size_t>(stage)];
}

/// What the time of a trapped access goes to, in its order.
enum class Trap : std::uint8_t {
  trap,      ///< the guest is left; the kernel itself where it has the device
  emulator,  ///< kernel to the emulator's user space
  dispatch,  ///< finding the device's handler, and waiting for the lock
  device,    ///< device code
  entry,     ///< back into the guest
};
inline constexpr std::size_t trap_count = 5;

/// Times of accesses, added up by what they went to; picoseconds.
struct TrapTime {
  std::array<std::int64_t, trap_count> ps{};
  TrapTime& operator+=(const TrapTime& other) {
    for (std::size_t i = 0; i < trap_count; ++i) ps[i] += other.ps[i];
    return *this;
  }
  friend TrapTime operator-(TrapTime left, const TrapTime& right) {
    for (std::size_t i = 0; i < trap_count; ++i) left.ps[i] -= right.ps[i];
    return left;
  }
  std::int64_t sum() const {
    std::int64_t sum = 0;
    for (const std::int64_t each : ps) sum += each;
    return sum;
  }
  /// Whether any part took time.
  bool any() const {
    static_assert(trap_count == 5);
    return (ps[0] | ps[1] | ps[2] | ps[3] | ps[4]) != 0;
  }
  std::int64_t& operator[](Trap part) { return ps[static_cast<std::size_t>(part)]; }
  std::int64_t operator[](Trap part) const { return ps[static_cast<std::size_t>(part)]; }
};

/// One request's account. Times are picoseconds since the start of the simulation; -1 where a point was not passed.
struct RequestTag {
  std::uint64_t id = 0;
  std::array<std::int64_t, stage_count> at{};
  /// Trapped accesses for the request: those before the point issued; those that the data waits for or moves by; the end of
  /// interrupt before the point interrupt, and those of the handler after it. Each lies within its stage, which is told without it.
  TrapTime issue_traps, data_traps, acknowledge_traps, handler_traps;

  RequestTag() { at.fill(-1); }
  void open(std::uint64_t request_id) {
    id = request_id;
    at.fill(-1);
    issue_traps = data_traps = acknowledge_traps = handler_traps = {};
  }
  void stamp(Stage stage, std::int64_t ps) { at[static_cast<std::size_t>(stage)] = ps; }
  std::int64_t when(Stage stage) const { return at[static_cast<std::size_t>(stage)]; }
  /// The command is given to the device once more: what the attempt before passed does not count.
  void reopen() {
    std::fill(at.begin() + static_cast<std::ptrdiff_t>(Stage::issued), at.end(), -1);
    issue_traps = data_traps = acknowledge_traps = handler_traps = {};
  }
  /// Calls stage(Stage, picoseconds) for each point that was passed, in order: the time since the point before it, less that of
  /// trapped accesses, which are told as stages of their own where they took time. So the stages
  /// of a request sum to its latency, from submitted to completed, exactly. Nothing is adjusted: a stage below zero says that
  /// points were stamped out of their order, which is an error of the model. `transferred` is taken where its time falls. Of
  /// points at one time it comes before status, unless an emulator's call had brought the data: moving it on is device code.
  /// Accesses for the data are those of whichever comes first of the two.
  template <class Function> void account(Function&& stage) const {
    std::int64_t last = at.front();
    if (!trapped())
      return in_order([&](std::size_t point) {
        stage(static_cast<Stage>(point), at[point] - last);
        last = at[point];
      });
    bool fed = false;
    in_order([&](std::size_t point) {
      const auto reached = static_cast<Stage>(point);
      std::int64_t left = at[point] - last;
      last = at[point];
      switch (reached) {
        case Stage::issued:
          stage(reached, left - issue_traps.sum());
          return tell(issue_traps, Stage::issue_trap, stage);
        case Stage::transferred:
        case Stage::status:
          if (fed) break;
          fed = true;
          tell(data_traps, Stage::data_trap, stage);
          left -= data_traps.sum();
          break;
        case Stage::interrupt:
          if (when(Stage::woken) >= 0) left -= acknowledge_traps.sum();
          break;
        case Stage::woken: {
          TrapTime traps = acknowledge_traps;
          tell(traps += handler_traps, Stage::handler_trap, stage);
          left -= handler_traps.sum();
          break;
        }
        default: break;
      }
      stage(reached, left);
    });
  }

 private:
  /// Whether any access was; bare metal has none.
  bool trapped() const { return issue_traps.any() || data_traps.any() || acknowledge_traps.any() || handler_traps.any(); }
  /// Calls pass(index of the point) for each that was passed, in the order of account().
  template <class Function> void in_order(Function&& pass) const {
    constexpr auto data = static_cast<std::size_t>(Stage::transferred);
    const std::size_t before = at[data] < 0 ? stage_count : behind_data();
    for (std::size_t i = 1; i < stage_count; ++i) {
      if (at[i] < 0 || i == data) continue;
      if (i == before) pass(data);
      pass(i);
    }
  }
  /// The first point that is passed after `transferred`.
  std::size_t behind_data() const {
    std::size_t i = static_cast<std::size_t>(Stage::received) + 1;
    while (at[i] < 0 || i == static_cast<std::size_t>(Stage::transferred) || !data_before(i))
      if (++i == stage_count) break;
    return i;
  }
  template <class Function> static void tell(const TrapTime& traps, Stage first, Function&& stage) {
    for (std::size_t i = 0; i < trap_count; ++i)
      if (traps.ps[i] != 0) stage(static_cast<Stage>(static_cast<std::size_t>(first) + i), traps.ps[i]);
  }
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
