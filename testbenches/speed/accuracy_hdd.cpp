// SPDX-License-Identifier: MIT
// Hard disks: four drives against their own measured traces, data-sheet rates, and what queueing buys.
#include "figure.hpp"

#include <ahcisim/models/host/workload/open.hpp>

#include <support/drive_validation.hpp>
#include <support/measure/figures.hpp>

namespace ahcisim::figures {
namespace {

struct Traced {
  const char *name, *folder, *demerit_target;
  unsigned fitted = 0;  // requests from which a parameter of the replay was taken
};

Measurement traced(const Traced& drive) {
  const std::string name = drive.name;
  const std::string source = "trace measured on the drive (" + std::string{drive.folder} + ".trace, DiskSim corpus)";
  Measurement m;
  m.figures = {{"hdd.mean." + name, "%", "within 3", source, 2},
               {"hdd.read_mean." + name, "%", "within 5", source, 2},
               {"hdd.write_mean." + name, "%", "within 5", source, 2},
               {"hdd.demerit." + name, "ms", drive.demerit_target, "1.5 times what DiskSim 4.0 publishes for itself", 3}};
  const std::string data = support::data_folder();
  if (data.empty()) m.missing = "no measured traces; set AHCISIM_DATA to the folder that holds disks/";
  if (drive.fitted) m.figures.push_back({"hdd.write_mean." + name + ".second_half", "%", "within 5", source + ": what no parameter was taken from", 2});
  m.measure = [data, folder = std::string{drive.folder}, fitted = drive.fitted] {
    const support::DriveValidation v = support::validate_drive(data, folder);
    const auto percent = [](double simulated, double measured) { return 100 * (simulated / measured - 1); };
    std::vector<double> values{percent(v.mean, v.measured_mean), percent(v.read_mean, v.measured_read_mean),
                               percent(v.write_mean, v.measured_write_mean), v.demerit};
    if (fitted == 0) return values;
    const support::DriveValidation unseen = support::validate_drive(data, folder, fitted);
    values.push_back(percent(unseen.write_mean, unseen.measured_write_mean));
    return values;
  };
  return m;
}

}  // namespace

void add_hdd_figures(std::vector<Measurement>& all) {
  for (const Traced& drive : {Traced{"cheetah9lp", "cheetah9LP", "<= 0.161"}, Traced{"ibm18es", "ibm18es", "<= 0.203"},
                              Traced{"atlas10k", "atlas10k", "<= 0.402", 5000}, Traced{"hp_c3323a", "hp_c3323a", "<= 0.459"}})
    all.push_back(traced(drive));
  const char* const deskstar = "Hitachi Deskstar 7K500 specification, 4.4.4, table 10: sustained rate";
  all.push_back({{{"hdd.7k500.outermost", "MB/s", "62.2-67.4", deskstar, 1}},
                 [] { return std::vector<double>{measure::sustained("deskstar-7k500", measure::Zone::outermost)}; }});
  all.push_back({{{"hdd.7k500.innermost", "MB/s", "29.8-32.2", deskstar, 1}},
                 [] { return std::vector<double>{measure::sustained("deskstar-7k500", measure::Zone::innermost)}; }});
  all.push_back({{{"hdd.hc310.qd1", "IOPS", "77.3-90.7", "derived: 1/(7.4 ms seek + 4.16 ms half a revolution + 0.3 ms), WD Ultrastar DC HC310 specification, tables 5-7", 1}},
                 [] { return std::vector<double>{measure::random_4k("ultrastar-dc-hc310", 1, 5000).iops}; }});
  all.push_back({{{"ncq.gain.qd32", "ratio", "1.35-2.0", "ilsistemista.net, NCQ and I/O schedulers: at least 1.4 to 1.6; Wikipedia, IOPS: nearly 2", 2}},
                 [] { return std::vector<double>{measure::queueing_gain("ultrastar-dc-hc310")}; }});
}

}  // namespace ahcisim::figures
