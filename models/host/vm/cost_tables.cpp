// SPDX-License-Identifier: MIT
// The cost tables: four hosts, from published and measured numbers where there are any.
#include <ahcisim/models/host/vm/parameters.hpp>

#include <array>

#include <fmt/format.h>

namespace ahcisim::host {

using kit::Duration;

namespace {

/// Cycles at a clock in GHz.
Duration cycles(double count, double ghz) { return Duration::from_ns(count / ghz); }

/// What does not differ much between hosts of one kind: waking threads, system calls, device code beyond the registers.
void set_software(VmParameters& p, double slower) {
  const auto scaled = [slower](double us) { return Duration::from_us(us * slower); };
  const auto source = [slower](const std::string& what) {
    return slower == 1 ? what : fmt::format("{}, times {:g} for the slower processor", what, slower);
  };
  p.string_element.set(scaled(0.03), kit::assumed(source("one more pass through the emulator's access functions, already in its caches")));
  p.command_start.set(scaled(2.0), kit::assumed(source("parsing, building the vector, a coroutine and a request object: some thousands of instructions")));
  p.completion.set(scaled(1.5), kit::assumed(source("as starting a command, without building the vector")));
  p.loop_wake.set(scaled(3.0), kit::assumed(source("scheduler, context switch and return from poll: 2-5 us on a core that idles lightly")));
  p.worker_wake.set(scaled(3.0), kit::assumed(source("as waking the main loop, by a condition variable")));
  p.signal.set(scaled(0.414), slower == 1 ? kit::measured("eventfd write and read on an AMD EPYC, Linux 6.18: 414 ns")
                                          : kit::derived(source("414 ns for writing and reading an eventfd on an AMD EPYC, Linux 6.18")));
  p.system_call.set(scaled(0.132), slower == 1 ? kit::measured("null system call on an AMD EPYC, Linux 6.18: 132 ns")
                                               : kit::derived(source("null system call of 132 ns on an AMD EPYC, Linux 6.18")));
  p.aio_submit.set(scaled(1.0), kit::assumed(source("io_submit of one request without the file's own work")));
}

constexpr double clock_2012 = 2.8, clock_2020 = 2.25;  // GHz, see the sources below

void kvm_2012(VmParameters& p) {
  const std::string origin = "kvm-unit-tests commit 00bfecaa (2012), in cycles at an assumed 2.8 GHz: ";
  const auto set = [&](VmParameters::Time& time, double count, const std::string& formula) {
    time.set(cycles(count, clock_2012), kit::derived(origin + formula));
  };
  set(p.exit, 3898 / 2.0, "half of vmcall, 3898");
  set(p.entry, 3898 / 2.0, "half of vmcall, 3898");
  set(p.in_kernel, 4451 - 3898, "outl_to_kernel 4451 less vmcall 3898");
  set(p.decode, 7237 - 3898, "inl_from_kernel 7237 less vmcall 3898");
  set(p.to_user, 13000 / 2.0, "half of \"cost of exiting to userspace is 13000\"");
  set(p.from_user, 13000 / 2.0, "half of \"cost of exiting to userspace is 13000\"");
  set(p.dispatch, 20574 - 7237 - 13000, "inl_from_qemu 20574 less inl_from_kernel 7237 and 13000 for user space");
  set(p.device_access, 24615 - 20574, "inl_from_pmtimer 24615 less inl_from_qemu 20574");
  p.irqfd.set(Duration::from_us(1.0), kit::assumed("injection without APIC virtualisation is put at 1-3 us in all; the host's part of it"));
  p.irq_ioctl.set(Duration::from_us(1.5), kit::assumed("as irqfd, with a system call around it"));
  p.kick.set(Duration::from_us(2.0), kit::assumed("an interprocessor interrupt and an exit of 1.4 us"));
  p.halt_wake.set(Duration::from_us(6.0), kit::assumed("waking a thread on a host of that time: 5-8 us"));
  p.worker_processors.set(3, kit::assumed("four cores, one of which the guest's processor has"));
}

void epyc_2020(VmParameters& p) {
  const std::string origin = "LKML 2020-12 (hypermail 2012.2/00527), in cycles at an assumed 2.25 GHz: ";
  const auto set = [&](VmParameters::Time& time, double count, const std::string& formula) {
    time.set(cycles(count, clock_2020), kit::derived(origin + formula));
  };
  set(p.exit, 1376 / 2.0, "half of vmrun to vmexit, 1376");
  set(p.entry, 1376 / 2.0, "half of vmrun to vmexit, 1376");
  set(p.to_user, 576, "return to user space, 576");
  set(p.from_user, 576, "ioctl entry, 576");
  p.in_kernel.set(Duration::from_us(0.3), kit::assumed("a look-up and the signal of an eventfd: 553 cycles on the 2012 host"));
  p.decode.set(Duration::from_us(0.5), kit::assumed("decoding needs the instruction's bytes from guest memory; 3339 cycles on the 2012 host, less with decode assists"));
  const std::string in_process = "QEMU 11.1 under software emulation on an AMD EPYC: an AHCI register access of 0.3 us in the process, half of it each";
  p.dispatch.set(Duration::from_us(0.15), kit::derived(in_process));
  p.device_access.set(Duration::from_us(0.15), kit::derived(in_process));
  p.irqfd.set(Duration::from_us(0.5), kit::assumed("below 1 us in all with posted interrupts"));
  p.irq_ioctl.set(Duration::from_us(0.8), kit::assumed("as irqfd, with a system call around it"));
  p.kick.set(Duration::from_us(1.0), kit::assumed("an interprocessor interrupt and an exit of 0.3 us"));
  p.halt_wake.set(Duration::from_us(3.0), kit::assumed("waking a thread: 2-5 us"));
  p.worker_processors.set(7, kit::assumed("eight cores given to the guest and its emulator, one of which the guest's processor has"));
}

void atom_2010(VmParameters& p) {
  const std::string round_trip = "a round trip to user space on hardware of 2010 is put at 2-5 us; an in-order core at its upper end: a share of 5 us";
  p.exit.set(Duration::from_us(1.5), kit::assumed(round_trip));
  p.entry.set(Duration::from_us(1.5), kit::assumed(round_trip));
  p.to_user.set(Duration::from_us(1.0), kit::assumed(round_trip));
  p.from_user.set(Duration::from_us(1.0), kit::assumed(round_trip));
  p.in_kernel.set(Duration::from_us(0.8), kit::assumed("553 cycles on the out-of-order 2012 host, twice that at 1.6 GHz"));
  p.decode.set(Duration::from_us(4.0), kit::assumed("3339 cycles on the out-of-order 2012 host, twice that at 1.6 GHz"));
  p.dispatch.set(Duration::from_us(1.0), kit::assumed("0.15 us on a core of 2020, six to seven times that"));
  p.device_access.set(Duration::from_us(1.0), kit::assumed("0.15 us on a core of 2020, six to seven times that"));
  p.irqfd.set(Duration::from_us(3.0), kit::assumed("1-3 us on larger hosts without APIC virtualisation"));
  p.irq_ioctl.set(Duration::from_us(4.0), kit::assumed("as irqfd, with a system call around it"));
  p.kick.set(Duration::from_us(4.0), kit::assumed("an interprocessor interrupt and an exit of 1.5 us"));
  p.halt_wake.set(Duration::from_us(15.0), kit::assumed("waking a thread on an in-order core at 1.6 GHz"));
  p.worker_processors.set(1, kit::assumed("two cores, one of which the guest's processor has"));
}

void tcg(VmParameters& p) {
  const std::string no_switch = "software emulation: the guest's processor is a thread of the emulator, nothing is switched";
  const std::string in_process = "QEMU 11.1 under software emulation: a register access of 0.27-0.54 us as the guest sees it, taken as 0.3 us";
  for (VmParameters::Time* time : {&p.exit, &p.entry, &p.decode, &p.to_user, &p.from_user}) time->set(Duration{}, kit::derived(no_switch));
  p.in_kernel.set(Duration::from_us(0.3), kit::derived(in_process + "; an interrupt controller's register is one as well"));
  p.dispatch.set(Duration::from_us(0.15), kit::derived(in_process + ", half of it"));
  p.device_access.set(Duration::from_us(0.15), kit::derived(in_process + ", half of it"));
  p.irqfd.set(Duration::from_us(0.2), kit::assumed("setting a flag that the translated code looks at"));
  p.irq_ioctl.set(Duration::from_us(0.2), kit::assumed("setting a flag that the translated code looks at"));
  p.kick.set(Duration::from_us(0.5), kit::assumed("the translated code leaves its block at the next chance"));
  const std::string host = "two shared cores of an AMD EPYC in a virtual machine, Linux 6.18: ";
  p.system_call.set(Duration::from_us(1.6), kit::measured(host + "null system call"));
  p.signal.set(Duration::from_us(5.6), kit::measured(host + "writing an eventfd that another thread sleeps on, 5.5-6.2 us"));
  for (VmParameters::Time* time : {&p.loop_wake, &p.worker_wake})
    time->set(Duration{}, kit::derived(host + "the woken thread runs 2.9 us after the writing began, before the writer is through (signal)"));
  p.halt_wake.set(Duration::from_us(2.9), kit::measured(host + "a thread that sleeps on an eventfd runs 2.5-3 us after the writing began"));
  p.eoi_exits.set(2, kit::measured("QEMU 11.1: about two local-APIC writes for each interrupt"));
  p.worker_processors.set(1, kit::derived("the host that was measured has two cores, one of which the guest's processor has"));
}

struct Table {
  std::string name;
  void (*fill)(VmParameters&);
  double slower;
};
// How many times as long a core takes as the one of 2020 is assumed: an out-of-order core eight years older, half as long again; an
// in-order core of 1.6 GHz, four times as long.
const std::array<Table, 4>& tables() {
  static const std::array<Table, 4> all{{{"epyc-2020", epyc_2020, 1}, {"kvm-2012", kvm_2012, 1.5}, {"atom-2010", atom_2010, 4}, {"tcg", tcg, 1}}};
  return all;
}
const Table* find_table(const std::string& name) {
  for (const Table& each : tables())
    if (each.name == name) return &each;
  return nullptr;
}

}  // namespace

const std::vector<std::string>& cost_table_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Table& table : tables()) all.push_back(table.name);
    return all;
  }();
  return names;
}

double processor_slowness(const std::string& table) {
  const Table* const known = find_table(table);
  return known ? known->slower : 1;
}

VmParameters::VmParameters(const std::string& table) : table_{table} {
  if (const Table* const known = find_table(table)) {
    set_software(*this, known->slower);
    known->fill(*this);
    return;
  }
  const std::string hint = kit::nearest(table, cost_table_names());
  throw kit::ConfigError{fmt::format("unknown cost table \"{}\"{}; known are {}", table,
                                     hint.empty() ? "" : fmt::format(", did you mean \"{}\"?", hint), fmt::join(cost_table_names(), ", "))};
}

}  // namespace ahcisim::host
