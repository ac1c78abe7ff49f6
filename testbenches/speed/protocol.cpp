// SPDX-License-Identifier: MIT
// Protocol: register accesses for a request, events for a request, and whether every byte is right.
#include "figure.hpp"

#include <cstdio>

#include <support/measure/bare_hba.hpp>
#include <support/measure/figures.hpp>
#include <support/measure/integrity.hpp>

namespace ahcisim::figures {
namespace {

Measurement accesses(Figure figure, const measure::Settings& settings) {
  figure.unit = "accesses/request";
  figure.source = "counted in Linux 6.1, drivers/ata/libahci.c";
  figure.decimals = 2;
  return {{figure}, [settings] { return std::vector<double>{measure::register_accesses(settings).device_accesses_per_request}; }};
}

/// As a guest's trapped accesses arrive at the emulator; one request at a time.
Measurement guest_accesses(Figure figure, const std::string& interface, measure::Settings settings = {}) {
  figure.unit = "accesses/request";
  figure.decimals = 2;
  settings.emplace_back("workload.depth", "1");
  return {{figure}, [interface, settings] {
            return std::vector<double>{measure::emulated_4k(interface, 2000, settings).device_accesses_per_request};
          }};
}

Measurement guest_events(const char* name, const std::string& interface) {
  return {{{name, "events/request", "", "callbacks of the calendar: a guest, its emulator, an image that answers at once", 2}},
          [interface] { return std::vector<double>{measure::emulated_4k(interface, 20000).events_per_request}; }};
}

void add_guest_figures(std::vector<Measurement>& all) {
  const char* const sff = "counted in Linux 6.12, drivers/ata/libata-sff.c";
  const char* const virtio = "VIRTIO 1.1, 4.1.4.4 and 4.1.4.5: a notification, and with INTx the ISR status";
  all.push_back(guest_accesses({"access.ide_dma.lba28", "", "26", sff}, "ide"));
  all.push_back(guest_accesses({"access.ide_dma.lba48", "", "31", sff}, "ide", {{"image.size", "256GiB"}, {"workload.offset", "160GiB"}}));
  all.push_back(guest_accesses({"access.ide_pio", "", "62", sff}, "ide", {{"guest.driver.mode", "pio"}}));
  all.push_back(guest_accesses({"access.virtio.msix", "", "1", virtio}, "virtio_blk"));
  all.push_back(guest_accesses({"access.virtio.intx", "", "2", virtio}, "virtio_blk", {{"guest.driver.interrupts", "intx"}}));
  const char* const ahci = "counted in Linux 6.1, drivers/ata/libahci.c";
  all.push_back(guest_accesses({"access.emulated.ahci_ncq", "", "7", ahci}, "ahci"));
  all.push_back(guest_accesses({"access.emulated.ahci", "", "6", ahci}, "ahci", {{"guest.driver.ncq", "false"}}));
  all.push_back(guest_events("events.emulated.virtio", "virtio_blk"));
  all.push_back(guest_events("events.emulated.ahci", "ahci"));
  all.push_back(guest_events("events.emulated.ide_dma", "ide"));
}

Measurement events(const char* name, const char* drive, std::uint64_t requests) {
  return {{{name, "events/request", "", "callbacks of the calendar; 20 would allow 1.5 million requests/s with empty stages", 2}},
          [drive, requests] { return std::vector<double>{measure::random_4k(drive, 32, requests).events_per_request}; }};
}

}  // namespace

void add_protocol_figures(std::vector<Measurement>& all) {
  all.push_back(accesses({"access.ahci_ncq", "", "7", ""}, {}));
  all.push_back(accesses({"access.ahci", "", "6", ""}, {{"host.driver.ncq", "false"}}));
  all.push_back(accesses({"access.ahci_ncq_vectors", "", "5", ""}, {{"host.driver.interrupts", "msi_per_port"}}));
  add_guest_figures(all);
  all.push_back(events("events.ssd.qd32", "samsung-850-pro", 20000));
  all.push_back(events("events.hdd.qd32", "ultrastar-dc-hc310", 10000));
  all.push_back({{{"events.hba", "events/request", "", "callbacks of the calendar, the guest's included", 2}},
                 [] { return std::vector<double>{measure::run_bare_hba_apart(20000).events_per_request}; }});
  all.push_back({{{"integrity.requests", "requests", "1000000", "every request without error and every byte right"}}, [] {
                   measure::IntegrityOptions options;
                   options.requests = 1'000'000;
                   const measure::IntegrityRun run = measure::run_integrity_apart({{"machine.drive", "samsung-850-pro"}}, options);
                   if (run.first_wrong[0]) std::fprintf(stderr, "figures: integrity.requests: %s\n", run.first_wrong);
                   return std::vector<double>{static_cast<double>(run.right)};
                 }});
}

}  // namespace ahcisim::figures
