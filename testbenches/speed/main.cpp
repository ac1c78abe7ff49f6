// SPDX-License-Identifier: MIT
// figures [NAME...]: takes the measurements asked for, each in a process of its own, and prints a line for each figure:
// name, measured, unit, target, source of the target, separated by tabs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <thread>

#include <fmt/format.h>
#include <sys/mman.h>
#include <systemc>

#include <ahcisim/models/kit/param.hpp>

#include "figure.hpp"
#include "sweep.hpp"

namespace {

using namespace ahcisim;
using figures::Figure;
using figures::Measurement;

constexpr std::size_t most_values = 32;

/// What the child processes write and the parent reads.
class Values {
 public:
  explicit Values(std::size_t measurements) {
    void* const memory = mmap(nullptr, measurements * most_values * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    values_ = static_cast<double*>(memory);
    std::fill(values_, values_ + measurements * most_values, std::numeric_limits<double>::quiet_NaN());
  }
  double* of(std::size_t measurement) { return values_ + measurement * most_values; }

 private:
  double* values_;
};

/// Whether `figure` is what `name` asks for: itself, or something below it.
bool asked(const std::string& figure, const std::string& name) {
  return figure == name || (figure.size() > name.size() && figure.compare(0, name.size(), name) == 0 && (figure[name.size()] == '.' || name.back() == '.'));
}

std::vector<Measurement> all_measurements() {
  std::vector<Measurement> all;
  figures::add_hdd_figures(all);
  figures::add_link_figures(all);
  figures::add_pata_figures(all);
  figures::add_ssd_figures(all);
  figures::add_protocol_figures(all);
  figures::add_speed_figures(all);
  return all;
}

/// Keeps what the names ask for. Throws ConfigError for a name that nothing has.
std::vector<Measurement> select(std::vector<Measurement> all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  std::vector<std::string> known;
  for (const Measurement& m : all)
    for (const Figure& figure : m.figures) known.push_back(figure.name);
  for (const std::string& name : names) {
    if (std::any_of(known.begin(), known.end(), [&](const std::string& figure) { return asked(figure, name); })) continue;
    std::vector<std::string> candidates = known;  // and what they begin with
    for (const std::string& figure : known)
      for (std::size_t dot = figure.find('.'); dot != std::string::npos; dot = figure.find('.', dot + 1)) candidates.push_back(figure.substr(0, dot));
    const std::string hint = kit::nearest(name, candidates);
    throw kit::ConfigError{fmt::format("no figure \"{}\"{}; `scripts/figures --list` names them all", name,
                                       hint.empty() ? "" : fmt::format("; did you mean \"{}\"?", hint))};
  }
  const auto wanted = [&](const Figure& figure) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return asked(figure.name, name); });
  };
  std::vector<Measurement> selected;
  for (Measurement& m : all)
    if (std::any_of(m.figures.begin(), m.figures.end(), wanted)) {
      for (Figure& figure : m.figures)
        if (!wanted(figure)) figure.name.clear();  // measured on the way, not asked for
      selected.push_back(std::move(m));
    }
  return selected;
}

void print(const Measurement& m, const double* values) {
  for (std::size_t i = 0; i < m.figures.size(); ++i) {
    const Figure& figure = m.figures[i];
    if (figure.name.empty() || std::isnan(values[i])) continue;
    fmt::print("{}\t{:.{}f}\t{}\t{}\t{}\n", figure.name, values[i], figure.decimals, figure.unit, figure.target, figure.source);
  }
  std::fflush(stdout);
}

/// Takes measurements, as many at once as allowed, and prints them in their order. False where one failed.
bool take(const std::vector<const Measurement*>& measurements, unsigned at_once) {
  if (measurements.empty()) return true;
  Values values{measurements.size()};
  program::Sweep sweep{measurements.size(), at_once};
  std::size_t printed = 0;
  bool failed = false;
  const auto job = [&](std::size_t index, program::Progress&) {
    const Measurement& m = *measurements[index];
    try {
      const std::vector<double> found = m.measure();
      std::copy(found.begin(), found.end(), values.of(index));
    } catch (const std::exception& error) {  // the others go on
      fmt::print(stderr, "figures: {}: {}\n", m.figures.front().name, error.what());
    }
    return 0;
  };
  sweep.run(job, [&](const auto&, const std::vector<int>& states) {
    for (; printed < states.size() && states[printed] == program::Sweep::ended; ++printed) {
      print(*measurements[printed], values.of(printed));
      failed = failed || std::isnan(values.of(printed)[0]);
    }
  });
  return !failed && printed == measurements.size();
}

int run(const std::vector<std::string>& names) {
  const std::vector<Measurement> selected = select(all_measurements(), names);
  std::vector<const Measurement*> together, alone;
  for (const Measurement& m : selected) {
    if (m.missing.empty())
      (m.alone ? alone : together).push_back(&m);
    else
      for (const Figure& figure : m.figures)
        if (!figure.name.empty()) fmt::print(stderr, "figures: {} left out: {}\n", figure.name, m.missing);
  }
  const bool accuracy = take(together, std::max(1u, std::thread::hardware_concurrency()));
  const bool speed = !program::interrupted() && take(alone, 1);
  if (program::interrupted()) return program::interrupted_status;
  return accuracy && speed ? 0 : 1;
}

int list() {
  for (const Measurement& m : all_measurements())
    for (const Figure& figure : m.figures) fmt::print("{}\t{}\t{}\t{}\n", figure.name, figure.unit, figure.target, figure.source);
  return 0;
}

}  // namespace

int sc_main(int, char**) { return 0; }  // measurements run in processes of their own

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  program::catch_interrupts();
  const std::vector<std::string> names{argv + 1, argv + argc};
  try {
    if (names.size() == 1 && names.front() == "--list") return list();
    return run(names);
  } catch (const kit::ConfigError& error) {
    fmt::print(stderr, "figures: {}\n", error.what());
    return 2;
  }
}
