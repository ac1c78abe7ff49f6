// SPDX-License-Identifier: MIT
// Drawing of the progress bar on standard error.
#include "progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ahcisim::program {
namespace {

std::string count_text(std::uint64_t n) {
  if (n < 10'000) return std::to_string(n);
  return n < 10'000'000 ? fmt::format("{:.0f} k", static_cast<double>(n) / 1e3) : fmt::format("{:.1f} M", static_cast<double>(n) / 1e6);
}

std::string seconds_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

unsigned columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

}  // namespace

ProgressBar::ProgressBar(std::vector<std::string> names)
    : names_{std::move(names)}, terminal_{isatty(STDERR_FILENO) == 1}, start_{std::chrono::steady_clock::now()}, last_{start_} {}

ProgressBar::~ProgressBar() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(const std::vector<const Progress*>& progress, const std::vector<int>& states) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds{100}) return;
  last_ = now;
  drawn_ = true;
  std::string text = line(progress, states);
  // Cut to the terminal's width by characters: a line that wraps could not be drawn over.
  std::size_t width = 0, end = 0;
  while (end < text.size() && width < columns() - 1) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    ++width;
  }
  text.resize(end);
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
}

std::string ProgressBar::line(const std::vector<const Progress*>& progress, const std::vector<int>& states) const {
  double done = 0;
  std::uint64_t requests = 0;
  std::string current;
  for (std::size_t i = 0; i < states.size(); ++i) {
    done += states[i] == Sweep::ended ? 1.0 : std::clamp(progress[i]->fraction.load(), 0.0, 1.0);
    requests += progress[i]->requests.load();
    if (states[i] == Sweep::running && current.empty())
      current = fmt::format("{:.3f} s simulated of {}", static_cast<double>(progress[i]->simulated_ps.load()) * 1e-12, names_[i]);
  }
  const double fraction = done / static_cast<double>(states.size());
  const double elapsed = std::chrono::duration<double>(last_ - start_).count();
  std::string bar;
  for (int cell = 0; cell < 20; ++cell) bar += cell < fraction * 20 ? "█" : "░";
  const std::string left = fraction > 0.02 ? seconds_text(elapsed * (1 - fraction) / fraction) + " left" : "";
  return fmt::format("{} {:3.0f} %  {} requests  {}  {}", bar, fraction * 100, count_text(requests), left, current);
}

}  // namespace ahcisim::program
