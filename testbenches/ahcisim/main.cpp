// SPDX-License-Identifier: MIT
// The ahcisim command: what it can be asked, and how mistakes are answered.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <systemc>

#include <ahcisim/models/kit/param.hpp>

#include "commands.hpp"
#include "sweep.hpp"

namespace {

using ahcisim::program::RunOptions;

using ahcisim::program::ParamsOptions;
using ahcisim::program::ReportOptions;
using ahcisim::program::ServeOptions;

/// What counts is a whole number; CLI11 itself would only say that it cannot convert.
const CLI::Validator whole_number{
    [](std::string& text) {
      const bool digits = !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
      return digits ? std::string{} : fmt::format("\"{}\" is no whole number from 0 to 999999999", text);
    },
    ""};

/// An empty name is a slip, such as that of a variable of the shell that is not set.
void check_folder(const CLI::App& command, const std::string& folder) {
  if (command.count("--results") != 0 && folder.empty())
    throw ahcisim::kit::ConfigError{"--results: the folder's name is empty; give one, or leave --results out"};
}

/// The first word, where it is no subcommand; else an empty text.
std::string unknown_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::vector<std::string> known;
  for (const CLI::App* subcommand : app.get_subcommands({})) known.push_back(subcommand->get_name());
  if (std::find(known.begin(), known.end(), argv[1]) != known.end()) return {};
  const std::string hint = ahcisim::kit::nearest(argv[1], known);
  return fmt::format("\"{}\" is no subcommand{}; there are {}", argv[1], hint.empty() ? "" : fmt::format("; did you mean \"{}\"?", hint),
                     fmt::join(known, ", "));
}

void add_run(CLI::App& app, RunOptions& options, int& status) {
  CLI::App* run = app.add_subcommand("run", "Run an experiment: simulate its machine at each point and report");
  run->add_option("EXPERIMENT", options.experiment, "An experiment file (TOML), or the name of one from `ahcisim list`")->required();
  run->add_option("-s,--set", options.settings, "Override a parameter, in every point; may be repeated")->allow_extra_args(false)->type_name("KEY=VALUE");
  run->add_option("-p,--point", options.only, "Run only points whose name contains this")->type_name("TEXT");
  run->add_option("-W,--workload", options.workload, "Run only workloads whose name contains this")->type_name("TEXT");
  run->add_option("-r,--results", options.results, "Folder for the results (default: results/EXPERIMENT)")->type_name("FOLDER");
  run->add_option("-j,--jobs", options.jobs, "Simulations at once (default: one a core); the results do not depend on it")->type_name("N")->check(whole_number);
  run->add_option("-t,--timeline", options.timeline_requests, "Requests drawn in each timeline (default 200; 0: no timelines)")->type_name("N")->check(whole_number);
  run->add_flag("-w,--waves", options.waves, "Write VCD waves and GTKWave views too, of as many requests as the timelines");
  run->add_flag("-q,--quiet", options.quiet, "Print no table");
  run->footer("Examples:\n"
              "  ahcisim run ncq_vs_sequential\n"
              "  ahcisim run ncq_vs_sequential --point \"depth 32\" --set hdd.queue_order=fifo\n"
              "  ahcisim run my.toml --set machine.drive=samsung-850-pro --set pcie.link.lanes=1 --waves\n\n"
              "The results folder holds\n"
              "  summary.txt      the table\n"
              "  stats.json       every statistic with unit and meaning, and every setting\n"
              "  requests.csv     every request with the time of each stage; the stages sum to its latency\n"
              "  timeline/*.json  what happened when: open in https://ui.perfetto.dev\n"
              "  waves/*.vcd      with --waves: open NAME.gtkw in GTKWave\n"
              "It is written when all is done and replaces the results of an earlier run. The same input and seed give the\n"
              "same bytes. Values need their unit (\"0.6ms\", \"4KiB\"); `ahcisim params` prints all keys. Ctrl-C ends the run\n"
              "with the requests done so far.");
  run->callback([&options, &status, run] {
    check_folder(*run, options.results);
    status = ahcisim::program::run_command(options);
  });
}

void add_report(CLI::App& app, ReportOptions& options, int& status) {
  CLI::App* report = app.add_subcommand("report", "Run the experiments on interfaces and cache modes and write one page of them");
  report->add_option("-r,--results", options.results, "Folder for the page and the results (default: results/report)")->type_name("FOLDER");
  report->add_option("-o,--only", options.only, "Run only this experiment; may be repeated")->allow_extra_args(false)->type_name("NAME");
  report->add_option("-s,--set", options.settings, "Override a parameter, in every point of every experiment; may be repeated")
      ->allow_extra_args(false)->type_name("KEY=VALUE");
  report->add_option("-j,--jobs", options.jobs, "Simulations at once (default: one a core); the results do not depend on it")->type_name("N")->check(whole_number);
  report->footer("The results folder holds report.html, which needs no other file and no network, and a folder of results for each\n"
                 "experiment, as `ahcisim run` writes it. Ctrl-C ends the simulations; the page shows the requests done so far.\n"
                 "The page is written by Python 3 with Jinja2.");
  report->callback([&options, &status, report] {
    check_folder(*report, options.results);
    status = ahcisim::program::report_command(options);
  });
}

