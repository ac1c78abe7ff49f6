// SPDX-License-Identifier: MIT
// What is bound alike in every machine: a driver to its bus, a controller to its endpoint.
#pragma once

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/host/driver_front.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>

namespace ahcisim::machine {

/// A driver to a pcie::RootComplex or a host::ExitBus.
template <class Bus> void bind_driver(host::DriverFront& driver, Bus& bus) {
  driver.cpu.bind(bus.cpu);
  bus.cpu_interrupts.bind(driver.interrupts);
}

/// Registers, bus master, interrupts and reset of an HBA behind the endpoint of an ahci_function().
void bind_ahci(pcie::Endpoint& endpoint, ahci::Hba& hba);

/// The windows of an IDE function in compatibility mode to the controller, and its bus master and reset.
void bind_ide(pcie::Endpoint& endpoint, ide::Controller& controller);

}  // namespace ahcisim::machine
