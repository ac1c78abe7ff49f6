// SPDX-License-Identifier: MIT
// A machine from the installed package: a Linux-like driver brings the default drive up and tells its size.
#include <cstdio>

#include <ahcisim/models/machine/bare_metal.hpp>

int sc_main(int, char**) {
  ahcisim::kit::Context context;
  const ahcisim::machine::Parameters parameters;
  ahcisim::machine::BareMetal machine{context, parameters};
  sc_core::sc_start();
  std::printf("%llu sectors\n", static_cast<unsigned long long>(machine.driver.capacity()));
  return machine.driver.is_ready() ? 0 : 1;
}
