// SPDX-License-Identifier: MIT
// The HBA on a virtual platform's own bus, without PCIe: a loosely timed initiator identifies the disk behind port 0.
#include <cstdio>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/sata/link.hpp>

using namespace ahcisim;

struct InterruptController : sc_core::sc_module, wire::InterruptIf {
  explicit InterruptController(const sc_core::sc_module_name& name) : sc_module{name} {}
  void set_interrupt(unsigned, bool asserted, const sc_core::sc_time& delay) override { if (asserted) raised.notify(delay); }
  unsigned vectors() const override { return 1; }
  sc_core::sc_event raised;
};

struct Cpu : sc_core::sc_module {
  SC_HAS_PROCESS(Cpu);
  Cpu(const sc_core::sc_module_name& name, host::Memory& memory, InterruptController& irq) : sc_module{name}, memory_{memory}, irq_{irq} { SC_THREAD(run); }
  tlm_utils::simple_initiator_socket<Cpu> bus{"bus"}, index_data{"index_data"};
  bool ok = false;

  std::uint32_t access(tlm::tlm_command command, unsigned offset, std::uint32_t value = 0) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command), payload.set_address(offset), payload.set_data_length(4), payload.set_streaming_width(4);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    sc_core::sc_time delay;
    bus->b_transport(payload, delay);
    wait(delay);
    return value;
  }
  std::uint32_t read(unsigned offset) { return access(tlm::TLM_READ_COMMAND, offset); }
  void write(unsigned offset, std::uint32_t value) { access(tlm::TLM_WRITE_COMMAND, offset, value); }
  void run() {  // AHCI 1.3.1, 10.1.2 and 5.5.1; offsets as in chapter 3, port 0 from 100h on
    for (int ms = 0; (read(0x128) & 0xf) != 3 || (read(0x120) & 0x88); ++ms) {  // PxSSTS.DET, PxTFD.STS
      if (ms == 1000) return;
      wait(1, sc_core::SC_MS);
    }
    auto* ram = reinterpret_cast<std::uint32_t*>(memory_.at(0, 0x4000));  // list 0, received FISes 1000h, table 2000h, data 3000h
    ram[0] = 1u << 16 | 5, ram[2] = 0x2000;                               // one PRD, a command FIS of five dwords
    ram[0x800] = 0xec8027;                                                // Register H2D, C = 1, IDENTIFY DEVICE
    ram[0x820] = 0x3000, ram[0x823] = 511;                                // the PRD
    write(0x100, 0), write(0x108, 0x1000), write(0x130, ~0u), write(0x110, ~0u);  // PxCLB, PxFB, PxSERR, PxIS
    write(0x118, read(0x118) | 1 << 4), write(0x118, read(0x118) | 1);            // PxCMD.FRE, then ST
    write(0x114, 2), write(0x04, read(0x04) | 2);                                 // PxIE.PSE (PIO Setup), GHC.IE
    write(0x138, 1);                                                              // PxCI
    wait(irq_.raised);
    const auto* words = reinterpret_cast<const std::uint16_t*>(ram + 0xc00);
    std::printf("%s: ", sc_core::sc_time_stamp().to_string().c_str());
    for (int i = 27; i < 47; ++i) std::printf("%c%c", words[i] >> 8, words[i] & 255);
    std::printf("%u sectors\n", words[100] | words[101] << 16);
    ok = (words[100] | words[101] << 16) == 1 << 20;
  }
  host::Memory& memory_;
  InterruptController& irq_;
};

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
  InterruptController irq{"irq"};
  Cpu cpu{"cpu", memory, irq};
  ahci::Hba hba{"ahci", context, hba_parameters};
  sata::Link link{"link", context, link_parameters};
  disk::AtaDevice device{"disk", context, ata_parameters, medium, store};
  cpu.bus.bind(hba.registers);  // or your router in between
  cpu.index_data.bind(hba.index_data);  // for 16-bit firmware; nobody uses it here
  hba.dma.bind(memory.target);
  hba.interrupt.bind(irq);
  hba.ports[0].bind(link.host);
  link.device.bind(device.link);
  sc_core::sc_start();
  return cpu.ok ? 0 : 1;
}
