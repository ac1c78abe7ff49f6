// SPDX-License-Identifier: MIT
// The PCI functions that machines put behind endpoints: what each says about itself.
#pragma once

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/pcie/function_description.hpp>

namespace ahcisim::machine {

/// The PCI function of an AHCI controller around the HBA that `parameters` describe: BAR 5 for its registers, BAR 4 for
/// its index/data pair.
pcie::FunctionDescription ahci_function(const ahci::HbaParameters& parameters);

/// The PCI function of an IDE controller in compatibility mode, as the chipset has it (Intel 82371SB, PIIX3):
/// endpoint.fixed[0] is the primary command block, [1] its control block, [2] and [3] the secondary's; endpoint.bar[4]
/// the bus master. It has no capabilities, and its interrupts do not pass PCI: bind them to IsaInterrupts.
pcie::FunctionDescription ide_function();

/// The PCI function of an IDE controller in native mode, for who cannot have fixed ports: BARs 0 and 1 are the primary
/// channel's command and control block, 2 and 3 the secondary's, 4 the bus master; both channels share INTA. Its timing registers are
/// ide::PciRegisters.
pcie::FunctionDescription native_ide_function();

}  // namespace ahcisim::machine
