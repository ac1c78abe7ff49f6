// SPDX-License-Identifier: MIT
// Findings as they come in.
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::kit {

void Diagnostics::report(const std::string& place, const std::string& rule, Duration when) {
  Finding& finding = findings_[{place, rule}];
  if (finding.count++ == 0) finding = {place, rule, when, 1};
}

}  // namespace ahcisim::kit
