// SPDX-License-Identifier: MIT
// What every driver has but for its device: sockets, a processor with its interrupts, the block layer's queue, a script for
// bring-up and recovery, and the search for its PCI function.
#pragma once

#include <cstdint>
#include <string>

#include <systemc>
#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/host/interrupt_inlet.hpp>
#include <ahcisim/models/host/mmio.hpp>
#include <ahcisim/models/host/pci_probe.hpp>
#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/host/request_queue.hpp>
#include <ahcisim/models/host/script.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

class DriverFront : public sc_core::sc_module, public BlockDevice, protected Software {
 public:
  /// Configuration, memory and I/O accesses, for pcie::RootComplex::cpu or any target of its kind.
  tlm_utils::simple_initiator_socket<DriverFront> cpu;
  /// Where interrupts arrive.
  sc_core::sc_export<wire::CpuInterruptIf> interrupts;

  void submit(Request& request, kit::Duration at) override {
    queue_.submit(request, at);
    processor_.poke();
  }
  std::uint64_t capacity() const override { return queue_.disk.capacity; }
  bool is_ready() const override { return queue_.is_ready(); }
  void listen(DeviceListener& listener) override { queue_.listen(listener); }
  /// Before the simulation starts: bring-up waits for begin_bring_up() (a guest is started when its host has booted).
  void hold_bring_up() { held_ = true; }
  void begin_bring_up() {
    bring_up();
    processor_.poke();
  }

  const PciFunction& function() const { return pci_.function(); }
  /// Empty, or why the driver gave up.
  const std::string& failure() const { return queue_.failure(); }
  const Processor& processor() const { return processor_; }
  /// For a hypervisor's bus, which it is attached to.
  Processor& processor() { return processor_; }

 protected:
  using State = RequestQueue::State;
  DriverFront(const sc_core::sc_module_name& name, kit::Context& context, const DriverParameters& parameters,
              wire::TagBoard* tags, InterruptInlet::Wire wire = InterruptInlet::Wire::level);
  /// Adds the steps of the bring-up to the script.
  virtual void bring_up() = 0;
  void complain(const std::string& rule) { context_.diagnostics.report(name(), rule, calendar_.now()); }

  kit::Context& context_;
  kit::Calendar& calendar_;
  wire::TagBoard* tags_;
  Mmio mmio_;
  Processor processor_;
  InterruptInlet inlet_;
  RequestQueue queue_;
  Script script_;
  PciProbe pci_;

 private:
  void start_of_simulation() override {
    if (!held_) begin_bring_up();
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    return mmio_.backward(payload, phase, delay);
  }
  bool held_ = false;
};

}  // namespace ahcisim::host
