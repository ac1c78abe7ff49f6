// SPDX-License-Identifier: MIT
// The guest: brings one port up, then answers every interrupt as AHCI 1.3.1, 5.5.3 asks and issues a new read for each one done.
#include <support/measure/bare_hba.hpp>

#include <cstring>
#include <ctime>
#include <stdexcept>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/tlm/fis.hpp>

#include <support/measure/apart.hpp>

namespace ahcisim::measure {
namespace {

namespace names = host::ahci_name;
using kit::Duration;

constexpr unsigned slots = 32;
constexpr std::uint32_t block = 4096;

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

class Guest final : public sc_core::sc_module, public wire::InterruptIf {
 public:
  Guest(const sc_core::sc_module_name& name, kit::Context& context, host::Memory& memory, std::uint64_t sectors)
      : sc_module{name}, context_{context}, memory_{memory}, blocks_{sectors / (block / 512)} {
    payload_.set_data_ptr(word_);
    payload_.set_data_length(4);
    payload_.set_streaming_width(4);
    list_ = memory.allocate(1024, 1024);
    received_ = memory.allocate(256, 256);
    for (unsigned i = 0; i < slots; ++i) tables_[i] = memory.allocate(256, 128), buffers_[i] = memory.allocate(block);
  }
  tlm_utils::simple_initiator_socket<Guest> registers{"registers"}, index_data{"index_data"};  // the latter is not used

  void set_interrupt(unsigned, bool asserted, const sc_core::sc_time& delay) override {
    if (asserted && total_) context_.calendar.at<&Guest::handle>(context_.calendar.absolute(delay), this);
  }
  unsigned vectors() const override { return 1; }

  /// Addresses, FRE; then waits for the device's signature.
  void bring_up() {
    write(port(names::PxCLB), static_cast<std::uint32_t>(list_));
    write(port(names::PxFB), static_cast<std::uint32_t>(received_));
    write(port(names::PxCMD), names::PxCMD_FRE);
    for (unsigned i = 0; (read(port(names::PxSSTS)) & 0xf) != 3 || (read(port(names::PxTFD)) & 0x88); ++i) {
      if (i == 1000) throw std::runtime_error{"the bare HBA's device does not come up"};
      sc_core::sc_start(1, sc_core::SC_MS);
    }
    write(port(names::PxSERR), ~0u);
    write(port(names::PxIS), ~0u);
    write(names::IS, ~0u);
    write(port(names::PxIE), names::PxIS_SDBS | names::PxIS_error);
    write(names::GHC, names::GHC_AE | names::GHC_IE);
    write(port(names::PxCMD), names::PxCMD_FRE | names::PxCMD_ST);
    for (unsigned i = 0; i < slots; ++i) prepare(i);
  }
  void start(std::uint64_t requests) {
    total_ = requests;
    for (unsigned i = 0; i < slots && issued_ < total_; ++i) issue(i);
  }
  std::uint64_t done() const { return done_; }
  bool failed() const { return failed_; }

 private:
  static std::uint64_t port(unsigned offset) { return 0x100 + offset; }

  std::uint32_t access(tlm::tlm_command command, std::uint64_t address, std::uint32_t value) {
    wire::store_le32(word_, value);
    payload_.set_command(command);
    payload_.set_address(address);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = context_.calendar.annotate(context_.calendar.now());
    registers->b_transport(payload_, delay);
    return wire::load_le32(word_);
  }
  std::uint32_t read(std::uint64_t address) { return access(tlm::TLM_READ_COMMAND, address, 0); }
  void write(std::uint64_t address, std::uint32_t value) { access(tlm::TLM_WRITE_COMMAND, address, value); }

