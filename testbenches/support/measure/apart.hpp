// SPDX-License-Identifier: MIT
// A measurement in a process of its own: SystemC elaborates once in a process, and a measurement wants a fresh heap.
#pragma once

#include <type_traits>
#include <vector>

namespace ahcisim::measure {

/// Runs a job in a child process; `job` writes what it found to `result`. Throws std::runtime_error with the child's last
/// words where it threw, was ended by a signal, or saw a SystemC warning.
void run_apart(void (*job)(void* context, void* result), void* context, void* result, std::size_t bytes);

/// Runs `function()` in a child process and returns what it returned there, a plain structure or number.
template <class F> auto apart(F&& function) {
  using Result = std::decay_t<decltype(function())>;
  static_assert(std::is_trivially_copyable_v<Result>, "what crosses from process to process is copied byte by byte");
  Result result{};
  run_apart([](void* context, void* to) { *static_cast<Result*>(to) = (*static_cast<std::remove_reference_t<F>*>(context))(); },
            &function, &result, sizeof result);
  return result;
}

}  // namespace ahcisim::measure
