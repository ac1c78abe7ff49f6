// SPDX-License-Identifier: MIT
// The table of control lines, and the reading of them.
#include "serve_control.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <tuple>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ahcisim/models/disk/optical/atapi_device.hpp>
#include <ahcisim/models/disk/optical/disc.hpp>

namespace ahcisim::program {
namespace {

using disk::optical::AtapiDevice;
using kit::ConfigError;

AtapiDevice& optical_of(machine::Served& machine) {
  if (AtapiDevice* drive = machine.optical()) return *drive;
  throw ConfigError{fmt::format("{} has no optical drive; set machine.drive = \"{}\"", machine.name(), disk::optical::drive_name)};
}

std::string eject(machine::Served& machine, const std::string&) {
  if (optical_of(machine).press_eject()) return "the tray comes out";
  throw ConfigError{"the guest has locked the tray; it is told that somebody wants the disc"};
}

std::string insert(machine::Served& machine, const std::string& file) {
  AtapiDevice& drive = optical_of(machine);
  if (drive.insert(disk::optical::open_disc(file))) return "the tray takes the disc";
  throw ConfigError{"the guest has locked the tray; it is told that somebody wants the disc"};
}

std::string status(machine::Served& machine, const std::string&) {
  AtapiDevice& drive = optical_of(machine);
  const disk::optical::Mechanism& mechanism = drive.mechanism();
  static constexpr const char* trays[] = {"closed", "opening", "open", "closing"};
  const std::string disc = mechanism.ready()            ? fmt::format("a disc of {} blocks is ready", mechanism.blocks())
                           : mechanism.becoming_ready() ? "becoming ready"
                           : mechanism.has_disc()       ? "a disc lies in it"
                                                        : "no disc";
  return fmt::format("tray {}{}, {}; {} unit attentions told", trays[static_cast<unsigned>(mechanism.tray())],
                     drive.locked() ? " and locked" : "", disc, drive.statistics().attentions.value());
}

std::pair<std::string, std::string> first_word(const std::string& text) {
  constexpr const char* blank = " \t\r";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find_first_of(blank, begin), next = text.find_first_not_of(blank, end);
  std::string rest = next == std::string::npos ? "" : text.substr(next);
  rest.erase(rest.find_last_not_of(blank) + 1);
  return {text.substr(begin, end - begin), rest};
}

std::string form_of(const ControlRow& row) { return fmt::format("{}{}{}", row.verb, *row.argument ? " " : "", row.argument); }

std::string known_lines() {
  std::string all;
  for (const ControlRow& row : control_rows()) all += (all.empty() ? "" : ", ") + form_of(row);
  return all;
}

}  // namespace

const std::vector<ControlRow>& control_rows() {
  static const std::vector<ControlRow> rows{
      {"eject", "", "press the button of the optical drive: the tray comes out, unless the guest has locked it", &eject},
      {"insert", "FILE", "put a disc into the optical drive: the tray comes out, takes it and goes in", &insert},
      {"status", "", "tell what the optical drive is doing", &status},
  };
  return rows;
}

ServeControl::ServeControl(boost::asio::io_context& io, std::vector<machine::Served*> machines, std::function<void()> catch_up)
    : input_{io}, machines_{std::move(machines)}, catch_up_{std::move(catch_up)} {}

std::string ServeControl::answer(const std::string& line) {
  std::string word, rest;
  std::tie(word, rest) = first_word(line);
  machine::Served* machine = machines_.size() == 1 ? machines_.front() : nullptr;
  for (machine::Served* each : machines_) {
    if (word != each->name()) continue;
    machine = each;
    std::tie(word, rest) = first_word(rest);
    break;
  }
  const auto& rows = control_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const ControlRow& each) { return word == each.verb; });
  if (row == rows.end()) return fmt::format("\"{}\" is no command; there are: {}", word, known_lines());
  if (!machine) return fmt::format("{}: which machine? Write its name before, such as {} {}", word, machines_.front()->name(), word);
  if (rest.empty() != (*row->argument == 0)) return fmt::format("{}: write {}", word, form_of(*row));
  try {
    catch_up_();
    return fmt::format("{}: {}", word, row->handler(*machine, rest));
  } catch (const ConfigError& error) {
    return fmt::format("{}: {}", word, error.what());
  }
}

/// A description of its own, as reading must not block here, and whoever else reads the same terminal must not find it so. In
/// the background of a shell a terminal has nothing to read; that must not stop the process.
void ServeControl::read_from(int descriptor) {
  std::signal(SIGTTIN, SIG_IGN);
  int own = ::open(fmt::format("/proc/self/fd/{}", descriptor).c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (own < 0) own = ::dup(descriptor);
  boost::system::error_code error;
  if (own >= 0) input_.assign(own, error);
  if (own >= 0 && !error) read_line();
}

void ServeControl::read_line() {
  constexpr std::size_t longest = 8192;
  boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(buffer_, longest), '\n', [this](const boost::system::error_code& error, std::size_t bytes) {
    if (error) return;  // the input has ended, or is none that can be waited for
    const std::string line = buffer_.substr(0, bytes - 1);
    buffer_.erase(0, bytes);
    if (!first_word(line).first.empty()) fmt::print("{}\n", answer(line));
    std::fflush(stdout);
    read_line();
  });
}

}  // namespace ahcisim::program
