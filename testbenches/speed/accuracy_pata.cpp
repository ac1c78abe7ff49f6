// SPDX-License-Identifier: MIT
// The parallel cable: sequential transfers from an instant medium by a host that costs nothing but its port I/O. A driver's
// delays and handler are left out: they are the software's, and what a cable carries is the question.
#include "figure.hpp"

#include <memory>
#include <stdexcept>

#include <support/ide_sequential.hpp>

namespace ahcisim::figures {
namespace {

Measurement sequential(Figure figure, double (*measure)(bench::IdeSequential&)) {
  figure.unit = "MB/s";
  figure.decimals = 2;
  return {{figure}, [measure] {
            bench::IdeSequential host;
            const double rate = measure(host);
            if (!host.wrong.empty()) throw std::runtime_error{host.wrong};
            return std::vector<double>{rate / 1e6};
          }};
}

}  // namespace

void add_pata_figures(std::vector<Measurement>& all) {
  all.push_back(sequential({"pata.pio4.sequential", "", "15.0-16.7", "a word in 120 ns (ATA/ATAPI-6, PIO mode 4), at least 90 % of it"},
                           bench::sequential_pio4));
  all.push_back(sequential({"pata.udma133.sequential", "", "120-133", "a word in 15 ns (ATA/ATAPI-7, Ultra DMA mode 6), at least 90 % of it"},
                           [](bench::IdeSequential& host) { return bench::sequential_udma133(host, true); }));
}

}  // namespace ahcisim::figures
