// SPDX-License-Identifier: MIT
// What can be done to served machines while they run: lines on standard input, one row of a table each.
//
//     eject                 the button at the front of an optical drive
//     insert new.iso        another disc
//     status                tray, lock and disc
//     machine1 eject        … of the second machine, where several are served
//
// Every line is answered with one on standard output.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <ahcisim/models/machine/served.hpp>

namespace ahcisim::program {

/// A kind of line. To add one: a row in the table of serve_control.cpp.
struct ControlRow {
  const char* verb;
  const char* argument;  ///< what must follow, as the help shows it; empty: nothing
  const char* meaning;
  /// Returns the answer. Throws kit::ConfigError where it cannot be done.
  std::string (*handler)(machine::Served& machine, const std::string& argument);
};
const std::vector<ControlRow>& control_rows();

class ServeControl {
 public:
  /// `catch_up` is called before a line is done, so that simulated time is what it should be. All must outlive it.
  ServeControl(boost::asio::io_context& io, std::vector<machine::Served*> machines, std::function<void()> catch_up);

  /// Reads lines from a file descriptor, which stays the caller's, until it ends; then the machines are served on.
  void read_from(int descriptor);
  /// Does what a line says; returns the answer, in one line.
  std::string answer(const std::string& line);

 private:
  void read_line();
  boost::asio::posix::stream_descriptor input_;
  std::string buffer_;
  std::vector<machine::Served*> machines_;
  std::function<void()> catch_up_;
};

}  // namespace ahcisim::program
