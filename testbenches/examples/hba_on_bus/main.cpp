// SPDX-License-Identifier: MIT
// The HBA on a virtual platform's own bus, without PCIe: a loosely timed initiator identifies the disk behind port 0.
#include <cstdio>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/tlm/interrupt_line.hpp>
#include <ahcisim/tlm/lt_initiator.hpp>

using namespace ahcisim;

// AHCI 1.3.1, 10.1.2 and 5.5.1; offsets as in chapter 3, port 0 from 100h on.
unsigned identify(wire::LtInitiator& cpu, wire::InterruptLine& irq, std::uint32_t* ram) {
  while ((cpu.read(0x128) & 0xf) != 3 || (cpu.read(0x120) & 0x88)) sc_core::wait(1, sc_core::SC_MS);  // DET, PxTFD.STS
  ram[0] = 1u << 16 | 5, ram[2] = 0x2000;  // list at 0: one PRD, a command FIS of five dwords; its table at 2000h
  ram[0x800] = 0xec8027;                   // Register H2D, C = 1, IDENTIFY DEVICE
  ram[0x820] = 0x3000, ram[0x823] = 511;   // the PRD: 512 bytes at 3000h
  cpu.write(0x100, 0), cpu.write(0x108, 0x1000);                                      // PxCLB, PxFB
  cpu.write(0x130, ~0u), cpu.write(0x110, ~0u);                                       // PxSERR, PxIS
  cpu.write(0x118, cpu.read(0x118) | 1 << 4), cpu.write(0x118, cpu.read(0x118) | 1);  // PxCMD.FRE, then ST
  cpu.write(0x114, 2), cpu.write(0x04, cpu.read(0x04) | 2);                           // PxIE.PSE (PIO Setup), GHC.IE
  cpu.write(0x138, 1);                                                                // PxCI
  sc_core::wait(irq.asserted);
  const unsigned sectors = ram[0xc00 + 50];  // words 100 and 101
  std::printf("%s: %u sectors\n", sc_core::sc_time_stamp().to_string().c_str(), sectors);
  return sectors;
}

int sc_main(int, char**) {
  kit::Context context;
  const host::MemoryParameters memory_parameters;
  const ahci::HbaParameters hba_parameters;
  const sata::LinkParameters link_parameters;
  const disk::AtaParameters ata_parameters;
  disk::MediumFacts facts;
  facts.sectors = 1 << 20;
  disk::InstantMedium medium{facts};
  disk::SparseStore store{facts.sectors};
  host::Memory memory{"memory", context, memory_parameters};
  wire::InterruptLine irq{"irq"};
  wire::LtInitiator cpu{"cpu"}, firmware{"firmware"};
  ahci::Hba hba{"ahci", context, hba_parameters};
  sata::Link link{"link", context, link_parameters};
  disk::AtaDevice device{"disk", context, ata_parameters, medium, store};
  cpu.socket.bind(hba.registers);        // or your router in between
  firmware.socket.bind(hba.index_data);  // for 16-bit firmware; nobody uses it here
  hba.dma.bind(memory.target);
  hba.interrupt.bind(irq);
  hba.ports[0].bind(link.host);
  link.device.bind(device.link);
  unsigned sectors = 0;
  sc_core::sc_spawn([&] { sectors = identify(cpu, irq, reinterpret_cast<std::uint32_t*>(memory.at(0, 0x4000))); });
  sc_core::sc_start();
  return sectors == facts.sectors ? 0 : 1;
}
