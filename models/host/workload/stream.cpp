// SPDX-License-Identifier: MIT
// A stream in one line.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/stream.hpp>

namespace ahcisim::host {

std::string Stream::describe() const {
  std::string text = source ? source->describe() : "no source";
  if (loop == Loop::closed)
    text += fmt::format(", iodepth={}", depth);
  else
    text += depth == 0 ? std::string{", at recorded times"}
                       : fmt::format(", at recorded times, iodepth<={}", depth);
  static constexpr const char* directions[] = {"reads", "writes", "trims"};
  for (unsigned i = 0; i < 3; ++i) {
    if (byte_rate[i] > 0)
      text += fmt::format(", {} at most {}", directions[i], kit::to_text(kit::Rate{byte_rate[i]}));
    if (request_rate[i] > 0) text += fmt::format(", {} at most {:g}/s", directions[i], request_rate[i]);
  }
  if (runtime != kit::Duration::never()) text += fmt::format(", runtime={}", kit::to_text(runtime));
  return text;
}

}  // namespace ahcisim::host
