// SPDX-License-Identifier: MIT
// Links: sequential reads through SATA and PCIe end to end, and pcie-bench on the PCIe model alone.
#include "figure.hpp"

#include <support/measure/figures.hpp>
#include <support/pcie_bench.hpp>

namespace ahcisim::figures {
namespace {

/// All points of pcie-bench on one rig: its measurements do not disturb each other.
Measurement pcie_bench() {
  struct Point {
    unsigned bytes;
    const char* target;
  };
  const std::vector<Point> reads{{64, "490-624"}, {128, "516-656"}, {256, "555-707"}, {512, "625-795"}, {1024, "757-963"}, {2048, "1002-1276"}};
  const std::vector<Point> writes{{256, "48.0-53.1"}, {512, "51.7-57.2"}, {1024, "51.7-57.2"}, {2048, "51.7-57.2"}};
  Measurement m;
  for (const Point& point : reads)
    m.figures.push_back({"pcie.dma_read." + std::to_string(point.bytes), "ns", point.target, "pcie-bench, LAT_DMA_RD, E5-2630, gen3 x8, +-12 %"});
  for (const Point& point : writes)
    m.figures.push_back({"pcie.dma_write." + std::to_string(point.bytes), "Gb/s", point.target, "pcie-bench, BW_DMA_WR, E5-2637v3, gen3 x8, +-5 %", 1});
  m.measure = [reads, writes] {
    kit::Context context;
    test::PcieSetup setup;
    setup.like_pcie_bench();
    test::PcieRig rig{"rig", context, setup};
    rig.start();
    std::vector<double> values;
    for (const Point& point : reads) values.push_back(test::bench_dma_read_latency(rig, point.bytes));
    for (const Point& point : writes) values.push_back(test::bench_dma_write_bandwidth(rig, point.bytes));
    return values;
  };
  return m;
}

Measurement sequential(Figure figure, const char* drive, const measure::Settings& settings) {
  figure.unit = "MB/s";
  figure.decimals = 1;
  return {{figure}, [drive, settings] { return std::vector<double>{measure::sequential_read(drive, settings)}; }};
}

}  // namespace

void add_link_figures(std::vector<Measurement>& all) {
  const char* const reviews = "reviews of SATA SSDs: 551 MB/s (850 PRO), \"end at roughly 550\"";
  const char* const framing = "600 MB/s less framing and ALIGN";
  all.push_back(sequential({"sata.gen3.sequential", "", "550-562", reviews}, "samsung-850-pro", {}));
  all.push_back(sequential({"sata.gen3.ceiling", "", "<= 594", framing}, "instant", measure::sata_without_latency()));
  all.push_back(sequential({"sata.gen2.sequential", "", "250-283", "AnandTech 2973: 248-265 MB/s; FPGA hosts > 250; 300 MB/s less handshakes"}, "samsung-850-pro", measure::sata_gen2()));
  measure::Settings gen2 = measure::sata_gen2();
  for (const auto& setting : measure::sata_without_latency()) gen2.push_back(setting);
  all.push_back(sequential({"sata.gen2.ceiling", "", "<= 297", "300 MB/s less framing and ALIGN"}, "instant", gen2));
  all.push_back(sequential({"pcie.gen2x1.sequential", "", "360-397", "pcie-bench model/pcie.py: 397 at 64-bit addresses; reviews of x1 controllers"}, "samsung-850-pro", measure::pcie_gen2x1()));
  all.push_back(pcie_bench());
}

}  // namespace ahcisim::figures
