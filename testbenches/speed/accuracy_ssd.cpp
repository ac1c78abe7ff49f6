// SPDX-License-Identifier: MIT
// Solid state drives: random reads by queue depth against a review, latencies and rates against a product specification.
#include "figure.hpp"

#include <fmt/format.h>

#include <support/measure/figures.hpp>

namespace ahcisim::figures {
namespace {

constexpr const char* review = "Tom's Hardware, 850 Pro review: Iometer 4 KiB random reads";
constexpr const char* intel = "Intel SSD DC S4500 product specification, +-15 %";

Measurement random_reads(unsigned depth, const char* target) {
  return {{{fmt::format("ssd.850pro.qd{}", depth), "IOPS", target, review}},
          [depth] { return std::vector<double>{measure::random_4k("samsung-850-pro", depth, 20000).iops}; }};
}

/// Mean latency in microseconds of one request at a time.
Measurement latency(const char* name, const char* target, const char* pattern) {
  return {{{name, "us", target, intel, 1}}, [pattern] {
            return std::vector<double>{measure::random_4k("intel-s4500", 1, 10000, pattern).mean_latency_us};
          }};
}

}  // namespace

void add_ssd_figures(std::vector<Measurement>& all) {
  all.push_back(random_reads(1, "9000-11000"));
  for (const unsigned depth : {2u, 4u, 8u, 16u}) all.push_back(random_reads(depth, "monotone"));
  all.push_back(random_reads(32, "90000-110000"));
  all.push_back(latency("ssd.s4500.read_latency", "93.5-126.5", "randread"));
  all.push_back(latency("ssd.s4500.write_latency", "44.2-59.8", "randwrite"));
  all.push_back(latency("ssd.s4500.sequential_read_latency", "30.6-41.4", "read"));
  all.push_back(latency("ssd.s4500.sequential_write_latency", "30.6-41.4", "write"));
  all.push_back({{{"ssd.s4500.read_qd32", "IOPS", "61200-82800", intel}},
                 [] { return std::vector<double>{measure::random_4k("intel-s4500", 32, 50000).iops}; }});
  all.push_back({{{"ssd.s4500.write_qd32", "IOPS", "28050-37950", intel}},
                 [] { return std::vector<double>{measure::sustained_random_writes("intel-s4500")}; }});
  all.push_back({{{"ssd.s4500.sequential_read", "MB/s", "425-575", intel, 1}},
                 [] { return std::vector<double>{measure::sequential_read("intel-s4500")}; }});
}

}  // namespace ahcisim::figures
