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
  return {{figure}, [settings] { return std::vector<double>{measure::register_accesses(settings).hba_accesses_per_request}; }};
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
