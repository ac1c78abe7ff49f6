// SPDX-License-Identifier: MIT
// The AHCI function in a small platform: a loosely timed processor finds it in configuration space, beside memory on a bus.
#include <cstdio>
#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/tlm/lt_initiator.hpp>

using namespace ahcisim;

struct Bus : sc_core::sc_module {  // the platform's own: out[0] has the first 2 GiB, out[1] everything else
  using Payload = tlm::tlm_generic_payload;
  explicit Bus(const sc_core::sc_module_name& name) : sc_module{name} {
    in.register_b_transport(this, &Bus::access), in.register_transport_dbg(this, &Bus::debug);
    in.register_get_direct_mem_ptr(this, &Bus::direct);
  }
  tlm_utils::multi_passthrough_target_socket<Bus> in{"in"};
  tlm_utils::multi_passthrough_initiator_socket<Bus> out{"out"};
  static int at(Payload& payload) { return payload.get_address() >> 31 != 0; }
  void access(int, Payload& payload, sc_core::sc_time& delay) { out[at(payload)]->b_transport(payload, delay); }
  unsigned debug(int, Payload& payload) { return out[at(payload)]->transport_dbg(payload); }
  bool direct(int, Payload& payload, tlm::tlm_dmi& dmi) { return out[at(payload)]->get_direct_mem_ptr(payload, dmi); }
};

unsigned identify(wire::LtInitiator& cpu, const pcie::RootComplex& root) {
  const unsigned abar = 0xc0000000;  // AHCI 1.3.1, 10.1.2 and 5.5.1
  cpu.write(root.configuration_address(0x24), abar), cpu.write(root.configuration_address(0x04), 6, 2);
  while ((cpu.peek(abar + 0x128) & 0xf) != 3 || (cpu.read(abar + 0x120) & 0x88)) sc_core::wait(1, sc_core::SC_MS);
  auto* const ram = reinterpret_cast<std::uint32_t*>(cpu.direct(0));  // by DMI
  ram[0] = 1u << 16 | 5, ram[2] = 0x2000, ram[0x800] = 0xec8027, ram[0x820] = 0x3000, ram[0x823] = 511;
  const unsigned bring_up[][2] = {{0x100, 0}, {0x108, 0x1000}, {0x130, ~0u}, {0x118, 0x10}, {0x118, 0x11}, {0x138, 1}};
  for (const auto& [offset, value] : bring_up) cpu.write(abar + offset, value);
  while (cpu.read(abar + 0x138)) sc_core::wait(10, sc_core::SC_US);
  return ram[0xc00 + 50];  // words 100 and 101
}

int sc_main(int, char**) {
  kit::Context context;
  const machine::Parameters p{{{"machine.drive", "instant", "here"}}};
  const auto medium = machine::make_medium(p);
  const auto store = machine::make_store(p.system, medium->facts().sectors);
  wire::LtInitiator cpu{"cpu"};
  Bus bus{"bus"};
  host::Memory memory{"memory", context, p.memory};
  pcie::RootComplex root{"root_complex", context, p.root_complex};
  pcie::Endpoint endpoint{"endpoint", context, p.endpoint, machine::ahci_function(p.hba)};
  ahci::Hba hba{"ahci", context, p.hba};
  sata::Link sata{"sata_link", context, p.sata_link};
  disk::AtaDevice disk{"disk", context, p.ata, *medium, *store};
  cpu.socket.bind(bus.in), root.memory.bind(bus.in), bus.out.bind(memory.target), bus.out.bind(root.cpu);
  root.link.bind(endpoint.link), machine::bind_ahci(endpoint, hba);  // a pcie::Link may lie between them
  hba.ports[0].bind(sata.host), sata.device.bind(disk.link);
  unsigned sectors = 0;
  sc_core::sc_spawn([&] { sectors = identify(cpu, root); }), sc_core::sc_start();
  std::printf("%s: %u sectors\n", sc_core::sc_time_stamp().to_string().c_str(), sectors);
  return sectors == medium->facts().sectors ? 0 : 1;
}
