// SPDX-License-Identifier: MIT
// The AHCI driver's bring-up of HBA and port, with the register accesses and waits of Linux's libahci and libata.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <string>

namespace ahcisim::host {

using namespace ahci_name;

namespace {
constexpr std::uint32_t all_ones = 0xffffffff;
PciProbe::Wish wish_of(std::size_t choice) {
  using Kind = PciFunction::Interrupts;
  constexpr PciProbe::Wish wishes[] = {{Kind::intx, 1}, {Kind::msi, 1}, {Kind::msi, 32}, {Kind::msix, 1}, {Kind::msix, 32}};
  return wishes[choice];
}
}  // namespace

void AhciDriver::give_up(const std::string& reason) {
  queue_.die(reason);
  script_.drop();
  complain(reason);
  fail_everything();
  queue_.announce_failure();
}

void AhciDriver::bring_up() {
  pci_.find({pci::class_sata_ahci}, [this](const std::string& reason) { give_up(reason); });
  pci_.enable();
  script_.call([this] {
    const PciFunction& function = pci_.function();
    if (function.bar[5] == 0 || function.bar_is_io[5] || function.bar_size[5] < port_base + port_stride)
      return give_up("the AHCI function has no usable ABAR (AHCI 1.3.1, 2.1.11)");
    abar_ = function.bar[5];
    save_configuration();
  });
}

/// GHC.AE must read 1; Linux tries five times, 10 ms apart.
void AhciDriver::enable_ahci(unsigned tries) {
  script_.read(hba(GHC), [=](std::uint32_t ghc) {
    if (ghc & GHC_AE) return;
    if (tries == 0) return give_up("GHC.AE cannot be set (AHCI 1.3.1, 10.1.2)");
    script_.write(hba(GHC), ghc | GHC_AE);
    script_.read(hba(GHC), [=](std::uint32_t now) {
      if (now & GHC_AE) return;
      script_.delay(pause(kit::Duration::from_ms(10)));
      script_.call([=] { enable_ahci(tries - 1); });
    });
  });
}

void AhciDriver::save_configuration() {
  enable_ahci(5);
  script_.read(hba(CAP), [this](std::uint32_t cap) { cap_ = cap; });
  script_.read(hba(VS), [this](std::uint32_t vs) {
    if (vs >= 0x00010200) script_.read(hba(CAP2), [this](std::uint32_t cap2) { cap2_ = cap2; });
  });
  script_.read(hba(PI), [this](std::uint32_t pi) {
    if (cap_ == all_ones && pi == all_ones) return give_up("the HBA's registers read all ones: it is not there");
    pi_ = pi ? pi : static_cast<std::uint32_t>((std::uint64_t{1} << ((cap_ & 31) + 1)) - 1);
    if (parameters_.port() >= 0 && !(pi_ & 1u << parameters_.port()))
      return give_up("port " + std::to_string(parameters_.port()) + " is not implemented by the HBA (PI)");
    for (unsigned port = 0; port < 32; ++port)
      if (pi_ & 1u << port) script_.read(hba(port_base + port_stride * port + PxCMD));
    if (cap_ & CAP_EMS) script_.read(hba(EM_LOC)), script_.read(hba(EM_CTL));
    PciProbe::Wish wish = wish_of(parameters_.interrupts.index());
    if (wish.vectors > 1) wish.vectors = 32u - static_cast<unsigned>(__builtin_clz(pi_));
    pci_.arrange_interrupts(wish);
    script_.call([this] { reset_hba(); });
  });
}

void AhciDriver::reset_hba() {
  script_.read(hba(GHC), [this](std::uint32_t ghc) {
    script_.write(hba(GHC), ghc | GHC_HR);
    script_.read(hba(GHC));  // flushes the write
    script_.poll(hba(GHC), GHC_HR, 0, kit::Duration::from_ms(10), parameters_.probe.reset_limit(), [this](bool done) {
      if (!done) return give_up("GHC.HR does not clear (AHCI 1.3.1, 10.4.3)");
      script_.read(hba(GHC), [this](std::uint32_t after) {
        if (!(after & GHC_AE)) script_.write(hba(GHC), after | GHC_AE);
      });
      // Firmware's values, which the reset may have taken.
      script_.write(hba(CAP), cap_);
      if (cap2_) script_.write(hba(CAP2), cap2_);
      script_.write(hba(PI), pi_);
      script_.read(hba(PI));
      for (unsigned port = 0; port < 32; ++port)
        if (pi_ & 1u << port) initialise_port(port);
      script_.read(hba(GHC), [this](std::uint32_t before) {
        // The vectors' number decides with GHC.MRSM whether each port has its own (AHCI 1.3.1, 10.6.2.1).
        message_per_port_ = pci_.function().vectors > 1 && !(before & GHC_MRSM);
        script_.write(hba(GHC), before | GHC_IE);
        script_.read(hba(GHC));
      });
      script_.call([this] { try_port(parameters_.port() < 0 ? 0 : static_cast<unsigned>(parameters_.port())); });
    });
  });
}

void AhciDriver::initialise_port(unsigned port) {
  script_.call([=] {
    port_ = port;
    port_address_ = hba(port_base + port_stride * port);
    stop_engine([=](bool) {
      script_.read(reg(PxCMD), [=](std::uint32_t cmd) {
        if (cmd & PxCMD_FRE) script_.write(reg(PxCMD), cmd & ~PxCMD_FRE);
        script_.poll(reg(PxCMD), PxCMD_FR, 0, kit::Duration::from_ms(10), parameters_.probe.engine_limit(), [this](bool done) {
          if (!done) complain("PxCMD.FR does not clear (AHCI 1.3.1, 10.3.2)");
        });
      });
      script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
      script_.read(reg(PxIS), [=](std::uint32_t is) {
        if (is) script_.write(reg(PxIS), is);
      });
      script_.write(hba(IS), 1u << port);
    });
  });
}

/// Looks for a disk, on this port or, where any will do, on those after it.
void AhciDriver::try_port(unsigned port) {
  const bool any = parameters_.port() < 0;
  while (any && port < 32 && !(pi_ & 1u << port)) ++port;
  if (port >= 32) return give_up("no port of the HBA has a disk");
  port_ = port;
  port_address_ = hba(port_base + port_stride * port);
  start_port();
  hard_reset([=](bool device) {
    if (device) {
      script_.read(reg(PxSIG), [=](std::uint32_t signature) {
        if (signature == signature_ata) {
          thaw();
          script_.call([this] { configure_device(1); });
        } else if (any) {
          try_port(port + 1);
        } else {
          give_up("the device on port " + std::to_string(port) + " is not a disk (PxSIG " + std::to_string(signature) + ")");
        }
      });
    } else if (any) {
      try_port(port + 1);
    } else {
      give_up("no device answers on port " + std::to_string(port));
    }
  });
}

void AhciDriver::start_port() {
  const std::uint64_t list = slots_.command_list(), received = slots_.received_fis();
  if (!(cap_ & CAP_S64A) && list >> 32)
    return give_up("the HBA takes 32-bit addresses only (CAP.S64A is 0) and the memory reaches beyond them; set host.memory.size to 3GiB or less");
  script_.read(reg(PxCMD), [=](std::uint32_t cmd) {
    if (cap_ & CAP_SSS) script_.write(reg(PxCMD), cmd |= PxCMD_SUD);
    script_.write(reg(PxCMD), cmd | PxCMD_ICC_active);
    if (cap_ & CAP_S64A) script_.write(reg(PxCLBU), static_cast<std::uint32_t>(list >> 32));
    script_.write(reg(PxCLB), static_cast<std::uint32_t>(list));
    if (cap_ & CAP_S64A) script_.write(reg(PxFBU), static_cast<std::uint32_t>(received >> 32));
    script_.write(reg(PxFB), static_cast<std::uint32_t>(received));
    script_.read(reg(PxCMD), [=](std::uint32_t now) { script_.write(reg(PxCMD), now | PxCMD_FRE); });
    script_.read(reg(PxCMD));
    // ST waits until the device is ready (10.3.1), as Linux has it where AHCI_HFLAG_DELAY_ENGINE is set.
    script_.write(reg(PxIE), 0);  // frozen until the device is known
  });
}

void AhciDriver::start_engine() {
  script_.read(reg(PxCMD), [=](std::uint32_t cmd) {
    script_.write(reg(PxCMD), cmd | PxCMD_ST);
    script_.read(reg(PxCMD));
  });
}

void AhciDriver::stop_engine(std::function<void(bool stopped)> handler) {
  script_.read(reg(PxCMD), [=](std::uint32_t cmd) {
    if (cmd == all_ones) return handler(false);
    if (!(cmd & (PxCMD_ST | PxCMD_CR))) return handler(true);
    script_.write(reg(PxCMD), cmd & ~PxCMD_ST);
    script_.poll(reg(PxCMD), PxCMD_CR, 0, kit::Duration::from_ms(1), parameters_.probe.engine_limit(), [=](bool done) {
      if (!done) complain("PxCMD.CR does not clear (AHCI 1.3.1, 10.3.1)");
      handler(done);
    });
  });
}

/// COMRESET (AHCI 1.3.1, 10.4.2), then says whether there is a device that is ready.
void AhciDriver::hard_reset(std::function<void(bool device)> handler) {
  statistics_.resets.add();
  stop_engine([=](bool) {
    script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
    script_.read(reg(PxIS), [=](std::uint32_t is) {
      if (is) script_.write(reg(PxIS), is);
    });
    script_.read(reg(PxSCTL), [=](std::uint32_t sctl) { script_.write(reg(PxSCTL), (sctl & 0xf0) | 0x301); });
    script_.read(reg(PxSCTL));
    script_.delay(parameters_.probe.comreset());
    script_.read(reg(PxSCTL), [=](std::uint32_t sctl) { script_.write(reg(PxSCTL), (sctl & 0xf0) | 0x300); });
    script_.delay(pause(parameters_.probe.resume_delay()));
    script_.read(reg(PxSSTS), [=](std::uint32_t ssts) {
      debounce(ssts & 15, calendar_.now(), calendar_.now() + parameters_.probe.debounce_limit(), handler);
    });
  });
}

void AhciDriver::debounce(std::uint32_t last, kit::Duration since, kit::Duration deadline, std::function<void(bool)> handler) {
  script_.delay(pause(parameters_.probe.debounce_interval()));
  script_.read(reg(PxSSTS), [=](std::uint32_t ssts) {
    const std::uint32_t det = ssts & 15;
    const kit::Duration now = calendar_.now();
    if (det != last && now < deadline) return debounce(det, now, deadline, handler);
    // DET = 1 (a device, but no communication yet) counts as unstable until the limit.
    const bool stable = now - since >= pause(parameters_.probe.debounce_duration()) && det != 1;
    if (!stable && now < deadline) return debounce(det, since, deadline, handler);
    script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
    if (det != 3) {
      script_.call([=] { handler(false); });
      return;
    }
    wait_for_device(handler);
  });
}

void AhciDriver::wait_for_device(std::function<void(bool)> handler) {
  script_.poll(reg(PxTFD), wire::status::BSY | wire::status::DRQ, 0, pause(parameters_.probe.ready_interval()),
               parameters_.probe.ready_limit(), [=](bool ready) {
    if (!ready) {
      complain("device stays busy after COMRESET");
      return handler(false);
    }
    start_engine();
    script_.call([=] { handler(true); });
  });
}

void AhciDriver::thaw() {
  script_.read(reg(PxIS), [=](std::uint32_t is) { script_.write(reg(PxIS), is); });
  script_.write(hba(IS), 1u << port_);
  script_.write(reg(PxIE), PxIE_default);
}

}  // namespace ahcisim::host