  /// What does not change from one read to the next: header, PRD, the FIS but for its address.
  void prepare(unsigned slot) {
    std::uint8_t* const header = memory_.at(list_ + 32 * slot, 32);
    wire::store_le32(header, 1u << 16 | sizeof(wire::RegisterH2D) / 4);
    wire::store_le32(header + 8, static_cast<std::uint32_t>(tables_[slot]));
    std::uint8_t* const prd = memory_.at(tables_[slot] + 0x80, 16);
    wire::store_le32(prd, static_cast<std::uint32_t>(buffers_[slot]));
    wire::store_le32(prd + 12, block - 1);
    fis_[slot].flags = wire::RegisterH2D::C;
    fis_[slot].command = 0x60;  // READ FPDMA QUEUED
    fis_[slot].device = 0x40;
    fis_[slot].features_7_0 = block / 512;
    fis_[slot].count_7_0 = static_cast<std::uint8_t>(slot << 3);
  }
  void issue(unsigned slot) {
    random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
    fis_[slot].set_lba48(random_ % blocks_ * (block / 512));
    std::memcpy(memory_.at(tables_[slot], sizeof(wire::RegisterH2D)), &fis_[slot], sizeof(wire::RegisterH2D));
    ++issued_;
    active_ |= 1u << slot;
    write(port(names::PxSACT), 1u << slot);
    write(port(names::PxCI), 1u << slot);
  }
  void handle(std::uint64_t) {
    if (!read(names::IS)) return;
    const std::uint32_t cause = read(port(names::PxIS));
    write(port(names::PxIS), cause);
    if (cause & names::PxIS_error) failed_ = true, context_.calendar.stop();
    const std::uint32_t ended = active_ & ~read(port(names::PxSACT));
    write(names::IS, 1);
    active_ &= ~ended;
    done_ += static_cast<unsigned>(__builtin_popcount(ended));
    for (std::uint32_t left = ended; left && issued_ < total_; left &= left - 1) issue(static_cast<unsigned>(__builtin_ctz(left)));
    if (done_ == total_) context_.calendar.stop();
  }

  kit::Context& context_;
  host::Memory& memory_;
  const std::uint64_t blocks_;
  tlm::tlm_generic_payload payload_;
  std::uint8_t word_[4] = {};
  std::uint64_t list_ = 0, received_ = 0, tables_[slots] = {}, buffers_[slots] = {};
  wire::RegisterH2D fis_[slots];
  std::uint32_t active_ = 0;
  std::uint64_t total_ = 0, issued_ = 0, done_ = 0, random_ = 88172645463325252u;
  bool failed_ = false;
};

}  // namespace

BareHbaRun run_bare_hba(std::uint64_t requests) {
  kit::Context context;
  ahci::HbaParameters hba_parameters;
  hba_parameters.set("ports", "1");
  const sata::LinkParameters link_parameters;
  const disk::AtaParameters ata_parameters;
  host::MemoryParameters memory_parameters;
  memory_parameters.set("size", "1GiB");  // addresses of 32 bits: the guest leaves the upper halves 0
  disk::MediumFacts facts;
  facts.sectors = (std::uint64_t{64} << 30) / 512;
  disk::InstantMedium medium{facts};
  disk::SparseStore store{facts.sectors};
  host::Memory memory{"memory", context, memory_parameters};
  Guest guest{"guest", context, memory, facts.sectors};
  ahci::Hba hba{"ahci", context, hba_parameters};
  sata::Link link{"sata_link", context, link_parameters};
  disk::AtaDevice device{"disk", context, ata_parameters, medium, store};
  guest.registers.bind(hba.registers);
  guest.index_data.bind(hba.index_data);
  hba.dma.bind(memory.target);
  hba.interrupt.bind(guest);
  hba.ports[0].bind(link.host);
  link.device.bind(device.link);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  guest.bring_up();

  context.calendar.set_run_ahead_limit(Duration::never());
  const Duration begin = context.calendar.now();
  const std::uint64_t events = context.calendar.events();
  const double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  guest.start(requests);
  sc_core::sc_start();
  BareHbaRun run;
  run.wall_seconds = seconds_of(CLOCK_MONOTONIC) - wall, run.cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  if (guest.failed() || guest.done() != requests) throw std::runtime_error{"the bare HBA did not complete its reads"};
  run.requests = requests;
  run.events_per_request = static_cast<double>(context.calendar.events() - events) / static_cast<double>(requests);
  run.iops = static_cast<double>(requests) / (context.calendar.now() - begin).seconds();
  return run;
}

BareHbaRun run_bare_hba_apart(std::uint64_t requests) {
  return apart([&] { return run_bare_hba(requests); });
}

}  // namespace ahcisim::measure
