// SPDX-License-Identifier: MIT
// Writing of a value change dump: one signal for each state probe, and a busy bit for each track.
#include "vcd.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace {

/// The n-th identifier code: printable characters ! to ~ (IEEE 1364, 18.2.1).
std::string code_of(std::size_t n) {
  std::string code;
  do {
    code += static_cast<char>('!' + n % 94);
    n /= 94;
  } while (n > 0);
  return code;
}

std::string value_text(std::uint64_t value, unsigned bits, const std::string& code) {
  if (bits == 1) return fmt::format("{}{}\n", value & 1, code);
  return fmt::format("b{:b} {}\n", bits < 64 ? value & ((std::uint64_t{1} << bits) - 1) : value, code);
}

std::ofstream open(const std::string& file) {
  std::ofstream out{file};
  if (!out) throw kit::ConfigError{file + ": cannot be written; choose another folder with --results"};
  return out;
}

std::string identifier(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

/// A scope with the variables and scopes inside it, by name.
struct Scope {
  std::map<std::string, Scope> scopes;
  std::map<std::string, std::string> variables;  // declarations

  void add(const std::string& name, unsigned bits, const std::string& code) {
    Scope* scope = this;
    std::string rest = name;
    for (std::size_t dot; (dot = rest.find('.')) != std::string::npos; rest.erase(0, dot + 1)) scope = &scope->scopes[rest.substr(0, dot)];
    scope->variables[rest] = bits == 1 ? fmt::format("$var wire 1 {} {} $end\n", code, rest)
                                       : fmt::format("$var wire {0} {1} {2} [{3}:0] $end\n", bits, code, rest, bits - 1);
  }
  std::string text() const {
    std::string all;
    for (const auto& [name, declaration] : variables) all += declaration;
    for (const auto& [name, scope] : scopes) all += fmt::format("$scope module {} $end\n{}$upscope $end\n", name, scope.text());
    return all;
  }
};

}  // namespace

std::vector<VcdWriter::Signal> VcdWriter::signals() const {
  std::vector<Signal> all;
  for (const kit::StateProbe* probe : registry_.states()) all.push_back({probe, identifier(probe->name()), code_of(all.size()), probe->bits()});
  for (const kit::Track* track : registry_.tracks()) all.push_back({track, identifier(track->name()) + ".busy", code_of(all.size()), 8});
  return all;
}

void VcdWriter::add_busy_signals() {
  // The number of spans open at a time: overlapping ones are worth seeing.
  std::map<const kit::Track*, std::map<std::int64_t, int>> steps;
  for (const Busy& busy : busy_) {
    ++steps[busy.track][busy.begin];
    --steps[busy.track][busy.end];
  }
  for (const auto& [track, at] : steps) {
    int open_spans = 0;
    for (const auto& [when, step] : at) {
      open_spans += step;
      changes_.push_back({when, track, static_cast<std::uint64_t>(open_spans)});
    }
  }
  busy_.clear();
}

/// What the signals of blocks that did nothing begin with: ports without a disk, in particular. The view leaves them out.
std::vector<std::string> VcdWriter::idle_blocks() const {
  std::set<const void*> busy;
  for (const Change& change : changes_)
    if (change.value != 0) busy.insert(change.signal);
  std::vector<std::string> idle;
  for (const kit::Track* track : registry_.tracks())
    if (!busy.count(track)) idle.push_back(identifier(track->name()) + ".");
  return idle;
}

void VcdWriter::write(const std::string& base) {
  add_busy_signals();
  const std::vector<std::string> idle = idle_blocks();
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  const std::vector<Signal> all = signals();
  std::map<const void*, const Signal*> by_key;
  std::ofstream out = open(base + ".vcd");
  out << "$version ahcisim $end\n$timescale 1ps $end\n";
  Scope top;
  for (const Signal& signal : all) {
    by_key[signal.key] = &signal;
    top.add(signal.name, signal.bits, signal.code);
  }
  out << top.text() << "$enddefinitions $end\n#0\n$dumpvars\n";
  for (const Signal& signal : all) out << value_text(0, signal.bits, signal.code);
  out << "$end\n";
  std::int64_t at = 0;
  for (const Change& change : changes_) {
    const Signal& signal = *by_key.at(change.signal);
    if (change.at != at) out << fmt::format("#{}\n", at = change.at);
    out << value_text(change.value, signal.bits, signal.code);
  }
  std::ofstream view = open(base + ".gtkw");
  view << "[*] ahcisim\n[dumpfile] \"" << base.substr(base.rfind('/') + 1) << ".vcd\"\n[timestart] 0\n";
  for (const Signal& signal : all) {
    const auto begins = [&](const std::string& block) { return signal.name.compare(0, block.size(), block) == 0; };
    if (std::any_of(idle.begin(), idle.end(), begins)) continue;
    view << "@" << (signal.bits == 1 ? "28" : "24") << "\n" << signal.name << (signal.bits == 1 ? "" : fmt::format("[{}:0]", signal.bits - 1)) << "\n";
  }
  changes_.clear();
  if (!out.flush() || !view.flush()) throw kit::ConfigError{base + ".vcd: the disk is full or went away while it was written"};
}

}  // namespace ahcisim::program
