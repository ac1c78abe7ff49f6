// SPDX-License-Identifier: MIT
// The guest's side of an exit bus: windows, trapped accesses, and when they take effect.
#include <ahcisim/models/host/vm/exit_bus.hpp>

#include <algorithm>
#include <cstring>

#include <ahcisim/tlm/host_memory.hpp>

namespace ahcisim::host {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

namespace {

constexpr std::uint32_t longest_access = 4096, longest_string = 1 << 20;
/// I/O APIC and local APIC, which the kernel emulates.
constexpr std::uint64_t io_apic = 0xfec00000, local_apic = 0xfee00000, local_apic_size = 0x100000, io_apic_size = 0x1000;

}  // namespace

ExitBus::ExitBus(const sc_core::sc_module_name& name, kit::Context& context, const ExitBusParameters& p, Emulator& emulator)
    : sc_module{name}, cpu{"cpu"}, memory{"memory"}, link{"link"}, cpu_interrupts{"cpu_interrupts"}, isa{"isa"}, context_{context},
      calendar_{context.calendar}, emulator_{emulator}, costs_{emulator.parameters()}, isa_lines_{*this}, exit_{costs_.exit()},
      to_emulator_{exit_ + costs_.decode() + costs_.to_user()}, to_handler_{to_emulator_ + costs_.dispatch()},
      back_{costs_.from_user() + costs_.entry()}, in_kernel_{exit_ + costs_.in_kernel() + costs_.entry()},
      device_access_{costs_.device_access()},
      injection_{costs_.irq_path() == "irqfd" ? costs_.irqfd() : costs_.irq_ioctl()},
      user_trap_{{exit_.ps(), (to_emulator_ - exit_).ps(), (to_handler_ - to_emulator_).ps(), device_access_.ps(), back_.ps()}},
      kernel_trap_{{(exit_ + costs_.in_kernel()).ps(), 0, 0, 0, costs_.entry().ps()}},
      map_{"exit bus", kit::AddressMap::windows_of(p)} {
  cpu.register_nb_transport_fw(this, &ExitBus::cpu_request);
  cpu.register_b_transport(this, &ExitBus::cpu_blocking);
  cpu.register_transport_dbg(this, &ExitBus::cpu_debug);
  memory.register_invalidate_direct_mem_ptr(this, &ExitBus::invalidate);
  link.on_nb_transport_bw<&ExitBus::from_device>(this);
  link.on_b_transport<&ExitBus::bus_master>(this);
  isa.bind(isa_lines_);
  context.stats.add(this->name(), statistics_);
}

void ExitBus::end_of_elaboration() {
  if (cpu_interrupts.size() > 0) interrupt_target_ = cpu_interrupts.operator->();
}

/// To the function its slot looks like one lane of the first generation, as QEMU's do.
void ExitBus::start_of_simulation() {
  Tlp trained;
  trained.address = 1 | 1 << 8;
  trained.length = 128;
  trained.first_ps = 512;
  tlm::tlm_phase phase = wire::TLP_TRAINED;
  sc_core::sc_time none;
  link->nb_transport_fw(trained, phase, none);
}

void ExitBus::attach(Processor& guest) {
  guest_ = &guest;
  guest.attach(*this);
  statistics_.guest_time.watch(guest, statistics_.held_time);
}

ExitBus::Space ExitBus::decode(std::uint64_t address, std::uint32_t length, Tlp& tlp) const {
  using Map = kit::AddressMap::Space;
  const kit::AddressMap::Place place = map_.at(address, length);
  tlp.type = place.io ? TlpType::IORd : place.configuration ? TlpType::CfgRd0 : TlpType::MRd;
  tlp.address = place.address;
  tlp.completer = place.function;
  switch (place.space) {
    case Map::memory: return Space::memory;
    case Map::configuration: return Space::configuration;
    case Map::absent: return Space::absent;
    case Map::io: return Space::io;
    case Map::none: break;
  }
  const auto in = [&](std::uint64_t base, std::uint64_t size) { return address - base < size && length <= size - (address - base); };
  return in(local_apic, local_apic_size) || in(io_apic, io_apic_size) ? Space::controller : Space::none;
}

/// Checks an access and counts it; Space::none where it has been answered already.
ExitBus::Space ExitBus::prepare(tlm::tlm_generic_payload& payload, Access& access) {
  const std::uint32_t length = payload.get_data_length(), width = payload.get_streaming_width();
  const bool string = width < length;
  if (payload.get_byte_enable_ptr()) {
    payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return Space::none;
  }
  if (length == 0 || length > (string ? longest_string : longest_access) ||
      (string && ((width != 1 && width != 2 && width != 4) || length % width))) {
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return Space::none;
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return Space::none;
  Tlp& tlp = access.tlp;
  const Space space = decode(payload.get_address(), string ? width : length, tlp);
  if (space == Space::none) payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  if (string && space != Space::io && space != Space::none) {  // string instructions trap at ports only
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return Space::none;
  }
  tlp.length = length;
  tlp.data = payload.get_data_ptr();
  tlp.status = CompletionStatus::SC;
  tlp.element = static_cast<std::uint8_t>(string ? width : 0);
  access.element = string ? width : length;
  access.done = 0;
  access.way = space == Space::absent ? Way::absent : space == Space::controller ? Way::controller : Way::user;
  if (payload.is_write()) tlp.type = wire::write_of(tlp.type);
  if (is_doorbell(access, space)) access.way = Way::doorbell;
  if (space == Space::configuration || space == Space::absent) statistics_.configuration.add();
  else if (space == Space::memory || space == Space::io) (payload.is_write() ? statistics_.writes : statistics_.reads).add();
  if (string) statistics_.string_elements.add(length / width);
  return space;
}

[[gnu::flatten]] tlm::tlm_sync_enum ExitBus::cpu_request(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of those who send one
  Access& access = take();
  const Space space = prepare(payload, access);
  if (space == Space::none) {
    give_back(access);
    return tlm::TLM_COMPLETED;
  }
  access.issued = calendar_.absolute(delay);
  const bool posted = space == Space::memory && payload.is_write();
  access.payload = posted ? nullptr : &payload;
  if (posted) {
    const Duration begin = kit::max(access.issued, first_ ? planned_ : free_);
    planned_ = planned_end(access, begin);
    log_trap(access, begin, begin + to_handler_, device_access_);
    delay = calendar_.annotate(planned_);
    if (access.tlp.length <= sizeof access.tlp.inline_data) {
      std::memcpy(access.tlp.inline_data, access.tlp.data, access.tlp.length);
      access.tlp.data = access.tlp.inline_data;
    } else {
      access.bytes.assign(access.tlp.data, access.tlp.data + access.tlp.length);
      access.tlp.data = access.bytes.data();
    }
  }
  if (serving_ && !first_ && !posted) {
    first_ = last_ = &access;
    access.next = nullptr;
    if (!serve_at_once(access)) return tlm::TLM_ACCEPTED;
    delay = calendar_.annotate(free_);
    return tlm::TLM_COMPLETED;
  }
  enqueue(access);
  return posted ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
}

/// The only access in the queue, which the guest makes on account of the answer to the one before and will wait for: it takes
/// effect in this call if nothing comes before. False where something does; it then is in the queue, in part perhaps.
bool ExitBus::serve_at_once(Access& access) {
  do {
    const Duration when = effect_at(access);
    const bool locked = (access.way == Way::user || access.way == Way::absent) && emulator_.lock_free() > when;
    if (locked || !calendar_.advance(when)) return false;
  } while (!execute(access, calendar_.now()));
  take_first();
  give_back(access);
  return true;
}

ExitBus::Access& ExitBus::take() {
  if (!free_access_) return pool_.emplace_back();
  Access& access = *free_access_;
  free_access_ = access.next;
  return access;
}

void ExitBus::give_back(Access& access) {
  access.next = free_access_;
  free_access_ = &access;
}

void ExitBus::enqueue(Access& access) {
  access.next = nullptr;
  (first_ ? last_->next : first_) = &access;
  last_ = &access;
  if (!serving_ && first_ == &access) arm(effect_at(access));
}

void ExitBus::take_first() {
  first_ = first_->next;
  if (!first_) last_ = nullptr;
}

/// Bytes of it that one exit carries.
std::uint32_t ExitBus::batch(const Access& access) const {
  const std::uint32_t left = access.tlp.length - access.done;
  if (access.element == access.tlp.length) return left;
  const auto most = static_cast<std::uint32_t>(costs_.string_batch().value) / access.element * access.element;
  return std::min(left, std::max(most, access.element));
}

Duration ExitBus::device_cost(const Access& access, std::uint32_t bytes) const {
  return device_access_ + costs_.string_element() * (bytes / access.element - 1);
}

/// When the first access in the queue takes effect, if nobody holds the big lock then.
Duration ExitBus::effect_at(const Access& access) const {
  const Duration begin = kit::max(access.issued, free_);
  return access.way == Way::user || access.way == Way::absent ? begin + to_handler_ : begin + exit_ + costs_.in_kernel();
}

Duration ExitBus::planned_end(const Access& access, Duration begin) const {
  if (access.way == Way::doorbell || access.way == Way::controller) return begin + in_kernel_;
  return begin + to_handler_ + device_access_ + back_;
}

void ExitBus::arm(Duration when) { calendar_.at<&ExitBus::due>(when, this); }

/// The first access should take effect now. What the guest does on account of its answer is often the next one, with nothing
/// in between: it then takes effect here too, at its time.
void ExitBus::due(std::uint64_t) {
  serving_ = true;
  Duration next;
  do next = serve_first(calendar_.now());
  while (calendar_.advance(next));
  serving_ = false;
  if (first_) arm(next);
}

/// The first access takes effect, unless it is too early: the guest stays outside for longer where device code of the access
/// before took longer than was told, or where the loop holds the big lock. Returns when to look again; never where nothing
/// is left.
Duration ExitBus::serve_first(Duration now) {
  Access& access = *first_;
  Duration when = effect_at(access);
  const bool user = access.way == Way::user || access.way == Way::absent;
  if (when <= now && user && emulator_.lock_free() > now) {
    when = emulator_.lock_free();
    emulator_.count_lock_wait(when - now);
  }
  if (when > now) {
    if (guest_) guest_->hold(user ? when + device_access_ + back_ : when + costs_.entry());
    return when;
  }
  if (!execute(access, now)) return effect_at(access);
  take_first();
  tlm::tlm_generic_payload* const payload = access.payload;
  give_back(access);
  if (payload) {
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = calendar_.annotate(free_);
    cpu->nb_transport_bw(*payload, phase, delay);
  }
  return first_ ? effect_at(*first_) : Duration::never();
}

/// One exit, whose device code runs now. False where a string access needs another.
bool ExitBus::execute(Access& access, Duration now) {
  const Duration begin = kit::max(access.issued, free_);
  statistics_.exits.add();
  if (access.way == Way::controller || access.way == Way::doorbell) {
    (access.way == Way::doorbell ? statistics_.exits_doorbell : statistics_.exits_controller).add();
    statistics_.kernel_time.add(in_kernel_);
    if (access.way == Way::doorbell) ring_later(access, now);
    else if (access.tlp.read()) std::memset(access.tlp.data, 0, access.tlp.length);
    free_ = now + costs_.entry();
    statistics_.held_time.add(free_ - begin);
    if (access.payload) log_trap(access, begin, now, {});
    return true;
  }
  const std::uint32_t bytes = batch(access);
  const Duration cost = device_cost(access, bytes);
  statistics_.exits_user.add();
  statistics_.kernel_time.add(to_emulator_ + back_);
  emulator_.enter_vcpu(*this, {begin + exit_, begin + to_emulator_, now}, cost);
  free_ = now + cost + back_;
  statistics_.held_time.add(free_ - begin);
  transfer(access, bytes, now);
  if (access.payload) log_trap(access, begin, now, free_ - back_ - now);
  else if (guest_) guest_->hold(free_);
  return access.done == access.tlp.length;
}

/// Enters one exit, from `begin` on, into the log of what the driver waited for: a posted write as the driver is told of it, when
/// it makes it. Where an access has to wait because the one before it took longer than was told, that was device code of either.
void ExitBus::log_trap(const Access& access, Duration begin, Duration handled, Duration device_code) {
  const Duration ready = kit::max(access.issued, logged_until_);
  if (begin > ready && outlasted_) {
    traps_.lengthen(wire::Trap::device, begin - ready);
  } else if (begin > ready) {
    wire::TrapTime waited;
    waited[wire::Trap::device] = (begin - ready).ps();
    traps_.add(ready, waited);
  }
  outlasted_ = false;
  if (access.way == Way::doorbell || access.way == Way::controller) {
    logged_until_ = begin + in_kernel_;
    return traps_.add(begin, kernel_trap_);
  }
  wire::TrapTime time = user_trap_;
  time[wire::Trap::dispatch] += (handled - begin - to_handler_).ps();
  time[wire::Trap::device] = device_code.ps();
  logged_until_ = handled + device_code + back_;
  traps_.add(begin, time);
}

/// Moves the next `bytes` of an access, those of a string in one call.
void ExitBus::transfer(Access& access, std::uint32_t bytes, Duration now) {
  Tlp& tlp = access.tlp;
  std::uint8_t* const data = tlp.data;
  const std::uint32_t length = tlp.length;
  tlp.data = data + access.done;
  tlp.length = bytes;
  tlp.status = access.way == Way::absent ? CompletionStatus::UR : CompletionStatus::SC;
  serve(tlp, now);
  tlp.data = data;
  tlp.length = length;
  access.done += bytes;
}

void ExitBus::serve(Tlp& tlp, Duration now) {
  if (tlp.status == CompletionStatus::SC) {
    sc_core::sc_time delay = calendar_.annotate(now);
    link->b_transport(tlp, delay);
    if (tlp.type == TlpType::CfgWr0 && !windows_.empty()) locate_windows();
  }
  if (tlp.status == CompletionStatus::SC) return;
  statistics_.unclaimed.add();
  if (tlp.read()) std::memset(tlp.data, 0xff, tlp.length);
}

/// The loosely timed door: the register is accessed at once.
void ExitBus::cpu_blocking(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  Access& access = take();
  if (prepare(payload, access) != Space::none) {
    access.issued = calendar_.absolute(delay);
    access.payload = &payload;
    if (access.way == Way::doorbell) access.way = Way::user;  // nobody waits for the loop in a blocking call
    do execute(access, effect_at(access));
    while (access.way == Way::user && access.done < access.tlp.length);
    delay = calendar_.annotate(free_);
  }
  give_back(access);
}

unsigned ExitBus::cpu_debug(tlm::tlm_generic_payload& payload) {
  Tlp tlp;
  const std::uint32_t length = payload.get_data_length();
  if (length == 0 || length > longest_access || payload.get_command() == tlm::TLM_IGNORE_COMMAND) return 0;
  const Space space = decode(payload.get_address(), length, tlp);
  if (space != Space::memory && space != Space::io && space != Space::configuration) return 0;
  tlp.length = length;
  tlp.data = payload.get_data_ptr();
  if (payload.is_write()) tlp.type = wire::write_of(tlp.type);
  return link->transport_dbg(tlp);
}

}  // namespace ahcisim::host
