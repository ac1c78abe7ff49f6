// SPDX-License-Identifier: MIT
// A figure: what is measured, in which unit, what it ought to be and who says so; and the measurements that yield figures.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ahcisim::figures {

struct Figure {
  std::string name;    ///< dotted: "sata.gen3.sequential"
  std::string unit;
  std::string target;  ///< as text: "550-562", ">= 500000"
  std::string source;  ///< where the target comes from
  int decimals = 0;    ///< printed after the point
};

/// One measurement, in a process of its own, and the figures it yields in this order.
struct Measurement {
  std::vector<Figure> figures;
  std::function<std::vector<double>()> measure;
  bool alone = false;   ///< nothing else may run beside it: it takes wall-clock time
  std::string missing{};  ///< not empty: it cannot be taken here, and why
};

void add_hdd_figures(std::vector<Measurement>& all);       // accuracy_hdd.cpp
void add_link_figures(std::vector<Measurement>& all);      // accuracy_links.cpp
void add_pata_figures(std::vector<Measurement>& all);      // accuracy_pata.cpp
void add_ssd_figures(std::vector<Measurement>& all);       // accuracy_ssd.cpp
void add_protocol_figures(std::vector<Measurement>& all);  // protocol.cpp
void add_speed_figures(std::vector<Measurement>& all);     // speed.cpp

}  // namespace ahcisim::figures
