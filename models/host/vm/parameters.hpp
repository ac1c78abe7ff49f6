// SPDX-License-Identifier: MIT
// What trapping and emulating costs: one parameter set, filled from a named table.
#pragma once

#include <string>
#include <vector>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// The tables: "epyc-2020", "kvm-2012", "atom-2010", "tcg".
const std::vector<std::string>& cost_table_names();
/// How many times as long as on the core of 2020 the same code takes on a table's host. 1 for "tcg", whose emulator runs on such
/// a core, and for a name that is none.
double processor_slowness(const std::string& table);

/// Costs of a hypervisor and its emulator. Read while the machine is built; keep it alive as long as the machine.
///
/// A trapped access that user space serves costs exit + decode + to_user + dispatch + device_access + from_user + entry; one
/// that the kernel serves exit + in_kernel + entry.
struct VmParameters : kit::ParameterSet {
  using Time = kit::Parameter<kit::Duration>;
  using Count = kit::Parameter<std::int64_t>;

  /// Throws kit::ConfigError for an unknown name.
  explicit VmParameters(const std::string& table = "epyc-2020");
  /// The table the defaults come from.
  const std::string& table() const { return table_; }

  // The world switch and the kernel. The defaults of all costs are the table's (cost_tables.cpp).
  Time exit{*this, "exit", {}, kit::choice("a cost table"), "guest's access to the hypervisor having it"};
  Time entry{*this, "entry", {}, kit::choice("a cost table"), "hypervisor's decision to enter the guest to the guest running"};
  Time decode{*this, "decode", {}, kit::choice("a cost table"), "kernel: decoding a trapped access that user space serves"};
  Time in_kernel{*this, "in_kernel", {}, kit::choice("a cost table"), "kernel: an access it serves itself (ioeventfd with its signal, interrupt controller)"};
  Time to_user{*this, "to_user", {}, kit::choice("a cost table"), "kernel to the emulator's user space, on the processor's thread"};
  Time from_user{*this, "from_user", {}, kit::choice("a cost table"), "emulator's user space back into the kernel"};

  // The emulator.
  Time dispatch{*this, "dispatch", {}, kit::choice("a cost table"), "finding the device's handler and taking the big lock while nobody holds it"};
  Time device_access{*this, "device_access", {}, kit::choice("a cost table"), "device code: one register access"};
  Time string_element{*this, "string_element", {}, kit::choice("a cost table"), "device code: every further element of a string access"};
  Time command_start{*this, "command_start", {}, kit::choice("a cost table"), "device code: taking one command apart and building its vector of buffers"};
  Time completion{*this, "completion", {}, kit::choice("a cost table"), "device code: completing one command, up to its status and the interrupt"};
  Time loop_wake{*this, "loop_wake", {}, kit::choice("a cost table"), "waking the main loop or I/O thread that sleeps in poll"};
  Time worker_wake{*this, "worker_wake", {}, kit::choice("a cost table"), "waking a worker thread that sleeps"};
  Time signal{*this, "signal", {}, kit::choice("a cost table"), "waking somebody: the waker's own time (eventfd or condition variable)"};
  Time system_call{*this, "system_call", {}, kit::choice("a cost table"), "entering and leaving the host kernel for a read, write or flush of the image"};
  Time aio_submit{*this, "aio_submit", {}, kit::choice("a cost table"), "native asynchronous I/O: submitting one request"};

  // Interrupts.
  Time irqfd{*this, "irqfd", {}, kit::choice("a cost table"), "host: an interrupt by way of an eventfd that the kernel takes itself"};
  Time irq_ioctl{*this, "irq_ioctl", {}, kit::choice("a cost table"), "host: an interrupt by way of a system call of the emulator"};
  Time kick{*this, "kick", {}, kit::choice("a cost table"), "an interrupt for a processor in guest mode: making it look"};
  Time halt_wake{*this, "halt_wake", {}, kit::choice("a cost table"), "an interrupt for a processor that halted: waking its thread"};

  // Choices.
  kit::Choice irq_path{*this, "irq_path", "ioctl", {"ioctl", "irqfd"},
      kit::choice("emulated devices use the system call; vhost and virtio with their own I/O thread an eventfd"), "how interrupts reach the kernel"};
  Count eoi_exits{*this, "eoi_exits", 1, kit::choice("1 end of interrupt; 2 where the timer is written too, as measured under QEMU; 0 with APIC virtualisation"),
      "in-kernel exits of the guest for each interrupt it takes", {{0, 16}}};
  kit::Choice aio{*this, "aio", "threads", {"threads", "native"}, kit::choice("QEMU's default is threads"),
      "how the emulator reads and writes the image: blocking calls of worker threads, or native asynchronous I/O"};
  Count worker_processors{*this, "worker_processors", 1, kit::choice("a cost table"),
      "processors of the host that the workers' calls share", {{1, 1024}}};
  Count workers{*this, "workers", 64, kit::cited("QEMU util/thread-pool.c: at most 64 threads"), "worker threads at most", {{1, 1024}}};
  kit::Parameter<kit::Bytes> string_batch{*this, "string_batch", kit::Bytes{4096},
      kit::cited("Linux KVM: a string access is handed to user space by at most one page"),
      "bytes of a string access that one exit carries; less than two elements: an exit for each element", {{kit::Bytes{0}, kit::Bytes{1 << 20}}}};
  Time copy_kib{*this, "copy_kib", {}, kit::choice("reads and writes of the image go to and from guest memory directly: nothing is copied"),
      "emulator's time to copy 1 KiB of what a device moves to or from guest memory"};

  /// What an access served by user space costs without its device code.
  kit::Duration trap() const { return exit() + decode() + to_user() + dispatch() + from_user() + entry(); }

 private:
  std::string table_;
};

}  // namespace ahcisim::host
