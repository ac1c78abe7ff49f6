// SPDX-License-Identifier: MIT
// The ahcisim command: what it can be asked, and how mistakes are answered.
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <systemc>

#include <ahcisim/models/kit/param.hpp>

#include "commands.hpp"
#include "sweep.hpp"

namespace {

using ahcisim::program::RunOptions;

void add_run(CLI::App& app, RunOptions& options, int& status) {
  CLI::App* run = app.add_subcommand("run", "Run an experiment: simulate its machine at each point and report");
  run->add_option("EXPERIMENT", options.experiment, "An experiment file (TOML), or the name of one from `ahcisim list`")->required();
  run->add_option("-s,--set", options.settings, "Override a parameter, for example --set machine.drive=samsung-850-pro; may be repeated")->allow_extra_args(false);
  run->add_option("-r,--results", options.results, "Folder for the results (default: results/EXPERIMENT)");
  run->add_option("-p,--point", options.only, "Run only the points whose name contains this text");
  run->add_option("-j,--jobs", options.jobs, "Simulations at once (default: one a core)");
  run->add_option("--timeline", options.timeline_requests, "Requests drawn in each timeline (default 200; 0: write none)");
  run->add_flag("-w,--waves", options.waves, "Write VCD waves and a GTKWave view for as many requests as the timeline shows");
  run->add_flag("-q,--quiet", options.quiet, "Print no table");
  run->footer("The results folder holds stats.json (every statistic with unit and meaning), requests.csv (every request with\n"
              "its stages), timeline/*.json (open in https://ui.perfetto.dev) and, with --waves, waves/*.vcd and *.gtkw.\n"
              "Times need a unit: \"0.6ms\". The same input and seed give the same bytes.");
  run->callback([&] { status = ahcisim::program::run_command(options); });
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"ahcisim: what a disk request costs on its way through driver, PCIe, AHCI, SATA and disk", "ahcisim"};
  app.require_subcommand(1);
  app.set_version_flag("--version", AHCISIM_VERSION);
  app.footer("Start with:  ahcisim list\n             ahcisim run ncq_vs_sequential\n"
             "Exit status: 0 done, 2 a mistake in what was given (one line says where, what and the remedy), 130 interrupted.");
  int status = 0;
  RunOptions options;
  add_run(app, options, status);

  std::string filter;
  bool assumed = false;
  CLI::App* params = app.add_subcommand("params", "Print the parameters: name, default with unit, source, meaning");
  params->add_option("FILTER", filter, "Only those whose name contains this text");
  params->add_flag("--assumed", assumed, "Only those that rest on an assumption, with the reason");
  params->callback([&] { status = ahcisim::program::params_command(filter, assumed); });

  app.add_subcommand("list", "Print the experiments, drives and patterns that come with ahcisim")->callback([&] {
    status = ahcisim::program::list_command();
  });
  app.add_subcommand("registers", "Print the register tables that the models implement")->callback([&] {
    status = ahcisim::program::registers_command();
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "ahcisim: {}; `ahcisim --help` tells more\n", error.what());
    return 2;
  }
  return status;
}

}  // namespace

int sc_main(int, char**) { return 0; }  // simulations run in processes of their own, see sweep.hpp

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  ahcisim::program::catch_interrupts();
  try {
    return parse_and_run(argc, argv);
  } catch (const ahcisim::kit::ConfigError& error) {
    fmt::print(stderr, "ahcisim: {}\n", error.what());
    return 2;
  }
}