void add_params(CLI::App& app, ParamsOptions& options, int& status) {
  CLI::App* params = app.add_subcommand("params", "Print the parameters: key, value with unit, meaning, source");
  params->add_option("KEY", options.filter, "One key, or a part of keys such as pcie.link")->type_name("TEXT");
  params->add_flag("-a,--assumed", options.assumed, "Only those that rest on an assumption, with its reason");
  params->add_option("-s,--set", options.settings, "Print the values as they are with this set, such as machine.drive=intel-s4500")
      ->allow_extra_args(false)->type_name("KEY=VALUE");
  params->footer("A source is cited (document), measured, derived (formula), assumed (reason), or the parameter is a choice of yours.\n"
                 "Set one on the command line (ahcisim run … --set pcie.link.lanes=1) or in an experiment file:\n"
                 "  [pcie.link]\n  lanes = 1");
  params->callback([&] { status = ahcisim::program::params_command(options); });
}

void add_serve(CLI::App& app, ServeOptions& options, int& status) {
  CLI::App* serve = app.add_subcommand("serve", "Be the disk controller of a real guest: serve a machine's PCI function to QEMU");
  serve->add_option("MACHINE", options.machines, "A file of machine parameters (TOML); may be repeated, each with a socket")->required();
  serve->add_option("-v,--vfio-user", options.sockets, "The socket to listen on")->allow_extra_args(false)->required()->type_name("SOCKET");
  serve->add_option("-t,--time", options.time, "free: as fast as it goes; paced: simulated time keeps to wall time, so that the guest feels it; record: as free, and what the "
                    "guest asks of the disk is written down (default free)")
      ->type_name("free|paced|record");
  serve->add_option("-r,--record", options.records, "With --time record: the file to write, for `ahcisim run` to replay; one for each machine")
      ->allow_extra_args(false)->type_name("FILE");
  serve->add_option("-s,--set", options.settings, "Override a parameter; may be repeated")->allow_extra_args(false)->type_name("KEY=VALUE");
  serve->footer("Example:\n"
                "  ahcisim serve machine.toml --vfio-user /tmp/disk.sock\n"
                "  qemu-system-x86_64 -M q35,memory-backend=m -m 512 \\\n"
                "    -object memory-backend-memfd,id=m,size=512M,share=on \\\n"
                "    -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"/tmp/disk.sock\"}}' ...\n\n"
                "with machine.toml, for example:\n"
                "  [machine]\n  drive = \"samsung-850-pro\"\n  image = \"disk.img\"\n  image_access = \"read_write\"\n\n"
                "and deployment = \"emulated\" with interface = \"virtio_blk\" for a virtio disk. QEMU 10.1 or later has the client.\n"
                "Guest memory must be shared (share=on): without a file of it every transfer goes by messages.\n"
                "One client at a time is served, the next one when it has gone. Ctrl-C ends.\n\n"
                "What was recorded with --time record --record guest.blkparse is replayed in exact simulated time by an experiment with\n"
                "  [[workload]]\n  file = \"guest.blkparse\"\n\n"
                "An optical drive is drive = \"dvd-rom\" with an ISO file as image; without one the tray is empty. Lines on standard\n"
                "input change the disc: \"eject\", \"insert FILE\", \"status\"; with several machines the name before: \"machine1 eject\".");
  serve->callback([&] { status = ahcisim::program::serve_command(options); });
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"ahcisim: what a disk request costs on its way through driver, PCIe, AHCI, SATA and disk", "ahcisim"};
  app.require_subcommand(1);
  app.set_version_flag("--version", AHCISIM_VERSION);
  app.footer("Start with:\n  ahcisim list\n  ahcisim run ncq_vs_sequential\n  ahcisim report\n  ahcisim run --help\n\n"
             "Exit status: 0 done; 2 a mistake in what was given, with one line that says where, what and the remedy;\n"
             "130 interrupted.");
  int status = 0;
  RunOptions options;
  ParamsOptions params;
  ReportOptions report;
  ServeOptions serve;
  add_run(app, options, status);
  add_report(app, report, status);
  add_serve(app, serve, status);
  add_params(app, params, status);
  app.add_subcommand("list", "Print the experiments, drives, interfaces, cost tables, cache modes and patterns that come with ahcisim")->callback([&] {
    status = ahcisim::program::list_command();
  });
  app.add_subcommand("registers", "Print the register tables that the models implement, by the specifications' names")->callback([&] {
    status = ahcisim::program::registers_command();
  });
  if (const std::string fault = unknown_subcommand(app, argc, argv); !fault.empty()) throw ahcisim::kit::ConfigError{fault};
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
  } catch (const std::exception& error) {
    fmt::print(stderr, "ahcisim: {}; this is no mistake of yours: please report it\n", error.what());
    return 1;
  }
}
