// SPDX-License-Identifier: MIT
// The HBA on a virtual platform's own bus, without PCIe: a loosely timed initiator identifies the disk behind port 0.
#include <cstdio>
#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/tlm/interrupt_line.hpp>
#include <ahcisim/tlm/lt_initiator.hpp>
using namespace ahcisim;
struct Bus : sc_core::sc_module {  // the platform's own: a GiB each for memory, registers, index and data
  explicit Bus(const sc_core::sc_module_name& name) : sc_module{name} { in.register_b_transport(this, &Bus::access); }
  tlm_utils::multi_passthrough_target_socket<Bus> in{"in"};
  tlm_utils::multi_passthrough_initiator_socket<Bus> out{"out"};
  void access(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const sc_dt::uint64 address = payload.get_address();
    payload.set_address(address & 0x3fffffff);
    out[address >> 30]->b_transport(payload, delay);
    payload.set_address(address);
  }
};

unsigned identify(wire::LtInitiator& cpu, wire::InterruptLine& irq, unsigned hba) {  // AHCI 1.3.1, 10.1.2 and 5.5.1
  while ((cpu.read(hba + 0x128) & 0xf) != 3 || (cpu.read(hba + 0x120) & 0x88)) sc_core::wait(1, sc_core::SC_MS);
  const unsigned writes[][2] = {
      {0, 1u << 16 | 5}, {8, 0x2000}, {0x2000, 0xec8027},  // one PRD, a FIS of five dwords: IDENTIFY DEVICE
      {0x2080, 0x3000}, {0x208c, 511},                     // its PRD: 512 bytes at 3000h
      {hba + 0x100, 0}, {hba + 0x108, 0x1000}, {hba + 0x130, ~0u}, {hba + 0x110, ~0u},  // PxCLB, PxFB, PxSERR, PxIS
      {hba + 0x118, 0x10}, {hba + 0x118, 0x11}, {hba + 0x114, 2}, {hba + 4, 0x80000002}, {hba + 0x138, 1}};
  for (const auto& [address, value] : writes) cpu.write(address, value);  // PxCMD, PxIE.PSE, GHC.IE, PxCI last
  return sc_core::wait(irq.asserted), cpu.read(0x3000 + 200);  // words 100 and 101
}
int sc_main(int, char**) {
  kit::Context context;
  disk::MediumFacts facts;
  facts.sectors = 1 << 20;
  disk::InstantMedium medium{facts};
  disk::SparseStore store{facts.sectors};
  Bus bus{"bus"};
  wire::InterruptLine irq{"irq"};
  wire::LtInitiator cpu{"cpu"};
  const host::MemoryParameters memory_parameters; const ahci::HbaParameters hba_parameters;
  const sata::LinkParameters link_parameters; const disk::AtaParameters ata_parameters;
  host::Memory memory{"memory", context, memory_parameters};
  ahci::Hba hba{"ahci", context, hba_parameters};
  sata::Link link{"link", context, link_parameters};
  disk::AtaDevice device{"disk", context, ata_parameters, medium, store};
  cpu.socket.bind(bus.in), hba.dma.bind(bus.in), hba.interrupt.bind(irq);
  bus.out.bind(memory.target), bus.out.bind(hba.registers), bus.out.bind(hba.index_data);
  hba.ports[0].bind(link.host), link.device.bind(device.link);
  unsigned sectors = 0;
  sc_core::sc_spawn([&] { sectors = identify(cpu, irq, 0x40000000); }), sc_core::sc_start();
  std::printf("%s: %u sectors\n", sc_core::sc_time_stamp().to_string().c_str(), sectors);
  return sectors == facts.sectors ? 0 : 1;
}
